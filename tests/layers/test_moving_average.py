"""Exponential moving averages: their weights, their state, their dtypes."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj
from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import KEY, array


def average(scope, value, decay, **kw):
    """The layer at `ema`."""
    return layers.exponential_moving_average(scope / "ema", value, decay, **kw)


NET = sj.transform_with_state(average)
VALUES = array(6, 2, 3) + 1


def run(values, decays, **kw):
    """The averages after each of the values, and the state after the last."""
    decays = np.broadcast_to(np.float32(decays), len(values))
    _, state = NET.init(KEY, values[0], 0.5, **kw)

    def step(state, pair):
        out, state = NET.apply({}, state, *pair, **kw)
        return state, out

    state, outs = jax.jit(lambda *xs: jax.lax.scan(step, state, xs))(values, decays)
    return outs, state


def weights(decays):
    """How much each value counts after the last step: `(steps,)`, in doubles."""
    decays = np.asarray(decays, np.float64)
    left = np.cumprod(np.append(decays[1:], 1.0)[::-1])[::-1]
    return (1 - decays) * left


# The average

DECAYS = {
    "short": np.full(6, 0.5),
    "long": np.full(6, 0.999),
    "none": np.zeros(6),
    "changing": np.array([0.0, 0.5, 0.9, 0.1, 1.0, 0.7]),
}


@pytest.mark.smoke
@pytest.mark.parametrize("decays", DECAYS.values(), ids=DECAYS)
@pytest.mark.parametrize("debias", [True, False])
def test_each_value_counts_by_its_weight(decays, debias):
    """Debiased the weights are those of the values alone: they add up to 1."""
    outs, state = run(VALUES, decays, debias=debias)
    for steps in range(1, len(VALUES) + 1):
        weight = weights(np.float32(decays[:steps]))
        expected = np.tensordot(weight, np.float64(VALUES[:steps]), 1)
        assert_close(outs[steps - 1], expected / (weight.sum() if debias else 1.0))
    assert_close(state["ema"]["average"], expected)
    if debias:
        assert_close(state["ema"]["weight"], weight.sum())


@given(
    values=st.lists(
        st.floats(-1e3, 1e3, width=32, allow_subnormal=False), min_size=1, max_size=5
    ),
    decay=st.floats(0, 0.9999),
)
def test_a_debiased_average_lies_among_its_values(values, decay):
    """It is never outside of what was averaged, and at first it is the value."""
    outs, _ = run(np.float32(values), decay)
    assert_close(outs[0], values[0])
    slack = 1e-5 * np.abs(values).max()
    assert min(values) - slack <= outs.min()
    assert outs.max() <= max(values) + slack


@pytest.mark.parametrize("decay", [0.0, 0.9, 0.9999, 0.999999])
def test_the_average_of_a_constant_is_the_constant(decay):
    """From the first step on, and it does not drift."""
    outs, _ = run(np.full((500, 2), 3.7, np.float32), decay)
    assert_close(outs, np.full((500, 2), 3.7), ulps=128)


@pytest.mark.parametrize(
    ("decay", "number"),
    [(np.float64(0.9), 0.9), (jnp.float32(0.9), 0.9), (jnp.bfloat16(0.75), 0.75)],
)
def test_python_and_traced_decays_are_the_same(decay, number):
    """A decay is a number or an array, of any floating dtype."""
    _, state = run(VALUES, 0.5)
    expected = NET.apply({}, state, VALUES[0], number)
    chex.assert_trees_all_equal(NET.apply({}, state, VALUES[0], decay), expected)
    traced = jax.jit(NET.apply)({}, state, VALUES[0], decay)
    assert_close(traced, expected, ulps=8)


# State


@pytest.mark.parametrize("debias", [True, False])
@pytest.mark.parametrize("is_training", [True, False])
def test_what_is_kept(debias, is_training):
    """Only state is made: zeros of the value's shape, and their weight if debiased."""
    kw = {"debias": debias, "is_training": is_training}
    params, state = NET.init(KEY, VALUES[0], 0.9, **kw)
    assert params == {}
    shapes = {"average": (2, 3), "weight": ()} if debias else {"average": (2, 3)}
    assert {name: leaf.shape for name, leaf in state["ema"].items()} == shapes
    assert not any(leaf.any() for leaf in state["ema"].values())
    for spec in NET.manifest(VALUES[0], 0.9, **kw).values():
        assert (spec.trainable, spec.collections) == (False, ("variables",))


def test_regularizers_leave_the_state_alone():
    """The scope's regularizer does not act on averages."""
    net = sj.transform(
        lambda s: average(
            s.with_options(regularizer=jnp.sum), 1.0, 0.9, is_training=False
        )
    )
    assert net.manifest().regularization_loss({}) == 0.0


@pytest.mark.parametrize("debias", [True, False])
def test_evaluation_returns_what_is_stored(debias):
    """Not training, the average is that of the last step, and nothing is written."""
    outs, state = run(VALUES, 0.9, debias=debias)
    kw = {"debias": debias, "is_training": False}
    out, after = NET.apply({}, state, jnp.full((2, 3), jnp.nan), 0.9, **kw)
    assert_close(out, outs[-1])
    chex.assert_trees_all_equal(after, state)


@pytest.mark.parametrize("debias", [True, False])
@pytest.mark.parametrize("decay", [0.9, 1.0])
def test_before_the_first_value_there_are_zeros(debias, decay):
    """Nothing is divided by zero: not at first, and not where nothing ever counts."""
    kw = {"debias": debias}
    _, state = NET.init(KEY, VALUES[0], decay, **kw)
    out, _ = NET.apply({}, state, VALUES[0], decay, is_training=False, **kw)
    np.testing.assert_array_equal(out, np.zeros((2, 3)))
    outs, _ = run(VALUES, 1.0, **kw)
    np.testing.assert_array_equal(outs, np.zeros((6, 2, 3)))


