"""Batch normalization: its formula, its gradients, its dtypes, its errors."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.batch_norm_reference import (
    EVAL,
    NET,
    TRAIN,
    X,
    moments,
    normalized,
    transformed,
    variables,
)
from ..helpers.closeness import assert_close
from ..helpers.layers_reference import KEY, array, wide

# The formula


@pytest.mark.smoke
@pytest.mark.parametrize("mode", [TRAIN, EVAL], ids=["train", "eval"])
@pytest.mark.parametrize("shape", [(8, 3), (2, 4, 3), (2, 3, 4, 5), (1, 3), (3,)])
def test_batch_norm_is_its_formula(shape, mode):
    """All axes but the last are one batch; the moving moments stand in for its own."""
    x = array(*shape) * 2 + 1
    params, state = variables(x)
    out, _ = NET.apply(params, state, x, **mode)
    p, moving = wide(params["bn"]), wide(state["bn"])
    found = moments(x) if mode is TRAIN else moving.values()
    assert_close(out, normalized(x, *found) * p["scale"] + p["bias"])


@pytest.mark.parametrize("used", [(True, False), (False, True), (False, False)])
@pytest.mark.parametrize("epsilon", [1e-5, 1e-1])
def test_scale_bias_and_epsilon_are_the_callers(used, epsilon):
    """What is not used is not made, and counts as 1 and 0."""
    net = transformed(use_scale=used[0], use_bias=used[1], epsilon=epsilon)
    params, state = variables(X, net)
    p = wide(params.get("bn", {}))
    assert [name in p for name in ("scale", "bias")] == list(used)
    out, _ = net.apply(params, state, X, **TRAIN)
    expected = normalized(X, *moments(X), epsilon)
    assert_close(out, expected * p.get("scale", 1.0) + p.get("bias", 0.0))


@pytest.mark.parametrize("offset", [1e2, 1e3, -1e4])
def test_an_offset_costs_no_digits(offset):
    """Far from zero the moments are those of the numbers as they are stored."""
    x = array(512, 3) * 3 + np.float32(offset)
    net = transformed(use_scale=False, use_bias=False, momentum=0.0)
    out, state = net.apply(*variables(x, net), x, **TRAIN)
    mean, variance = moments(x)
    assert_close(state["bn"]["moving_mean"], mean, ulps=8)
    assert_close(state["bn"]["moving_variance"], variance)
    assert np.abs(out - normalized(x, mean, variance)).max() < 1e-2


# Gradients


def test_training_gradients_flow_through_the_moments():
    """The sum does not change with a shift of the batch, nor with its scale."""
    net = transformed(epsilon=1e-12)
    params, state = variables(X, net)
    weights = jnp.asarray(array(8, 3))

    def loss(x):
        return jnp.sum(weights * net.apply(params, state, x, **TRAIN)[0])

    gradient = np.asarray(jax.grad(loss)(jnp.asarray(X)), np.float64)
    assert np.abs(gradient).max() > 0.1
    assert_close(np.float32(gradient.sum(0)), np.zeros(3))
    assert_close(np.float32((gradient * X).sum(0)), np.zeros(3))
    step = 1e-2 * array(8, 3)
    change = loss(X + step) - loss(X - step)
    size = np.linalg.norm(gradient) * np.linalg.norm(step)
    assert abs(change - 2 * (gradient * step).sum()) < 1e-2 * size


def test_evaluation_gradients_go_past_the_moving_moments():
    """They are constants: the gradient is a factor, and none is left for them."""
    params, state = variables(X)
    whole = sj.merge(params, state)

    def loss(variables, x):
        return layers.batch_norm(sj.Scope(variables) / "bn", x, **EVAL).sum()

    grads, gradient = jax.grad(loss, (0, 1))(whole, jnp.asarray(X))
    p, moving = wide(params["bn"]), wide(state["bn"])
    factor = p["scale"] / np.sqrt(moving["moving_variance"] + 1e-5)
    assert_close(gradient, np.broadcast_to(factor, X.shape))
    assert_close(grads["bn"]["bias"], np.full(3, 8.0))
    for name in ("moving_mean", "moving_variance"):
        assert not grads["bn"][name].any()


# Dtypes


@pytest.mark.parametrize("offset", [0.0, 30.0])
def test_half_precision_adds_up_in_float32(offset):
    """Of a bfloat16 batch the moments are exact, and stored in float32."""
    x = jnp.asarray(array(256, 3) + np.float32(offset), "bfloat16")
    half = lambda s, x: layers.batch_norm(  # noqa: E731
        s.with_options(dtype="bfloat16") / "bn", x, momentum=0.0, **TRAIN
    )
    net = sj.transform_with_state(half)
    params, state = net.init(KEY, x)
    out, after = net.apply(params, state, x)
    assert {v.dtype.name for v in jax.tree.leaves(params)} == {"bfloat16"}
    assert {v.dtype.name for v in jax.tree.leaves((state, after))} == {"float32"}
    assert out.dtype == "bfloat16"
    for found, expected in zip(after["bn"].values(), moments(x), strict=True):
        assert_close(found, expected)
    expected = normalized(x, *moments(x))
    assert_close(out, expected, ulps=1)


@pytest.mark.parametrize(
    ("x", "kw", "dtype"),
    [
        (X, {"dtype": "bfloat16"}, "bfloat16"),
        (X.astype("float16"), {"dtype": "float32"}, "float32"),
        (np.arange(24).reshape(8, 3), {}, "float32"),
    ],
)
def test_the_result_has_the_dtype_asked_for(x, kw, dtype):
    """`dtype` overrides the input's; whole numbers are taken as floats."""
    params, state = variables(x)
    for mode in (TRAIN, EVAL):
        out, after = NET.apply(params, state, x, **mode, **kw)
        assert out.dtype == dtype
        chex.assert_trees_all_equal_shapes_and_dtypes(after, state)


