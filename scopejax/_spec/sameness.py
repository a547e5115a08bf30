"""When two initializers are one: equality of code and closed-over values.

`jax.nn.initializers.normal(0.02)` makes a new function at each call. Two of them do the
same, and one compiled program serves both. They are the same when their code, defaults
and closed-over values are; for functions outside of JAX and scopejax the globals that
they name count as well, since a notebook's cell may be run again with another value
there. What cannot be looked into (an array, an object with state) is the same as itself
alone, and only within one call of `init`: it may have changed by the next one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterator
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np

_BY_IDENTITY = (type, ModuleType, BuiltinFunctionType, np.ufunc)
_LIBRARIES = ("jax", "jaxlib", "numpy", "scopejax")


class _Same:
    """Equal for one object alone, which it keeps alive."""

    __slots__ = ("run", "value")

    def __init__(self, value: Any, run: object = None) -> None:
        self.value = value
        self.run = run

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Same)
            and self.value is other.value
            and self.run is other.run
        )

    def __hash__(self) -> int:
        return hash((id(self.value), id(self.run)))


def signature(value: Any, run: object) -> Hashable:
    """A key that is equal for initializers that do the same.

    Args:
      value: an initializer.
      run: stands for the call of `init`; opaque values are unequal across runs.

    >>> from jax.nn.initializers import normal
    >>> run = object()
    >>> signature(normal(0.02), run) == signature(normal(0.02), run)
    True
    >>> signature(normal(0.02), run) == signature(normal(0.03), run)
    False
    """
    return _key(value, run, frozenset())


def _key(value: Any, run: object, inside: frozenset[int]) -> Hashable:
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return type(value), repr(value)  # tells 0.0 from -0.0 and 1 from True
    if isinstance(value, _BY_IDENTITY):
        return _Same(value)
    for kind, key in _STRUCTURED.items():
        if isinstance(value, kind):
            return kind, key(value, run, inside)
    return _Same(value, run)


def _tuple(value: tuple[Any, ...], run: object, inside: frozenset[int]) -> Hashable:
    return tuple(_key(item, run, inside) for item in value)


def _partial(
    value: functools.partial[Any], run: object, inside: frozenset[int]
) -> Hashable:
    parts = (value.func, value.args, tuple(sorted(value.keywords.items())))
    return _tuple(parts, run, inside)


def _method(value: MethodType, run: object, inside: frozenset[int]) -> Hashable:
    return _tuple((value.__func__, value.__self__), run, inside)


def _function(value: FunctionType, run: object, inside: frozenset[int]) -> Hashable:
    if id(value) in inside:  # it calls itself
        return value.__qualname__
    inside |= {id(value)}
    defaults = tuple(sorted((value.__kwdefaults__ or {}).items()))
    parts = (value.__defaults__, defaults, closed_over(value), _globals(value))
    return value.__code__, _tuple(parts, run, inside)


def closed_over(function: Any) -> tuple[Any, ...]:
    """The values that a function closes over; none for other callables."""
    return tuple(map(_contents, getattr(function, "__closure__", None) or ()))


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not set yet: the same as itself alone
        return cell


def _globals(function: FunctionType) -> tuple[Any, ...]:
    if (function.__module__ or "").partition(".")[0] in _LIBRARIES:
        return ()
    scope = function.__globals__
    names = sorted(set(_names(function.__code__)) & scope.keys())
    return tuple((name, scope[name]) for name in names)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


_STRUCTURED: dict[type, Callable[[Any, object, frozenset[int]], Hashable]] = {
    tuple: _tuple,
    functools.partial: _partial,
    MethodType: _method,
    FunctionType: _function,
}
