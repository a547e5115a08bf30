"""When two calls of a library's module are one: then it is traced only once.

A module is often made anew each time that a model runs, ``nn.Dense(64)``. Two of them
do the same when their class and fields do. What cannot be looked into is the same as
nothing, and traced each time: an array, an object with state, a function that closes
over either. So no cache keeps a traced value alive.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Hashable, Mapping
from types import FunctionType
from typing import Any

import numpy as np

from .._spec.sameness import signature

_OPAQUE = object(), object()  # two runs: what differs between them is opaque


class Opaque(Exception):
    """The value is the same as nothing else."""


class _Itself:
    """Equal for one object alone, which it keeps alive."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def same(value: Any) -> Hashable:
    """A key that is equal for values that do the same.

    Raises:
      Opaque: there is none.

    >>> same((1, "a")) == same((1, "a")), same(1) == same(1.0), same(1) == same(True)
    (True, False, False)
    """
    kind = type(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return kind, tuple((name, same(getattr(value, name, None))) for name in names)
    for structured, key in _STRUCTURED.items():
        if isinstance(value, structured):
            return kind, key(value)
    if not isinstance(value, type | FunctionType) and hasattr(value, "__wrapped__"):
        same(value.__wrapped__)  # of jax.jit, jax.custom_jvp and the like
        return _Itself(value)
    one, two = (signature(value, run) for run in _OPAQUE)
    if one != two:
        raise Opaque
    return one


def _sequence(value: Any) -> Hashable:
    return tuple(map(same, value))


def _mapping(value: Mapping[Any, Any]) -> Hashable:
    return tuple((same(key), same(item)) for key, item in value.items())


def _hashed(value: Any) -> Hashable:
    hashed: Hashable = value
    return hashed


_STRUCTURED: dict[Any, Callable[[Any], Hashable]] = {
    Mapping: _mapping,
    list: _sequence,
    tuple: _sequence,
    enum.Enum: _hashed,
    np.dtype: _hashed,
}
