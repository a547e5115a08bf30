"""Rotary position embeddings."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .._base.answers import answering
from .._base.dtypes import wide_of
from ._base import as_float, require


@answering
def rotary_embedding(
    x: jax.Array,
    positions: Any = None,
    *,
    base: float = 10000.0,
    interleaved: bool = False,
) -> jax.Array:
    """Turns pairs of features by angles that grow with the position (Su et al., 2021).

    It has no variables, and is meant for ``attention(..., rotate=rotary_embedding)``:
    the product of a query and a key then depends on how far apart they are.

    Args:
      x: `(..., time, heads, size)`, `size` even.
      positions: whole numbers `(..., time)`; ``0, 1, ...`` by default.
      base: pair `i` turns by ``position / base ** (2 * i / size)``.
      interleaved: whether a pair are features `2 * i` and `2 * i + 1`, as in the paper
        and in GPT-J; by default `i` and `i + size / 2`, as in GPT-NeoX and Llama's
        checkpoints on Hugging Face.

    Returns:
      As `x`; the angles are computed in float32.

    Raises:
      InvalidArgumentError: `size` is odd, or `x` has fewer than three axes.

    >>> x = jnp.array([1.0, 0.0]).reshape(1, 1, 2)
    >>> y = rotary_embedding(x, jnp.array([1]))
    >>> [round(float(number), 2) for number in y.ravel()]  # cos 1, sin 1
    [0.54, 0.84]
    """
    x = as_float(x)
    require(
        x.ndim >= 3 and x.shape[-1] % 2 == 0,
        "rotary_embedding takes an array (..., time, heads, size) of even size, not one"
        f" of shape {x.shape}",
    )
    if positions is None:
        positions = jnp.arange(x.shape[-3])
    sin, cos = _angles(jnp.asarray(positions), x, base)
    wide = wide_of(x)
    if interleaved:
        first, second = wide[..., ::2], wide[..., 1::2]
    else:
        first, second = jnp.split(wide, 2, -1)
    turned = (first * cos - second * sin, second * cos + first * sin)
    if interleaved:
        return jnp.stack(turned, -1).reshape(x.shape).astype(x.dtype)
    return jnp.concatenate(turned, -1).astype(x.dtype)


def _angles(
    positions: jax.Array, x: jax.Array, base: float
) -> tuple[jax.Array, jax.Array]:
    """Sines and cosines, `(..., time, 1, size / 2)`, with as many axes as `x`."""
    half = jnp.arange(x.shape[-1] // 2, dtype=jnp.float32) * (2.0 / x.shape[-1])
    speeds = jnp.power(jnp.float32(base), -half)
    angles = jnp.expand_dims(positions, (-1, -2)).astype(jnp.float32) * jnp.expand_dims(
        speeds, range(positions.ndim + 1)
    )
    angles = jnp.expand_dims(angles, range(x.ndim - angles.ndim))
    return jnp.sin(angles), jnp.cos(angles)
