"""When two values are one, wherever they were made: initializers above all.

`jax.nn.initializers.normal(0.02)` makes a new function at each call. Two of them do the
same, and one compiled program serves both. `signature` in the file of that name decides
it for one call of `init`. Here `lasting` is a key for any call, also of a library's
modules, and `same` compares two values that exist, numbers of arrays and attributes of
objects too.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
from collections.abc import Callable, Hashable, Mapping
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from .._base.trees import is_array
from .functions import closed_over
from .signature import Same, lasting_signature

# In any call


class Opaque(Exception):
    """The value is the same as nothing else."""


def lasting(value: Any) -> Hashable:
    """A key that is equal for values that do the same, in any call.

    Two modules of a library do the same when their class and fields do. What cannot be
    looked into has no key: an array, an object with state, a function that closes over
    either. So no cache keeps a traced value alive.

    Raises:
      Opaque: there is none.

    >>> lasting((1, "a")) == lasting((1, "a")), lasting(1) == lasting(1.0)
    (True, False)
    >>> lasting(1) == lasting(True)
    False
    """
    kind = type(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return kind, tuple(
            (name, lasting(getattr(value, name, None))) for name in names
        )
    for structured, key in _LASTING.items():
        if isinstance(value, structured):
            return kind, key(value)
    if isinstance(value, type):
        return Same(value)
    if not isinstance(value, FunctionType) and hasattr(value, "__wrapped__"):
        lasting(value.__wrapped__)  # of jax.jit, jax.custom_jvp and the like
        return Same(value)
    found = lasting_signature(value)
    if found is None:
        raise Opaque
    return found


def _lasting_sequence(value: Any) -> Hashable:
    return tuple(map(lasting, value))


def _lasting_mapping(value: Mapping[Any, Any]) -> Hashable:
    return tuple((lasting(key), lasting(item)) for key, item in value.items())


def _hashed(value: Any) -> Hashable:
    hashed: Hashable = value
    return hashed


_LASTING: dict[Any, Callable[[Any], Hashable]] = {
    Mapping: _lasting_mapping,
    list: _lasting_sequence,
    tuple: _lasting_sequence,
    enum.Enum: _hashed,
    np.dtype: _hashed,
}


# Two values


def same(one: Any, two: Any, inside: frozenset[tuple[int, int]] = frozenset()) -> bool:
    """Whether two values do the same, as far as can be told by looking into them.

    Functions are the same if their code and what they close over are, wherever they
    stand; objects if their type and attributes are; arrays if their numbers are.

    >>> from jax.nn.initializers import normal
    >>> same(normal(0.02), normal(0.02)), same(normal(0.02), normal(0.03))
    (True, False)
    """
    if one is two or (id(one), id(two)) in inside:
        return True
    if is_array(one) and is_array(two):
        return _same_array(one, two)
    if type(one) is not type(two):
        return False
    inside |= {(id(one), id(two))}
    parts = [_parts(value) for value in (one, two)]
    if parts[0] is None or parts[1] is None:
        return _equal(one, two)
    return len(parts[0]) == len(parts[1]) and all(
        same(a, b, inside) for a, b in zip(*parts, strict=True)
    )


def _equal(one: Any, two: Any) -> bool:
    try:
        return bool(one == two)
    except (TypeError, ValueError):  # arrays inside: the truth value is ambiguous
        return False


def _same_array(one: Any, two: Any) -> bool:
    if one.shape != two.shape or one.dtype != two.dtype:
        return False
    return np.array_equal(np.asarray(one), np.asarray(two), equal_nan=True)


def _parts(value: Any) -> list[Any] | None:
    """What a value is made of; None for what is compared as a whole."""
    if isinstance(value, FunctionType):
        defaults = (value.__defaults__, value.__kwdefaults__)
        return [*_code(value.__code__), *defaults, *closed_over(value)]
    if isinstance(value, MethodType):
        return [value.__func__, value.__self__]
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, dict):
        return [part for item in value.items() for part in item]
    if isinstance(value, tuple | list):
        return list(value)
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(value):
        return [getattr(value, field.name) for field in dataclasses.fields(value)]
    return _attributes(value)


def _attributes(value: Any) -> list[Any] | None:
    """Those of an object that does not say itself when it is equal to another."""
    if getattr(type(value), "__eq__", None) is not object.__eq__:
        return None
    return [vars(value)] if hasattr(value, "__dict__") else None


def _code(code: CodeType) -> list[Any]:
    """The code of a function, wherever it stands in its file."""
    constants = [
        _code(part) if isinstance(part, CodeType) else (type(part), part)
        for part in code.co_consts
    ]
    return [code.co_code, code.co_names, code.co_varnames, constants]
