"""Pooling: the greatest or the mean number of each window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .._tensors.calls import op
from .._tensors.convert import as_array
from .._words.dtypes import as_tf
from .convolutions import spatial
from .reductions import one_of

_ORDERS = {1: "NWC", 2: "NHWC", 3: "NDHWC"}


def pooled(
    kind: str, x: Any, window: Any, strides: Any, padding: str, data_format: str | None
) -> Any:
    """``"MAX"`` or ``"AVG"`` over windows along the axes of space."""
    x = as_array(x)
    axes = x.ndim - 2
    order = data_format or _ORDERS[axes]
    inner = spatial(window, axes, order), spatial(strides, axes, order)
    first = order.startswith("NC")
    size, step = ((1, 1, *i) if first else (1, *i, 1) for i in inner)
    if kind == "MAX":
        inexact = jnp.issubdtype(x.dtype, jnp.inexact)
        least = -jnp.inf if inexact else as_tf(x.dtype).min
        return jax.lax.reduce_window(x, least, jax.lax.max, size, step, padding.upper())
    total = jax.lax.reduce_window(x, 0.0, jax.lax.add, size, step, padding.upper())
    if padding.upper() == "VALID":
        return total / _product(size)
    ones = jnp.ones(x.shape, x.dtype)
    return total / jax.lax.reduce_window(
        ones, 0.0, jax.lax.add, size, step, padding.upper()
    )


def _product(sizes: Any) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def _pool(name: str, kind: str) -> Callable[..., Any]:
    def call(
        value: Any = None,
        ksize: Any = None,
        strides: Any = None,
        padding: Any = None,
        data_format: str | None = None,
        name: str | None = None,
        input: Any = None,
    ) -> Any:
        x = one_of(value, input, ("value", "input"))
        return pooled(kind, x, ksize, strides, padding, data_format)

    call.__name__ = call.__qualname__ = name
    what = "greatest" if kind == "MAX" else "mean"
    call.__doc__ = f"The {what} number of each window; what is padded does not count."
    return op(call)


OPS = {
    f"{kind.lower()}_pool{axes}": _pool(f"{kind.lower()}_pool{axes}", kind)
    for kind in ("MAX", "AVG")
    for axes in ("", "1d", "2d", "3d")
}


@op
def pool(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    padding: str,
    dilation_rate: Any = None,
    strides: Any = None,
    name: str | None = None,
    data_format: str | None = None,
) -> Any:
    """Pooling of one to three axes; `pooling_type` is ``"MAX"`` or ``"AVG"``."""
    steps = 1 if strides is None else strides
    return pooled(pooling_type, input, window_shape, steps, padding, data_format)
