"""Random keys: what is one, and the key of a name in a scope."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._errors import InvalidArgumentError, ScopeUsageError
from ._naming import fold_words, path_words
from ._where import user_line


def named_key(scope_key: jax.Array, name: str, index: Any) -> jax.Array:
    """The key `name` of the scope whose key is `scope_key`."""
    key = fold_words(scope_key, path_words((name,), "key"))
    return key if index is None else jax.random.fold_in(key, index)


def item_keys(key: jax.Array, n: int) -> jax.Array:
    """Keys of shape `(n,)` (raw ones `(n, words)`): `key` folded with each number."""
    return jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(n))


def key_axes(key: Any) -> int | None:
    """How many axes an array of keys has; None for what holds no keys."""
    dtype = getattr(key, "dtype", None)
    if dtype is None:
        return None
    axes: int = key.ndim
    if jnp.issubdtype(dtype, jax.dtypes.prng_key):
        return axes
    return axes - 1 if dtype == np.uint32 and axes else None


def require_key(key: Any) -> None:
    """Refuses what is no single random key."""
    if key is not None and key_axes(key) != 0:
        array = hasattr(key, "dtype") and hasattr(key, "shape")
        raise InvalidArgumentError(
            f"key must be one JAX random key, but received: {key!r}",
            expected="jax.random.key(seed)",
            found=f"an array of dtype {key.dtype} and shape {key.shape}"
            if array
            else type(key).__name__,
            where=user_line(),
            remedy=f"jax.random.key({key})" if isinstance(key, int) else None,
        )


def no_key(name: str) -> ScopeUsageError:
    return ScopeUsageError(
        f"Random key {name} was asked for, but apply was given no key.",
        name=name,
        where=user_line(),
        remedy="Pass one, net.apply(params, ..., key=key), or Scope(variables,"
        " key=key); or switch off what is random.",
    )
