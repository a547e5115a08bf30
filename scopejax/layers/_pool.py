"""Pooling. A global pool is ``jnp.mean(x, (1, 2))`` or ``jnp.max``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._base.answers import answering
from .._base.dtypes import wide_of
from ._base import as_float
from ._space import Padding, each, window_for


@answering
def max_pool(
    x: jax.Array,
    window: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    *,
    padding: Padding = "VALID",
) -> jax.Array:
    """The largest number of each window. It has no variables, and takes no scope.

    Args:
      x: `(batch, *space, features)`, any dtype that has an order.
      window: one number for all axes of space, or one for each.
      strides: likewise; as `window` by default, so that windows do not overlap.
      padding: ``"SAME"``, ``"VALID"`` or `(before, after)` for each axis of space. What
        is added is never the largest.

    Returns:
      `(batch, *space, features)`, in `x`'s dtype.

    Raises:
      InvalidArgumentError: `window` does not fit the axes of `x`.

    >>> max_pool(jnp.arange(6.0).reshape(1, 6, 1), 2).ravel().tolist()
    [1.0, 3.0, 5.0]
    """
    x = jnp.asarray(x)
    least = _least(x.dtype)
    return _reduced(x, np.array(least, x.dtype), jax.lax.max, window, strides, padding)


def _least(dtype: Any) -> Any:
    """What no number of a dtype is smaller than."""
    if dtype == np.bool_:
        return False
    limits: Any = jnp.iinfo  # which JAX has not annotated
    return -np.inf if jnp.issubdtype(dtype, jnp.inexact) else limits(dtype).min


@answering
def avg_pool(
    x: jax.Array,
    window: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    *,
    padding: Padding = "VALID",
) -> jax.Array:
    """The mean of each window, in float32 inside. It has no variables.

    Args:
      x, window, strides, padding: as in `max_pool`. What is added counts for nothing:
        the mean is that of the numbers of `x` in the window, as in TF1.

    Returns:
      `(batch, *space, features)`, in `x`'s dtype; float32 for whole numbers.

    Raises:
      InvalidArgumentError: `window` does not fit the axes of `x`.

    >>> avg_pool(jnp.arange(6.0).reshape(1, 6, 1), 2).ravel().tolist()
    [0.5, 2.5, 4.5]
    """
    x = as_float(x)
    wide = wide_of(x)
    zero = np.zeros((), wide.dtype)
    counted = jnp.ones((1, *x.shape[1:-1], 1), wide.dtype)
    total, count = (
        _reduced(each_one, zero, jax.lax.add, window, strides, padding)
        for each_one in (wide, counted)
    )
    return (total / count).astype(x.dtype)


def _reduced(
    x: jax.Array,
    start: Any,
    reduce: Any,
    window: int | Sequence[int],
    strides: int | Sequence[int] | None,
    padding: Padding,
) -> jax.Array:
    sizes = window_for(x, window, "window")
    steps = sizes if strides is None else each(strides, len(sizes))
    if not isinstance(padding, str):
        padding = ((0, 0), *padding, (0, 0))
    y: jax.Array = jax.lax.reduce_window(
        x, start, reduce, (1, *sizes, 1), (1, *steps, 1), padding
    )
    return y