def test_doubles_are_computed_as_doubles():
    """With x64 the result has its digits; the state is float32 as ever."""
    with jax.enable_x64(True):
        x = np.random.default_rng(1).standard_normal((8, 3)) + 1e6
        params, state = NET.init(KEY, x, **TRAIN)
        out, after = NET.apply(params, state, x, **TRAIN)
        assert_close(out, normalized(x, *moments(x)), scale=1e6)
        chex.assert_trees_all_equal_shapes_and_dtypes(after, state)
        assert NET.apply(params, state, x, **EVAL)[0].dtype == "float64"


# Errors

NO_BOOL = "batch_norm's is_training must be True or False, but is"


@pytest.mark.parametrize("value", [None, 1, "yes"])
def test_a_mode_that_is_no_bool(value):
    """Only True and False say whether it trains."""
    with pytest.raises(sj.InvalidArgumentError, match=f"{NO_BOOL} {value!r}"):
        NET.init(KEY, X, is_training=value)


def test_a_traced_mode_is_told_what_to_do():
    """A mode that went through jit as an argument is refused with the remedy."""
    params, state = variables(X)
    with pytest.raises(sj.InvalidArgumentError, match=f"{NO_BOOL}.*static_argnames"):
        jax.jit(NET.apply)(params, state, X, is_training=True)


@pytest.mark.parametrize("momentum", [-0.1, 1.1, float("nan")])
def test_a_momentum_out_of_range(momentum):
    """A share is between 0 and 1."""
    with pytest.raises(sj.InvalidArgumentError, match=f"between 0 and 1.*{momentum}"):
        NET.init(KEY, X, **TRAIN, momentum=momentum)


def test_inputs_without_moments():
    """A scalar has no features, and an empty batch no mean; it may be evaluated."""
    with pytest.raises(sj.InvalidArgumentError, match="features last, no scalar"):
        NET.init(KEY, 1.0, **EVAL)
    params, state = variables(X)
    with pytest.raises(sj.InvalidArgumentError, match=r"empty batch.*\(0, 3\)"):
        NET.apply(params, state, X[:0], **TRAIN)
    assert NET.apply(params, state, X[:0], **EVAL)[0].shape == (0, 3)


def test_training_needs_a_model_with_state():
    """Under `transform` there is nothing to write to, and the error says so."""
    net = sj.transform(lambda s, x: layers.batch_norm(s / "bn", x, **TRAIN))
    with pytest.raises(sj.ScopeUsageError, match=r"(?s)bn/moving_mean.*with_state"):
        net.init(KEY, X)
