"""Convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
from jax.nn.initializers import zeros

from .._scope.scope import Scope
from ..initializers import Initializer
from ._base import as_float, bias_of, layer, require, scaled
from ._space import Padding, each, window_for


def _channels_last(axes: int) -> Any:
    """Batch first and features last, for `axes` axes of space."""
    space = "".join(chr(ord("0") + axis) for axis in range(axes))
    return f"N{space}C", f"{space}IO", f"N{space}C"


@layer
def conv(
    scope: Scope,
    x: jax.Array,
    features: int,
    kernel_size: int | Sequence[int],
    *,
    strides: int | Sequence[int] = 1,
    padding: Padding = "SAME",
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    use_bias: bool = True,
    dtype: Any = None,
    kernel_initializer: Initializer | None = None,
    bias_initializer: Initializer = zeros,
) -> jax.Array:
    """Convolution over all axes between the batch and the features.

    Args:
      scope: holds ``kernel`` `(*kernel_size, in // groups, features)` and ``bias``
        `(features,)`.
      x: `(batch, *space, in)`.
      features: size of the result's last axis.
      kernel_size: one number for all axes of space, or one for each.
      strides, dilation: one number for all axes of space, or one for each.
      padding: ``"SAME"``, ``"VALID"`` or `(before, after)` for each axis of space.
      groups: how many groups the features fall into; `in` for a depthwise convolution.
      use_bias, dtype, kernel_initializer, bias_initializer: as in `dense`.

    Returns:
      `(batch, *space, features)`.

    >>> import jax, jax.numpy as jnp, scopejax as sj
    >>> net = sj.transform(lambda scope, x: conv(scope / "conv1", x, 8, 3))
    >>> x = jnp.ones((2, 6, 6, 1))
    >>> net.apply(net.init(jax.random.key(0), x), x).shape
    (2, 6, 6, 8)
    """
    x = as_float(x, dtype)
    window = window_for(x, kernel_size)
    axes = len(window)
    require(
        x.shape[-1] % groups == 0,
        f"{x.shape[-1]} features do not fall into {groups} groups evenly",
    )
    shape = (*window, x.shape[-1] // groups, features)
    kernel = scope.get_variable("kernel", shape, initializer=kernel_initializer)
    y = jax.lax.conv_general_dilated(
        x,
        kernel.astype(x.dtype),
        each(strides, axes),
        padding,
        rhs_dilation=each(dilation, axes),
        dimension_numbers=_channels_last(axes),
        feature_group_count=groups,
    )
    return scaled(y, None, bias_of(scope, (features,), use_bias, bias_initializer))


@layer
def conv_transpose(
    scope: Scope,
    x: jax.Array,
    features: int,
    kernel_size: int | Sequence[int],
    *,
    strides: int | Sequence[int] = 1,
    padding: Padding = "SAME",
    use_bias: bool = True,
    dtype: Any = None,
    kernel_initializer: Initializer | None = None,
    bias_initializer: Initializer = zeros,
) -> jax.Array:
    """The transposed convolution: `strides` make the space larger.

    Args:
      scope: holds ``kernel`` `(*kernel_size, in, features)` and ``bias`` `(features,)`.
      x: `(batch, *space, in)`.
      features, kernel_size, strides, padding: as in `conv`.
      use_bias, dtype, kernel_initializer, bias_initializer: as in `conv`.

    Returns:
      `(batch, *space, features)`, each axis of space `strides` times as long under
      ``"SAME"``.

    >>> import jax, jax.numpy as jnp, scopejax as sj
    >>> net = sj.transform(lambda s, x: conv_transpose(s, x, 8, 3, strides=2))
    >>> x = jnp.ones((2, 6, 6, 1))
    >>> net.apply(net.init(jax.random.key(0), x), x).shape
    (2, 12, 12, 8)
    """
    x = as_float(x, dtype)
    window = window_for(x, kernel_size)
    axes = len(window)
    shape = (*window, x.shape[-1], features)
    kernel = scope.get_variable("kernel", shape, initializer=kernel_initializer)
    y = jax.lax.conv_transpose(
        x,
        kernel.astype(x.dtype),
        each(strides, axes),
        padding,
        dimension_numbers=_channels_last(axes),
    )
    return scaled(y, None, bias_of(scope, (features,), use_bias, bias_initializer))
