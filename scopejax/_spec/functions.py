"""What can be read off a function: what it closes over, and the call that made it."""

from __future__ import annotations

import functools
from types import CellType
from typing import Any

from .. import initializers

_SCALED = initializers.glorot_uniform.func  # type: ignore[attr-defined]
_NAMED = {
    getattr(initializers, name).args: name
    for name in (
        "glorot_uniform",
        "glorot_normal",
        "he_uniform",
        "he_normal",
        "lecun_uniform",
        "lecun_normal",
    )
}


def closed_over(function: Any) -> tuple[Any, ...]:
    """The values that a function closes over; none for other callables."""
    return tuple(map(_contents, getattr(function, "__closure__", None) or ()))


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not set yet: the same as itself alone
        return cell


def describe(initializer: Any) -> str:
    """The call that made an initializer, as far as it can be told.

    >>> from jax.nn.initializers import normal, zeros
    >>> from scopejax.initializers import Fans
    >>> describe(normal(0.02)), describe(zeros), describe([1.0, 2.0])
    ('normal(0.02)', 'zeros', 'value')
    >>> describe(Fans(normal(0.02)))
    'Fans(normal(0.02))'
    """
    if not callable(initializer):
        return "value"
    if isinstance(initializer, functools.partial) and initializer.func is _SCALED:
        arguments = ", ".join(map(str, initializer.args))
        return _NAMED.get(initializer.args, f"variance_scaling({arguments})")
    name = getattr(initializer, "__qualname__", type(initializer).__name__)
    wrapped = getattr(initializer, "initializer", None)
    if callable(wrapped):  # one around another, as `initializers.Fans`
        return f"{name}({describe(wrapped)})"
    factory, _, inner = name.rpartition(".<locals>.")
    if not factory or inner == "<lambda>":
        return name.rpartition(".")[2]
    values = [value for value in closed_over(initializer) if _is_plain(value)]
    return f"{factory.rpartition('.')[2]}({', '.join(map(str, values))})"


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float | str)
