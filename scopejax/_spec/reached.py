"""What a function's code reaches besides its arguments: globals, imports, builtins."""

from __future__ import annotations

import dis
import functools
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import numpy as np

# Libraries whose functions and classes stay as they are while a program runs.
_FIXED = frozenset(
    (
        *("jax", "jaxlib", "numpy", "ml_dtypes", "scopejax"),
        *("builtins", "math", "cmath", "operator", "functools", "itertools"),
        *("typing", "collections", "abc", "enum", "dataclasses"),
    )
)

# Builtins by which code may read anything at all.
_ANYTHING = frozenset(
    ["eval", "exec", "globals", "locals", "vars", "__import__", "open", "input"]
)

_READS = ("LOAD_GLOBAL", "LOAD_NAME")
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")


def is_fixed(module: str | None) -> bool:
    """Whether what a module holds can't change, `module` being its full name.

    >>> is_fixed("jax.numpy"), is_fixed("my_settings"), is_fixed(None)
    (True, False, False)
    """
    return (module or "").partition(".")[0] in _FIXED


def module_of(function: FunctionType) -> str | None:
    """Where a function was written; `functools.wraps` doesn't change it.

    >>> import jax
    >>> module_of(jax.nn.initializers.normal).startswith("jax")
    True
    """
    name: str | None = function.__globals__.get("__name__")
    return name


def reached(function: FunctionType) -> tuple[Any, ...] | None:
    """The globals that a function names, ``((names, value), ...)``.

    Of a module that can change it is what is read from it: ``("settings", "std")``.

    Returns:
      None where its code may read more than that: it imports a module that can change,
      hands one on, evaluates text, or draws from NumPy's generator.

    >>> import math
    >>> STD = 0.02
    >>> reached(eval("lambda: math.sqrt(STD)", {"math": math, "STD": STD}))
    ((('STD',), 0.02), (('math', 'sqrt'), <module 'math' ...>))
    """
    if is_fixed(module_of(function)):
        return ()
    named, scope = _named(function.__code__), function.__globals__
    if not all(map(is_fixed, named.imports)) or named.draws:
        return None
    found = tuple((names, _read(names, scope)) for names in named.reads)
    return None if any(value is _UNKNOWN for _, value in found) else found


_UNKNOWN = object()


def _read(names: tuple[str, ...], scope: dict[str, Any]) -> Any:
    """What a global, or an attribute of a module, is; None for a builtin."""
    first, *attributes = names
    if first not in scope:
        return _UNKNOWN if first in _ANYTHING else None
    value = scope[first]
    for attribute in attributes:
        if value is np and attribute == "random":
            return _UNKNOWN
        if not _can_change(value):
            return value
        value = getattr(value, attribute, _UNKNOWN)
    return _UNKNOWN if _can_change(value) else value


def _can_change(value: Any) -> bool:
    return isinstance(value, ModuleType) and not is_fixed(value.__name__)


class _Named(NamedTuple):
    """What code names.

    Attributes:
      reads: globals, each with the attributes that are read from it: ``("a", "b")``.
      imports: modules.
      draws: whether it reads an attribute `random` from what is no global.
    """

    reads: tuple[tuple[str, ...], ...]
    imports: frozenset[str]
    draws: bool


@functools.lru_cache(maxsize=4096)
def _named(code: CodeType) -> _Named:
    reads: list[tuple[str, ...]] = []
    imports: set[str] = set()
    draws = False
    for inner in _codes(code):
        is_global = False
        for instruction in dis.get_instructions(inner):
            name, operation = instruction.argval, instruction.opname
            is_attribute = operation in _ATTRIBUTES
            if operation in _READS:
                reads.append((name,))
            elif operation == "IMPORT_NAME":
                imports.add(name)
            elif is_attribute and is_global:
                reads[-1] += (name,)
            elif is_attribute and name == "random":
                draws = True
            is_global = operation in _READS or (is_attribute and is_global)
    return _Named(tuple(sorted(set(reads))), frozenset(imports), draws)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Code, and that of the functions within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def is_fixed_object(value: Any) -> bool:
    """Whether a module, a class or a C function is one of those that can't change.

    >>> import math
    >>> is_fixed_object(math), is_fixed_object(math.sqrt), is_fixed_object([].append)
    (True, True, False)
    """
    if isinstance(value, ModuleType):
        return is_fixed(value.__name__)
    if isinstance(value, type):
        return is_fixed(value.__module__)
    owner = getattr(value, "__self__", None)  # of a C function: its module, mostly
    if isinstance(owner, ModuleType | type):
        return is_fixed_object(owner)
    return owner is None and is_fixed(value.__module__)
