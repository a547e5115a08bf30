"""Multi-head attention."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._scope.scope import Scope
from ..initializers import Initializer
from ._base import as_float, layer, require, require_bool
from ._cache import cache_at
from ._dense import dense
from ._dropout import dropout

Rotate = Callable[[jax.Array, jax.Array], jax.Array]
Window = int | tuple[int, int]


@layer
def attention(
    scope: Scope,
    x: jax.Array,
    heads: int,
    *,
    kv_heads: int | None = None,
    context: jax.Array | None = None,
    features: int | None = None,
    mask: jax.Array | None = None,
    is_causal: bool = False,
    window: Window | None = None,
    rotate: Rotate | None = None,
    dropout_rate: float = 0.0,
    is_training: bool = True,
    cache_length: int | None = None,
    use_bias: bool = True,
    dtype: Any = None,
    kernel_initializer: Initializer | None = None,
) -> jax.Array:
    """Multi-head attention (Vaswani et al., 2017) by `jax.nn.dot_product_attention`.

    With `cache_length` it decodes: what is passed is taken as the continuation of what
    was passed before, a prompt or a token, and sees all of that. Keys and values are
    state, so the model is for `scopejax.transform_with_state`; donate the state to
    have them written in place. The params are those of the model without a cache.

    Args:
      scope: holds the dense layers ``query`` `(in, features)`, ``key``, ``value``
        `(in, kv_heads * size)` and ``out`` `(features, in)`; and with `cache_length`
        the state ``cache/key``, ``cache/value`` `(batch, cache_length, kv_heads, size)`
        and ``cache/index`` `()`.
      x: `(batch, time, in)`.
      heads: how many; they share `features` evenly, and `size` is the share of each.
      kv_heads: how many heads keys and values have; a divisor of `heads`, each serving
        as many queries (Ainslie et al., 2023). As many by default.
      context: `(batch, source, any)` to attend to; `x` by default.
      features: of all heads together; `in` by default.
      mask: bools, `(batch or 1, heads or 1, time, source)`; True where to look. With
        `cache_length` that is the length of `source`.
      is_causal: True hides what comes later. With a cache that is always so.
      window: how many positions before and after are seen, one number or two
        (Beltagy et al., 2020). With a cache those before.
      rotate: `(heads' queries or keys (batch, time, heads, size), positions (time,))`
        to the same shape: `rotary_embedding`, or a `functools.partial` of it.
      dropout_rate: share of the attention weights that `dropout` drops in training,
        with the scope's key ``dropout``. The weights are then held in memory.
      is_training: a Python bool; False drops nothing.
      cache_length: how many positions a cache has room for; the result is NaN from
        where it has none left. The batch has the size that it had in `init`.
      use_bias, dtype, kernel_initializer: as in `dense`, for all four.

    Returns:
      `(batch, time, in)`.

    Raises:
      InvalidArgumentError: `features` is no multiple of `heads`, or these are none of
        `kv_heads`; there is a cache, and `context` too or more tokens than it holds.

    >>> import jax, jax.numpy as jnp, scopejax as sj
    >>> net = sj.transform(lambda scope, x: attention(scope / "attn", x, 2))
    >>> x = jnp.ones((1, 5, 8))
    >>> net.apply(net.init(jax.random.key(0), x), x).shape
    (1, 5, 8)
    """
    x = as_float(x, dtype)
    require_bool("attention", "is_training", is_training)
    features = x.shape[-1] if features is None else features
    kv_heads = heads if kv_heads is None else kv_heads
    _require_heads(features, heads, kv_heads)
    require(
        cache_length is None or context is None,
        "attention with a cache attends to x itself, and takes no context",
    )
    context = x if context is None else as_float(context, x.dtype)
    size = features // heads
    project = functools.partial(
        dense, use_bias=use_bias, kernel_initializer=kernel_initializer
    )

    def split(name: str, source: jax.Array, heads: int) -> jax.Array:
        y = project(scope / name, source, heads * size)
        return y.reshape(*y.shape[:-1], heads, size)

    query, key, value = (
        split("query", x, heads),
        split("key", context, kv_heads),
        split("value", context, kv_heads),
    )
    attend = functools.partial(
        _attend, scope, rate=dropout_rate if is_training else 0.0
    )
    if cache_length is None:
        if rotate is not None:
            query = rotate(query, jnp.arange(query.shape[-3]))
            key = rotate(key, jnp.arange(key.shape[-3]))
        y = attend(query, key, value, mask, is_causal=is_causal, window=window)
    else:
        cache = cache_at(scope / "cache", cache_length, x.shape[-2])
        now = cache.positions(x.shape[-2])
        if rotate is not None:
            query, key = rotate(query, now), rotate(key, now)
        key, value = cache.extended(key, value)
        seen = _seen(now, jnp.arange(cache_length, dtype=now.dtype), window)
        mask = seen if mask is None else jnp.logical_and(mask, seen)
        y = cache.checked(attend(query, key, value, mask), x.shape[-2])
    return project(scope / "out", y.reshape(*x.shape[:-1], features), x.shape[-1])


def _require_heads(features: int, heads: int, kv_heads: int) -> None:
    require(
        heads > 0 and features % heads == 0,
        f"{features} features cannot be shared by {heads} heads evenly",
    )
    require(
        kv_heads > 0 and heads % kv_heads == 0,
        f"{heads} heads cannot share {kv_heads} heads of keys and values evenly",
    )


def _pair(window: Window) -> tuple[int, int]:
    return (window, window) if isinstance(window, int) else window


def _seen(query: jax.Array, key: jax.Array, window: Window | None) -> jax.Array:
    """Which of the keys' positions a query sees that nothing follows, as a mask."""
    apart = jnp.expand_dims(query, 1) - jnp.expand_dims(key, 0)
    seen = apart >= 0
    if window is not None:
        seen = jnp.logical_and(seen, apart <= _pair(window)[0])
    return jnp.expand_dims(seen, (0, 1))


