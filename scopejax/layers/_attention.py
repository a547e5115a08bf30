"""Multi-head attention."""

from __future__ import annotations

import functools
from typing import Any

import jax

from .._scope.scope import Scope
from ..initializers import Initializer
from ._base import as_float, layer, require
from ._linear import dense


@layer
def attention(
    scope: Scope,
    x: jax.Array,
    heads: int,
    *,
    context: jax.Array | None = None,
    features: int | None = None,
    mask: jax.Array | None = None,
    is_causal: bool = False,
    use_bias: bool = True,
    dtype: Any = None,
    kernel_initializer: Initializer | None = None,
) -> jax.Array:
    """Multi-head attention (Vaswani et al., 2017) by `jax.nn.dot_product_attention`.

    Args:
      scope: holds the dense layers ``query``, ``key``, ``value`` `(in, features)` and
        ``out`` `(features, in)`.
      x: `(batch, time, in)`.
      heads: how many; they share `features` evenly.
      context: `(batch, source, any)` to attend to; `x` by default.
      features: of all heads together; `in` by default.
      mask: bools, `(batch, heads or 1, time, source)`; True where to look.
      is_causal: True hides what comes later.
      use_bias, dtype, kernel_initializer: as in `dense`, for all four.

    Returns:
      `(batch, time, in)`.

    Raises:
      InvalidArgumentError: `features` is no multiple of `heads`.

    >>> import jax, jax.numpy as jnp, scopejax as sj
    >>> net = sj.transform(lambda scope, x: attention(scope / "attn", x, 2))
    >>> x = jnp.ones((1, 5, 8))
    >>> net.apply(net.init(jax.random.key(0), x), x).shape
    (1, 5, 8)
    """
    x = as_float(x, dtype)
    context = x if context is None else as_float(context, x.dtype)
    features = x.shape[-1] if features is None else features
    require(
        heads > 0 and features % heads == 0,
        f"{features} features cannot be shared by {heads} heads evenly",
    )
    project = functools.partial(
        dense, use_bias=use_bias, kernel_initializer=kernel_initializer
    )

    def split(name: str, source: jax.Array) -> jax.Array:
        y = project(scope / name, source, features)
        return y.reshape(*y.shape[:-1], heads, features // heads)

    query, key, value = (
        split("query", x),
        split("key", context),
        split("value", context),
    )
    # JAX's own code mixes float32 with the dtype of half-precision inputs here.
    with jax.numpy_dtype_promotion("standard"):
        y = jax.nn.dot_product_attention(
            query, key, value, mask=mask, is_causal=is_causal
        )
    return project(scope / "out", y.reshape(*x.shape[:-1], features), x.shape[-1])
