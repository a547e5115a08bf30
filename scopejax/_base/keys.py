"""Random keys: what is one, and the key of a name in a scope."""

from __future__ import annotations

import operator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .errors import InvalidArgumentError, ScopeUsageError
from .lines import user_line
from .names import Path, fold_scopes, fold_words, path_words
from .texts import brief
from .trees import is_array


def named_key(key: jax.Array, path: Path, index: Any) -> jax.Array:
    """The key whose name is the last component of `path`, below the scope of `key`."""
    *scopes, name = path
    key = fold_words(fold_scopes(key, tuple(scopes)), path_words((name,), "key"))
    return key if index is None else jax.random.fold_in(key, index)


def as_index(index: Any, name: str) -> Any:
    """An index that `jax.random.fold_in` takes whole: 32 bits, no sign, one number."""
    if index is None or _is_traced_index(index):
        return index
    try:
        if isinstance(index, bool | np.bool_):
            raise TypeError("a bool is no index")
        number = operator.index(index)
        if 0 <= number < 2**32:
            return number
    except TypeError:
        pass
    raise InvalidArgumentError(
        f"The index of a random key must be a whole number of 32 bits, but received:"
        f" {brief(index)}",
        name=name,
        where=user_line(),
    )


def _is_traced_index(index: Any) -> bool:
    if not isinstance(index, jax.core.Tracer):
        return False
    return index.shape == () and bool(jnp.issubdtype(index.dtype, jnp.integer))


def item_keys(key: jax.Array, n: int) -> jax.Array:
    """Keys of shape `(n,)` (raw ones `(n, words)`): `key` folded with each number."""
    return jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(n))


def is_typed_key(array: Any) -> bool:
    """Whether an array holds keys of JAX's own dtype, not raw words."""
    return bool(jnp.issubdtype(array.dtype, jax.dtypes.prng_key))


def key_axes(key: Any) -> int | None:
    """How many axes an array of keys has; None for what holds no keys."""
    if not hasattr(key, "dtype"):
        return None
    axes: int = key.ndim
    if is_typed_key(key):
        return axes
    return axes - 1 if key.dtype == np.uint32 and axes else None


def _is_single_key(key: Any) -> bool:
    if not isinstance(key, jax.Array | np.ndarray) or key_axes(key) != 0:
        return False
    if key.dtype != np.uint32:
        return True
    raw: jax.ShapeDtypeStruct = jax.eval_shape(lambda: jax.random.PRNGKey(0))
    return bool(key.shape == raw.shape)


def require_key(key: Any) -> None:
    """Refuses what is no single random key."""
    if not _is_single_key(key):
        raise InvalidArgumentError(
            f"key must be one JAX random key, but received: {brief(key)}",
            expected="jax.random.key(seed)",
            found=f"an array of dtype {key.dtype} and shape {key.shape}"
            if is_array(key)
            else type(key).__name__,
            where=user_line(),
            remedy=f"jax.random.key({key})" if isinstance(key, int) else None,
        )


def no_key(name: str) -> ScopeUsageError:
    """The error for a key that apply was not given."""
    return ScopeUsageError(
        f"Random key {name} was asked for, but apply was given no key.",
        name=name,
        where=user_line(),
        remedy="Pass one, net.apply(params, ..., key=key), or Scope(variables,"
        " key=key); or switch off what is random.",
    )