def _attend(
    scope: Scope,
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
    mask: jax.Array | None,
    *,
    rate: float,
    is_causal: bool = False,
    window: Window | None = None,
) -> jax.Array:
    """Values by the weights of their keys, `(batch, time, heads, size)`."""
    if rate:
        # JAX's function drops no weights.
        mask = _mask_of(query, key, mask, is_causal, window)
        return _attend_and_drop(scope, query, key, value, mask, rate)
    # JAX's own code mixes float32 with the dtype of half-precision inputs here.
    with jax.numpy_dtype_promotion("standard"):
        return jax.nn.dot_product_attention(
            query,
            key,
            value,
            mask=mask,
            is_causal=is_causal,
            local_window_size=None if window is None else _pair(window),
        )


def _mask_of(
    query: jax.Array,
    key: jax.Array,
    mask: jax.Array | None,
    is_causal: bool,
    window: Window | None,
) -> jax.Array | None:
    """All that hides positions, as one mask."""
    masks = [] if mask is None else [mask]
    apart = jnp.expand_dims(jnp.arange(query.shape[-3]), 1) - jnp.expand_dims(
        jnp.arange(key.shape[-3]), 0
    )
    if is_causal:
        masks.append(jnp.expand_dims(apart >= 0, (0, 1)))
    if window is not None:
        before, after = _pair(window)
        near = jnp.logical_and(apart <= before, apart >= -after)
        masks.append(jnp.expand_dims(near, (0, 1)))
    return functools.reduce(jnp.logical_and, masks) if masks else None


def _attend_and_drop(
    scope: Scope,
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
    mask: jax.Array | None,
    rate: float,
) -> jax.Array:
    each = query.shape[-2] // key.shape[-2]
    key, value = (jnp.repeat(y, each, -2) if each > 1 else y for y in (key, value))
    logits = jnp.einsum(
        "btnh,bsnh->bnts", query, key, preferred_element_type=jnp.float32
    ) * jnp.float32(query.shape[-1] ** -0.5)
    if mask is not None:
        logits = jnp.where(mask, logits, jnp.float32(-0.7 * np.finfo("float32").max))
    weights = dropout(scope, jax.nn.softmax(logits).astype(query.dtype), rate)
    return jnp.einsum("bnts,bsnh->btnh", weights, value)
