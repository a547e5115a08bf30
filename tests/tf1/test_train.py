"""The global step and moving averages."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj
from scopejax import tf1

from ..helpers.closeness import assert_close

pytestmark = pytest.mark.usefixtures("graph")


Average = tf1.train.ExponentialMovingAverage

# The global step


@pytest.mark.smoke
def test_the_global_step_is_one(graph):
    """It is made once, as an integer that starts at 0 and is not trained."""
    assert tf1.train.get_global_step() is None
    step = tf1.train.get_or_create_global_step()
    assert tf1.train.get_or_create_global_step() is step
    assert tf1.train.get_global_step() is step
    assert tf1.train.get_global_step(graph) is step
    assert (step.name, step.shape, int(step)) == ("global_step:0", (), 0)
    assert step.trainable is False
    assert step.aggregation is tf1.VariableAggregation.ONLY_FIRST_REPLICA
    assert tf1.get_collection(tf1.GraphKeys.GLOBAL_STEP) == [step]
    assert tf1.global_variables() == [step]
    assert not tf1.trainable_variables()
    with pytest.raises(ValueError, match='"global_step" already exists'):
        tf1.train.create_global_step()


@pytest.mark.parametrize(("wide", "dtype"), [(False, "int32"), (True, "int64")])
def test_the_global_step_is_as_wide_as_integers_are(wide, dtype):
    """It has 64 bits where JAX has them, as TF1's, and 32 elsewhere."""
    with jax.enable_x64(wide):
        assert tf1.train.create_global_step().dtype == dtype


def test_the_global_step_of_another_graph(graph):
    """A graph that is given is where the step is made and found."""
    other = tf1.Graph()
    step = tf1.train.create_global_step(other)
    assert tf1.train.get_global_step(other) is step
    assert tf1.train.get_or_create_global_step(other) is step
    assert tf1.train.get_global_step() is None
    assert not graph.placed


def test_the_global_step_goes_by_its_scope():
    """As any variable of get_variable it has the current scope's name."""
    with tf1.variable_scope("s"):
        assert tf1.train.create_global_step().name == "s/global_step:0"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.5], "does not have integer type: <dtype: 'float32'>"),
        ([[1]], r"is not scalar: \(1,\)"),
        ([1, 2], "Multiple tensors in global_step collection"),
    ],
)
def test_what_is_no_global_step(values, message):
    """What stands in the collection has to be one whole number."""
    for value in values:
        tf1.Variable(value, collections=[tf1.GraphKeys.GLOBAL_STEP])
    with pytest.raises(TypeError, match=message):
        tf1.train.get_global_step()


@pytest.mark.parametrize("make", [tf1.Variable, tf1.get_variable])
@pytest.mark.parametrize("where", ["graph", "model"])
def test_a_step_made_by_hand_is_found_by_its_name(make, where, key):
    """As in TF1, `global_step` at the root is the step, in the collection or not."""

    def model():
        with tf1.variable_scope("other"):
            tf1.get_variable("global_step", [], dtype=tf1.int32, trainable=False)
        assert tf1.train.get_global_step() is None
        named = {"initial_value": 0} if make is tf1.Variable else {"initializer": 0}
        step = make(name="global_step", trainable=False, **named)
        assert tf1.train.get_global_step() is step
        assert tf1.train.get_or_create_global_step() is step
        with pytest.raises(ValueError, match='"global_step" already exists'):
            tf1.train.create_global_step()
        return step.assign_add(1)

    if where == "graph":
        assert int(model()) == 1
    else:
        net = tf1.transform_with_state(model)
        assert int(net.apply(*net.init(key))[0]) == 1


def test_a_step_made_by_hand_has_to_be_one():
    """What is called so and is no whole number is TF1's error."""
    tf1.Variable(0.5, name="global_step")
    with pytest.raises(TypeError, match="does not have integer type"):
        tf1.train.get_or_create_global_step()


def test_the_global_step_counts_in_a_model(key):
    """As state of a model it counts the applications."""

    def model():
        return tf1.train.get_or_create_global_step().assign_add(1)

    net = tf1.transform_with_state(model)
    params, state = net.init(key)
    assert (params, state) == ({}, {"global_step": 0})
    apply = jax.jit(net.apply)
    for expected in (1, 2, 3):
        out, state = apply(params, state)
        assert (int(out), int(state["global_step"])) == (expected, expected)


# Moving averages


def variables():
    """A variable in a scope and one of tf.Variable, both averaged, and one not."""
    with tf1.variable_scope("a"):
        v = tf1.get_variable("v", [2], initializer=tf1.ones_initializer())
    return v, tf1.Variable(3.0, name="w"), tf1.Variable(0.0, False, name="frozen")


@pytest.mark.parametrize("name", [None, "EMA"])
def test_names_of_averages(name):
    """Shadows are named below their variables, and promised names are kept."""
    v, w, _ = variables()
    average = Average(0.9) if name is None else Average(0.9, name=name)
    last = name or "ExponentialMovingAverage"
    assert average.name == last
    promised = [average.average_name(x) for x in (v, w)]
    assert average.average(v) is None
    average.apply([v, w])
    assert promised == [f"a/v/{last}", f"w/{last}"]
    assert [average.average(x).op.name for x in (v, w)] == promised
    assert [average.average_name(x) for x in (v, w)] == promised


