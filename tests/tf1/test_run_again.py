"""What a session runs again is computed again, or refused: never an old value."""

import gc
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1
from scopejax.tf1._words import recipes

pytestmark = pytest.mark.usefixtures("graph")


@pytest.fixture
def sess():
    """A session of the current graph."""
    with tf1.Session() as sess:
        yield sess


# What is known is computed again; the numbers are TensorFlow's.

KNOWN = {
    "operator": lambda v, w: tf1.assign(v, v + 1),
    "reflected": lambda v, w: tf1.assign(v, 1 + v),
    "two": lambda v, w: tf1.assign(v, v + w),
    "function": lambda v, w: tf1.assign(v, lambda: jnp.add(v, 1)),
    "variable": lambda v, w: v.assign_add(w),
    "function added": lambda v, w: v.assign_add(lambda: jnp.sum(w)),
    "operator added": lambda v, w: v.assign_sub(-w),
    "constant added": lambda v, w: tf1.assign_add(v, tf1.constant(1.0)),
    "group": lambda v, w: tf1.group(v.assign(v + w), tf1.no_op()),
    "op": lambda v, w: v.assign(v + w).op,
}
ALONE = {"operator", "reflected", "function", "constant added"}
"""Those that do not depend on another variable."""


@pytest.mark.smoke
@pytest.mark.parametrize("kind", KNOWN)
def test_a_counter_counts(kind, sess):
    """An assignment computed from variables: 0, 1, 2, 3, as in TF1."""
    v, w = tf1.Variable(0.0), tf1.Variable(1.0)
    update = KNOWN[kind](v, w)
    sess.run(tf1.global_variables_initializer())
    seen = [float(sess.run(v))]
    for _ in range(3):
        sess.run(update)
        seen.append(float(sess.run(v)))
    assert seen == [0.0, 1.0, 2.0, 3.0]
    sess.run(w.assign(10.0))
    sess.run(update)
    assert float(v) == (4.0 if kind in ALONE else 13.0)


def test_a_soft_update_follows(sess):
    """A target network: a tenth of the way to the weights at each run."""
    w, target = tf1.Variable([10.0, 20.0]), tf1.Variable([0.0, 0.0])
    update = tf1.assign(target, lambda: 0.9 * target + 0.1 * w)
    sess.run(tf1.global_variables_initializer())
    expected = np.zeros(2)
    for step in range(4):
        sess.run(w.assign([10.0 + step, 20.0]))
        sess.run(update)
        expected = 0.9 * expected + 0.1 * np.array([10.0 + step, 20.0])
        np.testing.assert_allclose(sess.run(target), expected, rtol=1e-6)


def test_an_assignment_of_an_assignment_runs_both(sess):
    """Running the outer one runs the inner one first, once in each run."""
    v, w = tf1.Variable(0.0), tf1.Variable(0.0)
    inner = v.assign_add(1.0)
    outer = w.assign(inner)
    sess.run(tf1.global_variables_initializer())
    for expected in (1.0, 2.0):
        assert sess.run([outer, inner, outer]) == [expected] * 3
        assert (float(v), float(w)) == (expected, expected)


def test_each_op_runs_once_in_a_run(sess):
    """As in TF1, however often it is among the fetches."""
    n = tf1.Variable(0)
    update = tf1.assign(n, n + 1)
    sess.run(tf1.global_variables_initializer())
    assert sess.run([update, update, update.op]) == [1, 1, None]
    assert int(n) == 1


def test_what_operators_gave_is_fetched_anew(sess):
    """Also operators of what operators gave, where a variable takes part."""
    v = tf1.Variable(2.0)
    square, more = v * v, v + (v * 2) * 1
    sess.run(tf1.global_variables_initializer())
    assert sess.run([square, -v, v + 1.0]) == [4.0, -2.0, 3.0]
    sess.run(v.assign(3.0))
    assert sess.run(square) == 9.0
    assert sess.run(lambda: jnp.sum(v)) == 3.0
    del more


