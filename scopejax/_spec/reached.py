"""What a function's code reaches besides its arguments: globals, imports, builtins."""

from __future__ import annotations

import dis
import functools
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import jax

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
    """The globals that a function names, ``((name, value), ...)``.

    Returns:
      None where its code may read more than that: it imports a module that can change,
      evaluates text, or draws from NumPy's generator.

    >>> import math
    >>> STD = 0.02
    >>> reached(eval("lambda: math.sqrt(STD)", {"math": math, "STD": STD}))
    (('STD', 0.02), ('math', <module 'math' ...>))
    """
    if is_fixed(module_of(function)):
        return ()
    named, scope = _named(function.__code__), function.__globals__
    if (named.reads - scope.keys()) & _ANYTHING or not all(
        map(is_fixed, named.imports)
    ):
        return None
    if any(scope.get(name) is not jax for name in named.random):
        return None
    return tuple((name, scope[name]) for name in sorted(named.reads & scope.keys()))


class _Named(NamedTuple):
    """The names that code reads, modules that it imports, and owners of `random`."""

    reads: frozenset[str]
    imports: frozenset[str]
    random: frozenset[str]


@functools.lru_cache(maxsize=4096)
def _named(code: CodeType) -> _Named:
    reads: set[str] = set()
    imports: set[str] = set()
    random: set[str] = set()
    for inner in _codes(code):
        before: Any = None
        for instruction in dis.get_instructions(inner):
            if instruction.opname in _READS:
                reads.add(instruction.argval)
            elif instruction.opname == "IMPORT_NAME":
                imports.add(instruction.argval)
            elif instruction.opname in _ATTRIBUTES and instruction.argval == "random":
                random.add(str(before))
            before = instruction.argval
    return _Named(frozenset(reads), frozenset(imports), frozenset(random))


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
