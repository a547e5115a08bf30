"""The keys and values of a text so far, as state."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
from jax.nn.initializers import zeros

from .._scope.scope import Scope
from .._spec.options import no_regularizer
from ._base import require


@dataclasses.dataclass(frozen=True)
class Cache:
    """A cache before a call.

    Attributes:
      scope: holds the state ``key`` and ``value`` `(batch, length, kv_heads, size)`,
        and ``index`` `()`, int32.
      length: how many positions there is room for.
      index: how many of them are taken.
    """

    scope: Scope
    length: int
    index: jax.Array

    def positions(self, time: int) -> jax.Array:
        """Of the next `time` tokens, `(time,)`."""
        return self.index + jnp.arange(time, dtype=self.index.dtype)

    def extended(self, key: jax.Array, value: jax.Array) -> tuple[jax.Array, jax.Array]:
        """All keys and values, with those of the next tokens `(batch, time, ...)`."""
        time = key.shape[1]
        self.scope.assign("index", self.index + jnp.asarray(time, self.index.dtype))
        return self._written("key", key), self._written("value", value)

    def _written(self, name: str, new: jax.Array) -> jax.Array:
        shape = (new.shape[0], self.length, *new.shape[2:])
        old = _state(self.scope, name, shape, new.dtype)
        whole = jax.lax.dynamic_update_slice_in_dim(old, new, self.index, 1)
        self.scope.assign(name, whole)
        return whole

    def checked(self, y: jax.Array, time: int) -> jax.Array:
        """`y`; NaN where the cache had no room: nothing can be raised while traced."""
        fits = self.index + jnp.asarray(time, self.index.dtype) <= self.length
        return jnp.where(fits, y, jnp.full_like(y, jnp.nan))


def cache_at(scope: Scope, length: int, time: int) -> Cache:
    """The cache in `scope`, for `time` tokens more."""
    require(
        0 < time <= length,
        f"{time} tokens do not fit into a cache of length {length}",
    )
    return Cache(scope, length, _state(scope, "index", (), jnp.int32))


def _state(
    scope: Scope, name: str, shape: tuple[int, ...], dtype: jnp.dtype
) -> jax.Array:
    return scope.get_variable(
        name, shape, dtype, zeros, regularizer=no_regularizer, trainable=False
    )