# What is not known is refused once it could be old.


def by_assign(v, array):
    """An assignment."""
    return v.assign(array)


def by_add(v, array):
    """An addition."""
    return v.assign_add(array)


def by_group(v, array):
    """A group of an assignment."""
    return tf1.group([v.assign(array)])


@pytest.mark.parametrize("how", [by_assign, by_add, by_group])
def test_an_array_is_not_assigned_when_it_may_be_old(how, sess):
    """The error names the variable, both lines and the way: pass a function."""
    v = tf1.Variable(1.0, name="v")
    update = how(v, jnp.add(v, 1.0))
    sess.run(tf1.global_variables_initializer())
    sess.run(update)
    match = "v is assigned again, but variables have changed since the array"
    with pytest.raises(ValueError, match=match) as caught:
        sess.run(update)
    note = caught.value.__notes__[0]
    assert note.count("test_run_again.py:") == 3  # one is in a function
    assert "Pass a function" in note


def test_a_first_run_may_be_late(sess):
    """A value from before training is refused at its first run after it, too."""
    w, target = tf1.Variable(1.0), tf1.Variable(0.0)
    update = target.assign(jnp.multiply(w, 2))
    sess.run(tf1.global_variables_initializer())
    sess.run(w.assign(5.0))
    with pytest.raises(ValueError, match="is assigned again"):
        sess.run(update)


def test_what_is_right_is_not_refused(sess):
    """The same values as then, constants, and what is built and run in one line."""
    v, w = tf1.Variable(1.0), tf1.Variable(2.0)
    init = tf1.global_variables_initializer()
    update = v.assign(jnp.add(w, 1))
    for _ in range(3):  # from the values that it was computed from
        sess.run(init)
        assert sess.run(update) == 3.0
    for value in (np.float32(7.0), 7.0, tf1.constant(7.0), lambda: jnp.float32(7)):
        reset = v.assign(value)
        for _ in range(2):
            sess.run(w.assign_add(1.0))
            assert sess.run(reset) == 7.0
    for n in range(3):  # new at each turn
        sess.run([v.assign(jnp.float32(n)), w.assign(jnp.add(w, 1))])
        assert float(v) == n
    assert v.assign(jnp.add(v, 1)).run() == 3.0


def test_an_array_is_not_fetched_when_it_may_be_old(sess):
    """The second time, if variables have changed; a function is the way."""
    v = tf1.Variable([1.0, 2.0])
    total = jnp.sum(v)
    sess.run(tf1.global_variables_initializer())
    assert sess.run([total, total]) == [3.0, 3.0]
    sess.run(v.assign([5.0, 5.0]))
    with pytest.raises(ValueError, match=r"of shape \(\) is fetched again") as caught:
        sess.run({"total": total})
    assert "Fetch a function" in caught.value.__notes__[0]
    assert sess.run(lambda: jnp.sum(v)) == 10.0
    sess.run(v.initializer)
    assert sess.run(total) == 3.0


@pytest.mark.parametrize("change", ["load", "graph"])
def test_values_from_outside_count_as_changes(change, graph, sess):
    """`load` of a variable or of the graph makes older arrays old."""
    v, w = tf1.Variable(1.0, name="v"), tf1.Variable(0.0, name="w")
    update = w.assign(jnp.add(v, 1.0))
    if change == "load":
        v.load(3.0)
    else:
        graph.load({"v": np.float32(3.0), "w": np.float32(0.0)})
    with pytest.raises(ValueError, match="w is assigned again"):
        sess.run(update)


# A partitioned variable


