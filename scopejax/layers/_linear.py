"""Dense, convolutions, embedding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.nn.initializers import normal, zeros

from .._base.texts import brief
from .._scope.scope import Scope
from ..initializers import Initializer
from ._base import add_bias, as_float, as_numbers, layer, require

Padding = str | Sequence[tuple[int, int]]


_TABLE_INITIALIZER = normal(0.02)


@layer
def dense(
    scope: Scope,
    x: jax.Array,
    features: int,
    *,
    use_bias: bool = True,
    dtype: Any = None,
    kernel_initializer: Initializer | None = None,
    bias_initializer: Initializer = zeros,
) -> jax.Array:
    """``x @ kernel + bias``.

    Args:
      scope: holds ``kernel`` `(in, features)` and ``bias`` `(features,)`.
      x: `(..., in)`.
      features: size of the result's last axis.
      use_bias: whether there is a bias.
      dtype: of the computation; `x`'s by default.
      kernel_initializer: the scope's by default, which is Glorot uniform by default.
      bias_initializer: zeros by default.

    Returns:
      `(..., features)`, in `dtype`.

    >>> import jax, scopejax as sj
    >>> net = sj.transform(lambda scope, x: dense(scope / "head", x, 3))
    >>> params = net.init(jax.random.key(0), jnp.ones((4, 2)))
    >>> net.apply(params, jnp.ones((4, 2))).shape
    (4, 3)
    """
    x = as_float(x, dtype)
    require(x.ndim > 0, "dense takes an array with its features last, not a scalar")
    shape = (x.shape[-1], features)
    kernel = scope.get_variable("kernel", shape, initializer=kernel_initializer)
    return add_bias(scope, x @ kernel.astype(x.dtype), use_bias, bias_initializer)


def _each(value: int | Sequence[int], axes: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, Sequence) else (int(value),) * axes


def _space(x: jax.Array, kernel_size: Sequence[int]) -> int:
    """How many axes of space there are, in the input and in the kernel."""
    axes = len(kernel_size) if isinstance(kernel_size, Sequence) else None
    require(
        x.ndim - 2 == axes,
        f"a kernel of size {kernel_size} does not fit an input of shape {x.shape}: it"
        " needs one size for each axis between the batch and the features",
    )
    return x.ndim - 2


def _channels_last(axes: int) -> Any:
    """Batch first and features last, for `axes` axes of space."""
    space = "".join(chr(ord("0") + axis) for axis in range(axes))
    return f"N{space}C", f"{space}IO", f"N{space}C"


@layer
def conv(
    scope: Scope,
    x: jax.Array,
    features: int,
    kernel_size: Sequence[int],
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
    """Convolution over as many axes as `kernel_size` has.

    Args:
      scope: holds ``kernel`` `(*kernel_size, in // groups, features)` and ``bias``.
      x: `(batch, *space, in)`.
      features: size of the result's last axis.
      kernel_size: one size for each axis of space.
      strides, dilation: one number for all axes of space, or one for each.
      padding: ``"SAME"``, ``"VALID"`` or `(before, after)` for each axis of space.
      groups: how many groups the features fall into; `in` for a depthwise convolution.
      use_bias, dtype, kernel_initializer, bias_initializer: as in `dense`.

    Returns:
      `(batch, *space, features)`.

    >>> import jax, scopejax as sj
    >>> net = sj.transform(lambda scope, x: conv(scope / "conv1", x, 8, (3, 3)))
    >>> x = jnp.ones((2, 6, 6, 1))
    >>> net.apply(net.init(jax.random.key(0), x), x).shape
    (2, 6, 6, 8)
    """
    x = as_float(x, dtype)
    axes = _space(x, kernel_size)
    require(
        x.shape[-1] % groups == 0,
        f"{x.shape[-1]} features do not fall into {groups} groups evenly",
    )
    shape = (*kernel_size, x.shape[-1] // groups, features)
    kernel = scope.get_variable("kernel", shape, initializer=kernel_initializer)
    y = jax.lax.conv_general_dilated(
        x,
        kernel.astype(x.dtype),
        _each(strides, axes),
        padding,
        rhs_dilation=_each(dilation, axes),
        dimension_numbers=_channels_last(axes),
        feature_group_count=groups,
    )
    return add_bias(scope, y, use_bias, bias_initializer)


@layer
def conv_transpose(
    scope: Scope,
    x: jax.Array,
    features: int,
    kernel_size: Sequence[int],
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

    >>> import jax, scopejax as sj
    >>> net = sj.transform(lambda s, x: conv_transpose(s, x, 8, (3, 3), strides=2))
    >>> x = jnp.ones((2, 6, 6, 1))
    >>> net.apply(net.init(jax.random.key(0), x), x).shape
    (2, 12, 12, 8)
    """
    x = as_float(x, dtype)
    axes = _space(x, kernel_size)
    shape = (*kernel_size, x.shape[-1], features)
    kernel = scope.get_variable("kernel", shape, initializer=kernel_initializer)
    y = jax.lax.conv_transpose(
        x,
        kernel.astype(x.dtype),
        _each(strides, axes),
        padding,
        dimension_numbers=_channels_last(axes),
    )
    return add_bias(scope, y, use_bias, bias_initializer)


@layer
def embedding(
    scope: Scope,
    ids: jax.Array,
    vocabulary: int,
    features: int,
    *,
    dtype: Any = None,
    initializer: Initializer | None = None,
) -> jax.Array:
    """Rows of a table.

    To tie an output layer to it, read the table again:
    ``scope.with_options(reuse=True).get_variable("table", (vocabulary, features))``.

    Args:
      scope: holds ``table`` `(vocabulary, features)`.
      ids: whole numbers below `vocabulary`, any shape.
      vocabulary, features: the table's shape.
      dtype: of the result; the stored one by default.
      initializer: of the table; normal with standard deviation 0.02 by default.

    Returns:
      `(*ids.shape, features)`.

    >>> import jax, scopejax as sj
    >>> net = sj.transform(lambda scope, ids: embedding(scope / "wte", ids, 10, 4))
    >>> ids = jnp.array([1, 2, 3])
    >>> net.apply(net.init(jax.random.key(0), ids), ids).shape
    (3, 4)
    """
    rows = as_numbers(ids, "ids")
    require(
        bool(jnp.issubdtype(rows.dtype, jnp.integer)),
        f"embedding takes ids that are whole numbers, but received: {brief(rows)}",
    )
    shape = (vocabulary, features)
    table = scope.get_variable(
        "table", shape, initializer=initializer or _TABLE_INITIALIZER
    )
    rows = table[rows]
    return rows if dtype is None else rows.astype(dtype)
