"""Normalization without state."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .._base.dtypes import wide_of
from .._scope.scope import Scope
from ._base import as_float, bias_of, layer, require, scale_of, scaled, traced_once


@layer
def layer_norm(
    scope: Scope,
    x: jax.Array,
    *,
    epsilon: float = 1e-6,
    use_scale: bool = True,
    use_bias: bool = True,
    dtype: Any = None,
) -> jax.Array:
    """Layer normalization over the last axis (Ba et al., 2016), in float32 inside.

    Args:
      scope: holds ``scale`` and ``bias`` `(features,)`.
      x: `(..., features)`.
      epsilon: added to the variance.
      use_scale, use_bias: whether there is a scale, a bias.
      dtype: of the result; `x`'s by default.

    Returns:
      As `x`.

    >>> import jax, scopejax as sj
    >>> net = sj.transform(lambda scope, x: layer_norm(scope / "ln", x))
    >>> x = jnp.array([[1.0, 3.0]])
    >>> net.apply(net.init(jax.random.key(0), x), x).round(3).tolist()
    [[-1.0, 1.0]]
    """
    x = as_float(x, dtype)
    scale = scale_of(scope, x.shape[-1], use_scale)
    bias = bias_of(scope, x.shape[-1:], use_bias)
    return _layer_norm(x, scale, bias, epsilon)


@traced_once()
def _layer_norm(
    x: jax.Array, scale: jax.Array | None, bias: jax.Array | None, epsilon: float
) -> jax.Array:
    wide = wide_of(x)
    # The variance of what is left without the mean: a large offset costs no digits.
    variance = jnp.var(wide, -1, keepdims=True)
    y = jax.nn.standardize(wide, variance=variance, epsilon=epsilon)
    return scaled(y.astype(x.dtype), scale, bias)


@layer
def rms_norm(
    scope: Scope, x: jax.Array, *, epsilon: float = 1e-6, dtype: Any = None
) -> jax.Array:
    """Division by the root of the mean square (Zhang and Sennrich, 2019).

    Args:
      scope: holds ``scale`` `(features,)`.
      x: `(..., features)`; its mean square is taken in float32.
      epsilon: added to the mean square.
      dtype: of the result; `x`'s by default.

    Returns:
      As `x`.

    >>> import jax, scopejax as sj
    >>> net = sj.transform(lambda scope, x: rms_norm(scope / "ln", x))
    >>> x = jnp.array([[3.0, -3.0]])
    >>> net.apply(net.init(jax.random.key(0), x), x).round(3).tolist()
    [[1.0, -1.0]]
    """
    x = as_float(x, dtype)
    return _rms_norm(x, scale_of(scope, x.shape[-1], True), epsilon)


@traced_once()
def _rms_norm(x: jax.Array, scale: jax.Array | None, epsilon: float) -> jax.Array:
    wide = wide_of(x)
    mean_square = jnp.mean(jnp.square(wide), -1, keepdims=True)
    y = wide * jax.lax.rsqrt(mean_square + epsilon)
    return scaled(y.astype(x.dtype), scale, None)


@layer
def group_norm(
    scope: Scope,
    x: jax.Array,
    groups: int,
    *,
    epsilon: float = 1e-6,
    use_scale: bool = True,
    use_bias: bool = True,
    dtype: Any = None,
) -> jax.Array:
    """Normalization of groups of features over space (Wu and He, 2018), in float32.

    With as many groups as features it is instance normalization (Ulyanov et al., 2016):
    ``group_norm(scope, x, x.shape[-1])``.

    Args:
      scope: holds ``scale`` and ``bias`` `(features,)`.
      x: `(batch, *space, features)`.
      groups: how many groups the features fall into, in order.
      epsilon: added to the variance.
      use_scale, use_bias: whether there is a scale, a bias.
      dtype: of the result; `x`'s by default.

    Returns:
      As `x`. Each group of each example has mean 0 and variance 1 before the scale.

    Raises:
      InvalidArgumentError: the features do not fall into `groups` evenly.

    >>> import jax, scopejax as sj
    >>> net = sj.transform(lambda scope, x: group_norm(scope / "norm", x, 2))
    >>> x = jnp.array([[1.0, 3.0, 5.0, 5.0]])
    >>> net.apply(net.init(jax.random.key(0), x), x).round(3).tolist()
    [[-1.0, 1.0, 0.0, 0.0]]
    """
    x = as_float(x, dtype)
    features = x.shape[-1] if x.ndim else 0
    require(
        x.ndim > 1 and groups > 0 and features % groups == 0,
        f"features of shape {x.shape} do not fall into {groups} groups evenly",
    )
    scale = scale_of(scope, features, use_scale)
    bias = bias_of(scope, (features,), use_bias)
    return _group_norm(x, scale, bias, epsilon, groups)


@traced_once("groups")
def _group_norm(
    x: jax.Array,
    scale: jax.Array | None,
    bias: jax.Array | None,
    epsilon: float,
    groups: int,
) -> jax.Array:
    apart = wide_of(x).reshape(*x.shape[:-1], groups, x.shape[-1] // groups)
    axes = (*range(1, x.ndim - 1), x.ndim)
    variance = jnp.var(apart, axes, keepdims=True)
    y = jax.nn.standardize(apart, axes, variance=variance, epsilon=epsilon)
    return scaled(y.reshape(x.shape).astype(x.dtype), scale, bias)