def test_where_averages_stand():
    """Shadows are global and not trained; their variables have a collection."""
    v, w, frozen = variables()
    average = Average(0.9)
    average.apply()  # of all that is trainable
    shadows = [average.average(x) for x in (v, w)]
    assert average.average(frozen) is None
    assert tf1.moving_average_variables() == [v, w]
    assert tf1.train.moving_average_variables("a/") == [v]
    assert tf1.global_variables() == [v, w, frozen, *shadows]
    assert tf1.trainable_variables() == [v, w]
    assert [(s.shape, s.dtype) for s in shadows] == [(x.shape, x.dtype) for x in (v, w)]


def test_variables_to_restore():
    """Averaged variables go by their shadows' names, the others by their own."""
    v, w, frozen = variables()
    average = Average(0.9)
    before = average.variables_to_restore()
    average.apply([v])
    expected = {
        "a/v/ExponentialMovingAverage": v,
        "w/ExponentialMovingAverage": w,
        "frozen": frozen,
    }
    assert before == average.variables_to_restore() == expected
    assert average.variables_to_restore([v]) == {
        "a/v/ExponentialMovingAverage": v,
        "w": w,
        "frozen": frozen,
    }


def test_whole_numbers_have_no_average():
    """Only floating variables are averaged."""
    with pytest.raises(TypeError, match="must be half, float, or double: n:0"):
        Average(0.9).apply([tf1.Variable(1, name="n")])


def test_apply_twice():
    """The second application makes no new shadow, and updates once more."""
    v, *_ = variables()
    average = Average(0.5)
    average.apply([v])
    shadow = average.average(v)
    v.assign([5.0, 5.0])
    average.apply([v])
    assert average.average(v) is shadow
    assert shadow.numpy().tolist() == [3.0, 3.0]
    assert tf1.moving_average_variables() == [v]
    other = Average(0.5)
    other.apply([v])
    assert other.average(v) is not shadow
    assert other.average(v).op.name == "a/v/ExponentialMovingAverage_1"


def test_the_update_is_an_op():
    """A session runs the update again."""
    w = tf1.Variable(0.0, name="w")
    average = Average(0.75)
    update = average.apply([w])
    w.assign(16.0)
    with tf1.Session() as sess:
        assert sess.run(update) is None
    assert float(average.average(w)) == 4.0


@given(
    decay=st.sampled_from([0.0, 0.5, 0.9, 0.999]),
    step=st.sampled_from([None, 0, 1, 10, 10_000]),
    values=st.lists(
        st.floats(-10, 10, width=16, allow_subnormal=False), min_size=1, max_size=4
    ),
    dtype=st.sampled_from(["float32", "bfloat16"]),
)
def test_the_arithmetic(decay, step, values, dtype):
    """A shadow moves by 1 - decay of the difference; a step limits the decay."""
    kept = decay if step is None else min(decay, (1 + step) / (10 + step))
    with tf1.Graph().as_default():
        v = tf1.Variable(values[0], dtype=dtype)
        average = Average(decay, num_updates=step)
        average.apply([v])
        expected = float(v)
        for value in values:
            v.assign(jnp.asarray(value, dtype))
            average.apply([v])
            expected = kept * expected + (1 - kept) * float(v)
        scale = max(1.0, *map(abs, values))
        ulps = 64 if dtype == "float32" else 4
        assert_close(average.average(v).value(), expected, ulps=ulps, scale=scale)


@pytest.mark.parametrize("limited", [False, True])
def test_averages_in_a_model(limited, key):
    """Steps of a jitted training loop keep the averages that NumPy computes.

    In the nested dict a scope beside the variable of its name has a colon.
    """

    def model(x):
        with tf1.variable_scope("head"):
            w = tf1.get_variable("w", [3])
        step = tf1.train.get_or_create_global_step()
        average = Average(0.9, step if limited else None)
        average.apply([w])
        step.assign_add(1)
        return jnp.sum((w * x) ** 2), average.average(w)

    net = tf1.transform_with_state(model)
    x = jnp.arange(1.0, 4.0)
    params, state = net.init(key, x)
    assert list(sj.to_flat(params)) == ["head/w"]
    assert set(sj.to_flat(state)) == {"global_step", "head/w:/ExponentialMovingAverage"}

    @jax.jit
    def train(params, state):
        def loss(params):
            (loss, average), new = net.apply(params, state, x)
            return loss, (average, new)

        gradients, (average, new) = jax.grad(loss, has_aux=True)(params)
        moved = jax.tree.map(lambda p, g: p - 0.01 * g, params, gradients)
        return moved, new, average

    w = np.asarray(params["head"]["w"], np.float64)
    expected = w.copy()
    for n in range(5):
        kept = min(0.9, (1 + n) / (10 + n)) if limited else 0.9
        expected = kept * expected + (1 - kept) * w
        w = w - 0.02 * w * np.asarray(x, np.float64) ** 2
        params, state, average = train(params, state)
        assert_close(average, expected)
        assert_close(params["head"]["w"], w)
    assert int(state["global_step"]) == 5
