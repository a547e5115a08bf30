"""Pooling against NumPy and flax."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import array

POOLS = {
    "1d": ((2, 6, 3), 2, None, "VALID"),
    "1d, what is left is dropped": ((2, 7, 3), 2, None, "VALID"),
    "1d, overlapping": ((2, 7, 3), 3, 1, "VALID"),
    "1d, same": ((2, 7, 3), 3, 2, "SAME"),
    "2d": ((2, 6, 4, 3), 2, None, "VALID"),
    "2d, same": ((2, 5, 4, 3), (3, 2), (2, 1), "SAME"),
    "2d, explicit": ((2, 5, 4, 3), (3, 2), (2, 1), ((1, 1), (0, 1))),
    "3d": ((1, 4, 4, 4, 2), 2, 2, "VALID"),
}
pools = pytest.mark.parametrize(
    ("shape", "window", "strides", "padding"), POOLS.values(), ids=POOLS
)


def their(pool, x, window, strides, padding, **kw):
    """flax takes one number for each axis."""
    each = (window,) * (x.ndim - 2) if isinstance(window, int) else window
    steps = each if strides is None else strides
    steps = (steps,) * (x.ndim - 2) if isinstance(steps, int) else steps
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        return pool(x, each, steps, padding, **kw)


@pools
def test_max_pool_is_that_of_flax(shape, window, strides, padding):
    """Values and gradients; what is added at the edges is never the largest."""
    x = jnp.asarray(array(*shape)) - 10

    def ours(x):
        return layers.max_pool(x, window, strides, padding=padding)

    def flax(x):
        return their(nn.max_pool, x, window, strides, padding)

    np.testing.assert_array_equal(ours(x), flax(x))
    one, two = (jax.grad(lambda x, f=f: (f(x) ** 2).sum())(x) for f in (ours, flax))
    assert_close(one, two)


@pools
def test_avg_pool_is_that_of_flax(shape, window, strides, padding):
    """Values and gradients; what is added at the edges counts for nothing."""
    x = jnp.asarray(array(*shape))

    def ours(x):
        return layers.avg_pool(x, window, strides, padding=padding)

    def flax(x):
        return their(nn.avg_pool, x, window, strides, padding, count_include_pad=False)

    assert_close(ours(x), flax(x))
    one, two = (jax.grad(lambda x, f=f: (f(x) ** 2).sum())(x) for f in (ours, flax))
    assert_close(one, two)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32", "uint8", "bool"])
def test_pooling_keeps_the_dtype(dtype):
    """Whole numbers have a largest one, and a mean in float32."""
    x = jnp.asarray(np.arange(6).reshape(1, 6, 1) % 2, dtype)
    largest = layers.max_pool(x, 2)
    assert largest.dtype == dtype
    assert largest.astype("int32").ravel().tolist() == [1, 1, 1]
    mean = layers.avg_pool(x, 2)
    assert mean.dtype == (dtype if dtype in ("float32", "bfloat16") else "float32")
    assert mean.ravel().tolist() == [0.5, 0.5, 0.5]


def test_half_precision_adds_up_in_float32():
    """The mean of many alike is that one."""
    x = jnp.full((1, 4096, 1), 1.25, "bfloat16")
    assert layers.avg_pool(x, 4096).item() == 1.25


@pytest.mark.parametrize("pool", [layers.max_pool, layers.avg_pool])
@pytest.mark.parametrize(("shape", "window"), [((2, 6, 3), (2, 2)), ((2, 3), 2)])
def test_a_window_has_the_axes_of_its_input(pool, shape, window):
    """One size for each axis of space, or one for all."""
    with pytest.raises(sj.InvalidArgumentError, match=r"a window of size .* does not"):
        pool(array(*shape), window)