def test_a_partitioned_variable_is_assigned_again(sess):
    """Its shards take their part of a function, a variable and a NumPy array."""
    v = tf1.get_variable(
        "v",
        initializer=tf1.zeros_initializer(),
        shape=[4],
        partitioner=tf1.fixed_size_partitioner(2),
    )
    w = tf1.Variable([1.0, 2.0, 3.0, 4.0])
    updates = [v.assign_add(w), v.assign_add(np.ones(4, "f4"))]
    by_function = v.assign(lambda: jnp.multiply(w, 10))
    sess.run(tf1.global_variables_initializer())
    for expected in ([2, 3, 4, 5], [4, 6, 8, 10]):
        sess.run(updates)
        assert v.value().tolist() == expected
    sess.run(w.assign([0.0, 0.0, 0.0, 1.0]))
    sess.run(by_function)
    assert v.value().tolist() == [0, 0, 0, 10]


# What is remembered


def test_a_variables_array_is_its_own(sess):
    """How a value was computed is not how the variable that has it is read."""
    v, t = tf1.Variable(1.0), tf1.Variable(0.0)
    following = v + 1
    v.assign(following)
    copy = t.assign(v.value())
    sess.run(tf1.global_variables_initializer())
    with pytest.raises(ValueError, match="is assigned again"):
        sess.run(copy)
    assert sess.run(following) == 2.0


def test_nothing_is_remembered_longer_than_its_array(key):
    """Nor anything of a model, whose graph goes when it has run."""
    gc.collect()
    before = len(recipes._KNOWN)
    v = tf1.Variable(jnp.ones(3))
    kept = v + 1
    assert len(recipes._KNOWN) == before + 1
    v.assign(v * 2)
    del kept
    assert len(recipes._KNOWN) == before
    net = tf1.transform(lambda: tf1.get_variable("w", [2]) * 2)
    out = net.apply(net.init(key))
    assert len(recipes._KNOWN) == before
    jax.block_until_ready(out)
    array = jnp.ones(2)
    recipes.remember(array, lambda x: x, array)  # an operand that comes back
    assert recipes.recipe_of(array) is None


def test_values_that_the_program_made_without_variables_are_constants(sess):
    """Arrays of JAX restore weights however often: no variable was read for them."""
    names = ["a", "b", "c"]
    found = [tf1.get_variable(name, [2]) for name in names]
    loaded = [jnp.full(2, float(i)) for i in range(3)]
    restore = [v.assign(x) for v, x in zip(found, loaded, strict=True)]
    sess.run(tf1.global_variables_initializer())
    for _ in range(2):
        sess.run(restore)
        assert [v.tolist() for v in sess.run(found)] == [[0, 0], [1, 1], [2, 2]]
        sess.run([v.assign_add(np.ones(2, "f4")) for v in found])


def test_an_array_is_old_by_what_was_read_last(sess):
    """A change of what nobody has read does not matter, and a read one does."""
    v, w, t = (tf1.Variable(1.0, name=name) for name in "vwt")
    update = t.assign(jnp.multiply(v, 3))
    sess.run(tf1.global_variables_initializer())
    sess.run(w.assign(5.0))
    assert sess.run(update) == 3.0
    sess.run(v.assign(5.0))
    with pytest.raises(ValueError, match="t is assigned again"):
        sess.run(update)


class Pair(NamedTuple):
    """A nest with names."""

    one: object
    two: object


def test_a_computation_takes_nests(sess):
    """What an op is called with may be nests, which keep their kinds."""
    v = tf1.Variable(1.0)
    nest = {"a": [v, 2.0], "b": Pair(v, (3.0,))}

    def total(nest):
        assert isinstance(nest["b"], Pair)
        return jnp.asarray(sum(nest["a"]) + nest["b"].one + nest["b"].two[0])

    array = total({"a": [v.value(), 2.0], "b": Pair(v.value(), (3.0,))})
    recipes.remember(array, total, nest)
    sess.run(v.assign(10.0))
    assert sess.run(array) == 25.0
    other = jnp.ones([])
    recipes.remember(other, total, {"a": [jnp.ones([])]})
    assert recipes.is_known(array)
    assert not recipes.is_known(other)
