"""Normalization, and dropout."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.nn.initializers import zeros

from .._base.dtypes import wide_of
from .._base.texts import brief
from .._scope.scope import Scope
from ._base import (
    add_bias,
    as_float,
    as_numbers,
    is_share,
    layer,
    require,
    require_bool,
    scale_by,
)


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
    wide = wide_of(x)
    # The variance of what is left without the mean: a large offset costs no digits.
    variance = jnp.var(wide, -1, keepdims=True)
    y = jax.nn.standardize(wide, variance=variance, epsilon=epsilon).astype(x.dtype)
    if use_scale:
        y = scale_by(scope, y)
    return add_bias(scope, y, use_bias, zeros)


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
    wide = wide_of(x)
    mean_square = jnp.mean(jnp.square(wide), -1, keepdims=True)
    return scale_by(
        scope, (wide * jax.lax.rsqrt(mean_square + epsilon)).astype(x.dtype)
    )


@layer
def dropout(
    scope: Scope,
    x: jax.Array,
    rate: float,
    *,
    deterministic: bool = False,
    index: Any = None,
) -> jax.Array:
    """Zeroes a share of the numbers and scales the rest (Srivastava et al., 2014).

    Args:
      scope: gives the key ``dropout``.
      x: any shape, floating.
      rate: share to drop, 0 to 1.
      deterministic: True returns `x` as it is and needs no key.
      index: tells the steps of a loop apart that closes over one scope; may be traced.

    Returns:
      As `x`.

    Raises:
      InvalidArgumentError: `rate` is not between 0 and 1.

    >>> import jax, scopejax as sj
    >>> net = sj.transform(lambda scope, x: dropout(scope / "drop", x, 0.5))
    >>> y = net.apply({}, jnp.ones(1000), key=jax.random.key(0))
    >>> sorted(set(y.tolist()))
    [0.0, 2.0]
    """
    require_bool("dropout", "deterministic", deterministic)
    traced = isinstance(rate, jax.core.Tracer)
    require(
        is_share(rate),
        f"dropout's rate must be between 0 and 1, but is {brief(rate)}"
        + "; under jax.jit pass it by static_argnames" * traced,
    )
    x = as_numbers(x)
    if deterministic or rate == 0.0:
        return x
    if rate == 1.0:
        return jnp.zeros_like(x)
    keep = jax.random.bernoulli(scope.key("dropout", index), 1.0 - rate, x.shape)
    return jnp.where(keep, x / jnp.asarray(1.0 - rate, x.dtype), jnp.zeros_like(x))
