"""Kinds of variable: those that one program can make, given their keys."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar, TypeVarTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding

from .._jax.flags import x64
from .._spec.partition import on_devices
from .._spec.signature import lasting_signature, signature
from .._spec.spec import VariableSpec

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """All that a program depends on; `initializer` is one of those with `same`.

    Attributes:
      same: equal for initializers that do the same.
      shape, dtype: of one item.
      stack: the sizes of the axes in front of it.
      key: the abstract root key.
      x64: whether JAX has numbers of 64 bits, also between the steps of a trace.
      initializer: ``(key, shape, dtype) -> array``.
      is_open: whether `same` says all of it: there is no state that it could share
        with the model, and it may be called at any time.
      sharding: where its parts lie; None where no mesh is in force.
      own: what is known of kinds that are not open, in this call of `init`.
    """

    same: Hashable
    shape: tuple[int, ...]
    dtype: np.dtype
    stack: tuple[int, ...]
    key: jax.ShapeDtypeStruct
    x64: bool
    initializer: Callable[..., Any] = dataclasses.field(compare=False)
    is_open: bool = dataclasses.field(compare=False)
    sharding: NamedSharding | None = None
    own: dict[Any, Any] = dataclasses.field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def item(self) -> Kind:
        """The kind of one item of the stack, on one device."""
        return dataclasses.replace(self.whole, stack=()) if self.stack else self.whole

    @property
    def whole(self) -> Kind:
        """The same on one device."""
        return dataclasses.replace(self, sharding=None) if self.sharding else self

    def value(self, key: jax.Array) -> jax.Array:
        """What the initializer makes of an item's key.

        Raises:
          BadResult: it is not an array of this shape and dtype.
        """
        result = self.initializer(key, self.shape, self.dtype)
        if not hasattr(result, "dtype"):
            raise BadResult("an array", _what(result))
        expected, found = (
            f"shape {tuple(shape)} and dtype {dtype}"
            for shape, dtype in ((self.shape, self.dtype), (result.shape, result.dtype))
        )
        if expected != found:
            raise BadResult(expected, found)
        return jnp.asarray(result, self.dtype)


class Item(NamedTuple):
    """The jitted initializer of one item, and what JAX found when it ran, once."""

    init: Any
    traced: Any


# Kinds whose programs are kept, at about a megabyte each.
KEPT = 512


def once(find: Callable[[Kind, *Ts], T]) -> Callable[[Kind, *Ts], T]:
    """`find(kind, ...)`, which looks once for all calls of `init`.

    For a kind that is not open, once for the call that it belongs to: no other call can
    use it, and its initializer may hold arrays.
    """
    shared = functools.lru_cache(maxsize=KEPT)(find)

    @functools.wraps(find)
    def found(kind: Kind, *args: *Ts) -> T:
        if kind.is_open:
            return shared(kind, *args)
        facts = (find, kind, args)
        if facts not in kind.own:
            kind.own[facts] = find(kind, *args)
        value: T = kind.own[facts]
        return value

    vars(found).update(cache_info=shared.cache_info, cache_clear=shared.cache_clear)
    return found


@once
def item_of(kind: Kind) -> Item:
    """Of a kind without a stack."""
    init = jax.jit(kind.value)
    return Item(init, init.trace(kind.key))


class BadResult(Exception):
    """An initializer returned something else than asked for."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


def _what(result: Any) -> str:
    if callable(result):
        return "a function: was an initializer's factory passed, and not called?"
    return f"{result!r}, of type {type(result).__name__}"


class Kinds:
    """The kinds of one call of `init`; opaque initializers are equal within it."""

    def __init__(self, key: jax.ShapeDtypeStruct, mesh: Mesh | None = None) -> None:
        self._key = key
        self._mesh = mesh
        self._shardings: dict[str, NamedSharding] = {}
        self._x64 = x64()
        self._token = object()
        self._own: dict[Any, Any] = {}
        self._by_facts: dict[tuple[Any, ...], Kind] = {}
        self._kinds: dict[tuple[Any, ...], Kind] = {}
        self._initializers: list[Any] = []

    def of(self, spec: VariableSpec) -> Kind:
        """The kind of `spec`, one object for all that share it."""
        sharding = self._sharding(spec)
        facts = (id(spec.initializer), spec.shape, spec.stack, spec.dtype, sharding)
        kind = self._by_facts.get(facts)
        if kind is None:
            self._initializers.append(spec.initializer)  # no other gets its id
            kind = self._by_facts[facts] = self._by_value(spec, sharding)
        return kind

    def _sharding(self, spec: VariableSpec) -> NamedSharding | None:
        if self._mesh is None:
            return None
        known = self._shardings.get(spec.name)
        if known is None:
            known = self._shardings[spec.name] = on_devices(spec, self._mesh)
        return known

    def _by_value(self, spec: VariableSpec, sharding: NamedSharding | None) -> Kind:
        same = signature(spec.initializer, self._token)
        value = (same, spec.shape, spec.stack, spec.dtype, sharding)
        if value not in self._kinds:
            is_open = lasting_signature(spec.initializer) is not None
            self._kinds[value] = Kind(
                same=same,
                shape=spec.item_shape,
                dtype=spec.dtype,
                stack=spec.stack,
                key=self._key,
                x64=self._x64,
                initializer=spec.initializer,
                is_open=is_open,
                sharding=sharding,
                own={} if is_open else self._own,  # an open kind outlives the call
            )
        return self._kinds[value]
