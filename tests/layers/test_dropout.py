"""Dropout: what it drops, on what its masks depend, when it needs a key."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import KEY

LONG = jnp.linspace(1.0, 2.0, 20_000)


def drop(x, rate, key=KEY, **kwargs):
    """Dropout in a scope of its own."""
    return layers.dropout(sj.Scope({}, key=key) / "d", x, rate, **kwargs)


@pytest.mark.smoke
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_drops_its_share_and_scales_the_rest(rate):
    """A share of the numbers is 0, the rest is divided by what is kept."""
    out = np.asarray(drop(LONG, rate))
    kept = out != 0
    deviation = math.sqrt(rate * (1 - rate) / LONG.size)
    assert abs(kept.mean() - (1 - rate)) < 5 * deviation
    assert_close(out[kept], np.asarray(LONG)[kept] / (1 - rate), ulps=8)
    assert out.mean() == pytest.approx(float(LONG.mean()), rel=0.15)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"rate": 0.5, "is_training": False},
        {"rate": 0.5, "deterministic": True},
        {"rate": 0.0},
        {"rate": 1.0, "deterministic": True},
    ],
)
def test_dropout_that_does_nothing_needs_no_key(kwargs):
    """Deterministic, or at rate 0, the input comes back as it is."""
    assert drop(LONG, key=None, **kwargs) is LONG


def test_deterministic_is_another_word_for_not_training():
    """flax's word does what ours does, and is heeded where both are given."""
    drops = drop(LONG, 0.5)
    np.testing.assert_array_equal(drop(LONG, 0.5, deterministic=False), drops)
    np.testing.assert_array_equal(drop(LONG, 0.5, is_training=True), drops)


@pytest.mark.parametrize("value", [1, None, "yes"])
def test_is_training_is_a_bool(value):
    """Anything else is refused, as by the layers with state."""
    with pytest.raises(sj.InvalidArgumentError, match="dropout's is_training must be"):
        drop(LONG, 0.5, is_training=value)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_dropout_of_everything(dtype):
    """At rate 1 nothing is left, and nothing is divided by zero."""
    out = drop(LONG.astype(dtype), 1.0)
    assert out.dtype == dtype
    assert not out.any()
    gradient = jax.grad(lambda x: drop(x, 1.0).sum())(LONG)
    assert not gradient.any()


def test_dropout_depends_on_key_path_and_index():
    """The same key, path and index give one mask; any other gives another."""
    base = drop(LONG, 0.5)
    np.testing.assert_array_equal(base, drop(LONG, 0.5))
    scope = sj.Scope({}, key=KEY)
    others = [
        drop(LONG, 0.5, key=jax.random.key(1)),
        layers.dropout(scope / "e", LONG, 0.5),
        layers.dropout(scope, LONG, 0.5),
        drop(LONG, 0.5, index=0),
        drop(LONG, 0.5, index=1),
    ]
    masks = [np.asarray(out) != 0 for out in [base, *others]]
    for one, two in itertools.combinations(masks, 2):
        assert abs((one == two).mean() - 0.5) < 0.02


def test_an_index_tells_the_steps_of_a_loop_apart():
    """A traced index gives each step the mask that it gives outside of the loop."""
    x = LONG[:64]

    def model(scope, x):
        def step(carry, i):
            return carry, layers.dropout(scope / "d", x, 0.5, index=i)

        return jax.lax.scan(step, 0.0, jnp.arange(3))[1]

    net = sj.transform(model)
    assert net.init(KEY, x) == {}
    out = net.apply({}, x, key=KEY)
    for i in range(3):
        np.testing.assert_array_equal(out[i], drop(x, 0.5, index=i))
    assert not jnp.array_equal(out[0] != 0, out[1] != 0)


def test_dropout_without_a_key_is_told_by_its_path():
    """A missing key is an error that names the layer."""
    net = sj.transform(lambda s, x: layers.dropout(s / "encoder" / "drop", x, 0.5))
    with pytest.raises(sj.ScopeUsageError, match="encoder/drop/dropout") as info:
        net.apply({}, LONG)
    assert "test_dropout.py" in info.value.where


def test_dropout_passes_gradients_where_it_keeps():
    """The gradient is the mask, scaled."""
    gradient = jax.grad(lambda x: drop(x, 0.25).sum())(LONG)
    assert_close(gradient, drop(LONG, 0.25) / LONG, ulps=8)