def test_a_stored_average_may_be_read_without_state():
    """What only reads may be of `transform`."""
    outs, state = run(VALUES, 0.9)
    net = sj.transform(functools.partial(average, is_training=False))
    chex.assert_trees_all_equal_shapes_and_dtypes(net.init(KEY, VALUES[0], 0.9), state)
    assert_close(net.apply(state, VALUES[0], 0.9), outs[-1])


def test_a_scan_over_a_stack_has_an_average_for_each_item():
    """Under jit and grad each layer of a stack follows its own values."""

    def layer(x, scope):
        x = layers.dense(scope, x, 3)
        return x, average(scope, jnp.mean(x), 0.9)

    def model(scope, x):
        x, averages = jax.lax.scan(layer, x, (scope / "layers").stack(4))
        return jnp.sum(x**2) + jnp.sum(averages), averages

    net = sj.transform_with_state(model)
    x = jnp.asarray(VALUES[0])
    params, state = net.init(KEY, x)

    def loss(params, state):
        (value, averages), state = net.apply(params, state, x)
        return value, (averages, state)

    train = jax.jit(jax.value_and_grad(loss, has_aux=True))
    (_, (averages, after)), grads = train(params, state)
    item, expected = np.asarray(x), []
    for i in range(4):
        p = jax.tree.map(lambda leaf, i=i: np.asarray(leaf[i]), params["layers"])
        item = item @ p["kernel"] + p["bias"]
        expected.append(item.mean())
    assert_close(averages, np.stack(expected))
    chex.assert_trees_all_equal_shapes_and_dtypes(after, state)
    assert not any(leaf.weak_type for leaf in jax.tree.leaves(after))
    _, (again, _) = train(params, after)[0]
    assert_close(again, averages)
    assert all(leaf.any() for leaf in jax.tree.leaves(grads))


@pytest.mark.parametrize("is_training", [True, False])
def test_no_gradient_flows_through_an_average(is_training):
    """It is a constant, also of the value that has just gone in."""
    _, state = run(VALUES, 0.9)

    def loss(value):
        out, _ = NET.apply({}, state, value, 0.9, is_training=is_training)
        return jnp.sum(out * value)

    value = jnp.asarray(VALUES[0])
    out, _ = NET.apply({}, state, value, 0.9, is_training=is_training)
    np.testing.assert_array_equal(jax.grad(loss)(value), out)


# Dtypes


@pytest.mark.parametrize(
    ("value", "stored", "returned"),
    [
        (np.ones((), "float32"), "float32", "float32"),
        (jnp.ones((), "bfloat16"), "float32", "bfloat16"),
        (np.ones((), "float16"), "float32", "float16"),
        (np.ones((), "int32"), "float32", "float32"),
        (1.0, "float32", "float32"),
        (True, "float32", "float32"),
    ],
)
def test_the_average_is_stored_in_float32_at_least(value, stored, returned):
    """The result has the value's floating dtype; the state loses no small steps."""
    _, state = NET.init(KEY, value, 0.999)
    out, after = NET.apply({}, state, value, 0.999)
    assert (state["ema"]["average"].dtype, out.dtype) == (stored, returned)
    chex.assert_trees_all_equal_shapes_and_dtypes(after, state)


@pytest.mark.parametrize("debias", [True, False])
def test_half_precision_does_not_stall(debias):
    """Small steps add up: the average of ones comes near 1 also in bfloat16."""
    outs, _ = run(jnp.ones(10_000, "bfloat16"), 0.999, debias=debias)
    assert outs.dtype == "bfloat16"
    assert outs[-1] == 1.0


def test_doubles_are_averaged_as_doubles():
    """With x64 the average has the digits of its values."""
    with jax.enable_x64(True):
        value = np.float64(1 + 1e-12)
        _, state = NET.init(KEY, value, 0.5)
        out, after = NET.apply({}, state, value, 0.5)
        chex.assert_trees_all_equal_shapes_and_dtypes(after, state)
        assert float(out) == value


# Errors


@pytest.mark.parametrize("decay", [-0.1, 1.1, float("nan")])
def test_a_decay_out_of_range(decay):
    """A share is between 0 and 1."""
    with pytest.raises(sj.InvalidArgumentError, match=f"decay .*0 and 1.*{decay}"):
        NET.init(KEY, 1.0, decay)


def test_a_mode_that_is_no_bool():
    """A traced mode is refused with the remedy."""
    _, state = NET.init(KEY, 1.0, 0.9)
    words = r"exponential_moving_average's is_training must be True or False"
    with pytest.raises(sj.InvalidArgumentError, match=f"{words}.*static_argnames"):
        jax.jit(NET.apply)({}, state, 1.0, 0.9, is_training=True)


def test_training_needs_a_model_with_state():
    """Under `transform` there is nothing to write to, and the error says so."""
    with pytest.raises(sj.ScopeUsageError, match=r"(?s)ema/average.*with_state"):
        sj.transform(average).init(KEY, 1.0, 0.9)


def test_a_value_of_another_shape():
    """State that was made for another value is refused by name."""
    _, state = NET.init(KEY, VALUES[0], 0.9)
    with pytest.raises(sj.VariableMismatchError, match=r"ema/average.*\(3,\)"):
        NET.apply({}, state, VALUES[0, 0], 0.9)
