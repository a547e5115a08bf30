"""Keys that are equal for functions, and other values, that do the same.

A key is made by looking into a value, to the end: a function's code, its defaults,
attributes and closed-over values, and the globals that it names (see `reached`); the
fields of a dataclass or a named tuple; the attributes of a class. Libraries don't
change. What can't be looked into (an array, an object with state, a module of the
user's) is equal to itself alone, and only within one run: by the next one it may have
changed.
"""

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
from collections.abc import Callable, Hashable, Mapping
from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

import jax
import numpy as np
from jax.sharding import AbstractMesh, Mesh, NamedSharding, PartitionSpec

from .functions import closed_over
from .reached import is_fixed, is_fixed_object, module_of, reached

_PLAIN = (type(None), int, float, complex, str, bytes, np.generic, np.dtype)
_HASHED = (enum.Enum, PartitionSpec, NamedSharding, Mesh, AbstractMesh)
_BY_IDENTITY = (type, ModuleType, BuiltinFunctionType)

# They say where an object keeps a value, and hold none.
_SLOTS = (
    MemberDescriptorType,
    GetSetDescriptorType,
    type(vars(collections.namedtuple("_One", "field"))["field"]),
)

# How many functions and classes, and how deep: what is beyond can't be looked into.
_MOST, _DEEPEST = 500, 100

# Attributes of a class that say nothing of what it does, or are seen elsewhere.
_UNSEEN = frozenset(
    (
        *("__module__", "__doc__", "__annotations__", "__annotate_func__"),
        *("__annotations_cache__", "__firstlineno__", "__static_attributes__"),
        *("__dict__", "__weakref__", "__dataclass_fields__", "__dataclass_params__"),
        *("__orig_bases__", "__parameters__", "_abc_impl", "__abstractmethods__"),
        "_field_defaults",
    )
)


class Same:
    """Equal for one object alone, which it keeps alive, in one run or in any."""

    __slots__ = ("run", "value")

    def __init__(self, value: Any, run: object = None) -> None:
        self.value = value
        self.run = run

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Same)
            and self.value is other.value
            and self.run is other.run
        )

    def __hash__(self) -> int:
        return hash((id(self.value), id(self.run)))


def signature(value: Any, run: object) -> Hashable:
    """A key that is equal for values that do the same.

    Args:
      value: an initializer, a model, or anything that they use.
      run: stands for the call of `init`; opaque values are unequal across runs.

    >>> from jax.nn.initializers import normal
    >>> run = object()
    >>> signature(normal(0.02), run) == signature(normal(0.02), run)
    True
    >>> signature(normal(0.02), run) == signature(normal(0.03), run)
    False
    """
    return _Walk(run).key(value)


def lasting_signature(value: Any) -> Hashable | None:
    """The same for any run, or None: something in it can't be looked into.

    >>> lasting_signature(len) == lasting_signature(len), lasting_signature([1])
    (True, None)
    """
    try:
        return _Walk(None).key(value)
    except _Opaque:
        return None


class _Opaque(Exception):
    """There is no end to what a value may be."""


Parts = tuple[Hashable, tuple[Any, ...]]
"""What is compared as it is, and what is looked into in its turn."""


class _Walk:
    """One look into a value, to the end.

    A function or class that was seen before goes by its number: one that many others
    name is looked into once, and one that names itself comes to an end.
    """

    def __init__(self, run: object | None) -> None:
        self._run = run
        self._seen: dict[int, int] = {}
        self._depth = 0

    def key(self, value: Any) -> Hashable:
        """The key of one value."""
        kind = type(value)
        if is_fixed(kind.__module__):
            if isinstance(value, _PLAIN):
                return kind, repr(value)  # tells 0.0 from -0.0 and 1 from True
            if isinstance(value, _HASHED):
                return kind, value
        if isinstance(value, _SLOTS) or (
            isinstance(value, _BY_IDENTITY) and is_fixed_object(value)
        ):
            return Same(value)
        if isinstance(value, FunctionType | type):
            if id(value) in self._seen:
                return "seen", self._seen[id(value)]
            self._seen[id(value)] = len(self._seen)
        near = len(self._seen) < _MOST and self._depth < _DEEPEST
        parts = _parts(value) if near else None
        if parts is None:
            return self._opaque(value)
        same, others = parts
        self._depth += 1
        keys = tuple(map(self.key, others))
        self._depth -= 1
        return kind, same, keys

    def _opaque(self, value: Any) -> Same:
        if self._run is None:
            raise _Opaque
        return Same(value, self._run)


def _parts(value: Any) -> Parts | None:
    """None for what can't be looked into."""
    kind = type(value)
    if kind in _LOOKS:
        return _LOOKS[kind](value)
    if isinstance(value, type) and is_fixed(kind.__module__):
        return _class(value)
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(value):
        return None, (kind, _fields(value))
    if isinstance(value, tuple) and not hasattr(value, "__dict__"):  # a named one
        return None, (kind, tuple(value))
    if is_fixed(kind.__module__) and callable(value) and hasattr(value, "__wrapped__"):
        return Same(value), (value.__wrapped__,)  # of jax.jit and the like
    return None


def _tuple(value: tuple[Any, ...]) -> Parts:
    return None, value


def _partial(value: functools.partial[Any]) -> Parts:
    return None, (value.func, value.args, _items(value.keywords))


def _method(value: MethodType) -> Parts:
    return None, (value.__func__, value.__self__)


def _wrapped(value: Any) -> Parts:
    return None, (value.__func__,)


def _property(value: property) -> Parts:
    return None, (value.fget, value.fset, value.fdel)


def _function(value: FunctionType) -> Parts | None:
    globals_ = reached(value)
    if globals_ is None:
        return None
    own = () if is_fixed(module_of(value)) else _items(vars(value))
    defaults = (value.__defaults__, _items(value.__kwdefaults__ or {}))
    return value.__code__, (defaults, closed_over(value), globals_, own)


def _class(value: type) -> Parts:
    attributes = {k: v for k, v in vars(value).items() if k not in _UNSEEN}
    if _is_generated(attributes.get("__repr__")):
        del attributes["__repr__"]
    return value.__qualname__, (value.__mro__[1:], _items(attributes))


def _is_generated(function: Any) -> bool:
    """Whether a `__repr__` is that of a dataclass, which notes where it runs."""
    makers = ("reprlib", "dataclasses")
    return isinstance(function, FunctionType) and module_of(function) in makers


def _fields(value: Any) -> tuple[Any, ...]:
    names = [field.name for field in dataclasses.fields(value)]
    names += [name for name in getattr(value, "__dict__", ()) if name not in names]
    return tuple((name, getattr(value, name, None)) for name in names)


def _items(table: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(sorted(table.items(), key=lambda item: item[0]))


_LOOKS: dict[type, Callable[[Any], Parts | None]] = {
    tuple: _tuple,
    functools.partial: _partial,
    jax.tree_util.Partial: _partial,
    MethodType: _method,
    FunctionType: _function,
    staticmethod: _wrapped,
    classmethod: _wrapped,
    property: _property,
}
