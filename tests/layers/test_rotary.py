"""Rotary embeddings against the paper's formula."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import array


def turned(x, positions, base):
    """Su et al. (2021), equation 15: a block of 2 by 2 for each pair."""
    size = x.shape[-1]
    out = np.zeros(x.shape)
    for time, position in enumerate(positions):
        for i in range(size // 2):
            angle = position * base ** (-2 * i / size)
            c, s = np.cos(angle), np.sin(angle)
            block = np.array([[c, -s], [s, c]])
            pair = x[:, time, :, 2 * i : 2 * i + 2].astype(np.float64)
            out[:, time, :, 2 * i : 2 * i + 2] = pair @ block.T
    return out


@pytest.mark.parametrize("base", [10000.0, 500.0])
@pytest.mark.parametrize("positions", [None, [3, 4, 5, 6, 7], [0, 100, 2, 7, 7]])
def test_rotary_embedding_is_its_formula(base, positions):
    """Pairs turn by the position over a power of the base, at any position."""
    x = array(2, 5, 3, 8)
    at = range(5) if positions is None else positions
    given = None if positions is None else jnp.asarray(positions)
    rotate = functools.partial(layers.rotary_embedding, base=base)
    assert_close(rotate(x, given, interleaved=True), turned(x, at, base))
    order = [0, 2, 4, 6, 1, 3, 5, 7]
    assert_close(rotate(x[..., order], given), turned(x, at, base)[..., order])


def test_each_example_can_have_its_positions():
    """Positions with a batch are those of each example."""
    x = array(2, 5, 3, 8)
    positions = np.arange(10).reshape(2, 5)
    out = layers.rotary_embedding(x, positions)
    for i in range(2):
        one = layers.rotary_embedding(x[i : i + 1], positions[i])
        np.testing.assert_array_equal(out[i : i + 1], one)


def test_products_depend_on_the_distance_alone():
    """A query and a key that both move on by as much have the same product."""
    q, k = array(1, 1, 1, 8), array(1, 1, 1, 8)

    def product(at, to):
        one = layers.rotary_embedding(q, jnp.array([at]))
        return (one * layers.rotary_embedding(k, jnp.array([to]))).sum()

    assert_close(product(3, 1), product(13, 11))
    assert not np.isclose(product(3, 1), product(3, 2))


def test_lengths_stay_and_gradients_turn_back():
    """The rotation is orthogonal, and so is its gradient."""
    x = jnp.asarray(array(2, 5, 3, 8))
    out, back = jax.vjp(layers.rotary_embedding, x)
    assert_close((out**2).sum(-1), (x**2).sum(-1))
    assert_close(back(out)[0], x)


def test_half_precision_turns_in_float32():
    """The result has the input's dtype, and one rounding."""
    x = array(2, 5, 3, 8)
    half = jnp.asarray(x, "bfloat16")
    out = layers.rotary_embedding(half, jnp.arange(1000, 1005))
    assert out.dtype == "bfloat16"
    exact = layers.rotary_embedding(half.astype("float32"), jnp.arange(1000, 1005))
    np.testing.assert_array_equal(out, exact.astype("bfloat16"))


@pytest.mark.parametrize("shape", [(2, 5, 3, 7), (5, 8)])
def test_features_come_in_pairs(shape):
    """An odd size, or an array without heads, is refused."""
    with pytest.raises(sj.InvalidArgumentError, match=r"time, heads, size\) of even"):
        layers.rotary_embedding(array(*shape))
