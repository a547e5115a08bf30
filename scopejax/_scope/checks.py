"""What a lookup refuses: other shapes and dtypes, whole stacks, no trees."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from .._base.errors import InvalidArgumentError, ScopeUsageError, VariableMismatchError
from .._base.lines import user_line
from .._base.names import Path, join
from .._base.texts import brief
from .._base.trees import leaves
from .._jax.modes import jit_is_off
from .._jax.surroundings import loops
from .place import Place
from .request import Request

Sizes = tuple[int, ...]


def require_value_or_shape(request: Request) -> None:
    """Refuses a shape beside a value, as TF1 does, even where the two agree."""
    value = request.initializer is not None and not callable(request.initializer)
    if value and request.shape is not None:
        raise InvalidArgumentError(
            "If initializer is a constant, do not specify shape.",
            name=request.name,
            found=f"shape {request.shape} and a value of shape "
            f"{value_shape(request.initializer)}",
            where=user_line(),
            remedy="Leave shape out.",
        )


def require_shape(name: str, wanted: Any, found: Sizes, stack: Sizes) -> None:
    """Refuses another shape than `wanted`, where None stands for any size."""
    if wanted is None or wanted == found:
        return
    if len(wanted) == len(found) and all(
        size in (None, there) for size, there in zip(wanted, found, strict=True)
    ):
        return
    if stack and found[: len(stack)] == stack and found[len(stack) :] == wanted:
        raise whole_stack("variable", name, stack)
    raise VariableMismatchError(
        f"Trying to share variable {name}, but specified shape {wanted} and found"
        f" shape {found}.",
        name=name,
        expected=str(wanted),
        found=str(found),
        where=user_line(),
        remedy="If the shape follows from an input, pass one like that of init; else"
        " ask for the shape it has, or give this variable another name.",
    )


def require_dtype(name: str, wanted: np.dtype, found: Any) -> None:
    """Refuses another dtype than `wanted`."""
    if wanted != found:
        raise VariableMismatchError(
            f"Trying to share variable {name}, but specified dtype {wanted} and found"
            f" dtype {found}.",
            name=name,
            expected=str(wanted),
            found=str(found),
            where=user_line(),
            remedy=f"get_variable(..., dtype={str(found)!r}), or the same as the dtype"
            " of its scope: scope.with_options(dtype=...).",
        )


def whole_stack(what: str, name: str, sizes: Sizes) -> ScopeUsageError:
    """The error for reading a stack as if it were one of its items."""
    return ScopeUsageError(
        f"The {what} {name} is asked of a stack of {' x '.join(map(str, sizes))}, not"
        " of one of its items.",
        name=name,
        where=user_line(),
        remedy="Pass the stacked scope as xs to jax.lax.scan, or as a mapped argument"
        " to jax.vmap, and ask the scope that arrives in the function.",
    )


def require_varying(name: str, index: Any, place: Place) -> None:
    """Refuses a key that would be the same at each step of a loop of JAX."""
    if place.options.reuse or isinstance(index, jax.core.Tracer):
        return
    if index is not None and jit_is_off():  # the number of a step, or one as good
        return
    if loops() > place.loops:
        raise ScopeUsageError(
            f"Random key {name} is asked for in a loop whose steps all have the same"
            " scope: it would give the same numbers at each step.",
            name=name,
            where=user_line(),
            remedy="scope.key(name, index=i) with the number of the step; or a stack,"
            " scan(f, x, scope.stack(n)); or, to have the same numbers on purpose,"
            " scope.with_options(reuse=AUTO_REUSE).",
        )


def require_tree(variables: Any, what: str = "variables") -> None:
    """Refuses what is no nested dict; the deeper levels are looked at when read."""
    if not isinstance(variables, Mapping):
        leaves(variables, what)


def require_size(n: Any, name: str) -> int:
    """The number of items of a stack."""
    try:
        size = operator.index(n)
    except TypeError:
        size = 0
    if size < 1 or isinstance(n, bool):
        raise InvalidArgumentError(
            f"The length of a stack must be a positive whole number, but received:"
            f" {brief(n)}",
            name=name,
            where=user_line(),
        )
    return size


def require_stack(variables: Any, n: int, path: Path) -> bool:
    """Refuses variables without a leading axis of `n`; whether there are any."""
    if not isinstance(variables, Mapping):
        raise InvalidArgumentError(
            f"{join(path)} is a variable, not a scope that could be stacked.",
            name=join(path),
            where=user_line(),
        )
    found = False
    for below, leaf in leaves(variables, "variables", path):
        found, shape = True, np.shape(leaf)
        if shape[:1] != (n,):
            full = join(below)
            raise VariableMismatchError(
                f"Variable {full} is no stack of {n} alike layers: its shape is"
                f" {shape}.",
                name=full,
                expected=f"({n}, ...)",
                found=str(shape),
                where=user_line(),
                remedy="Stack the layers' arrays on a new first axis.",
            )
    return found


def value_shape(value: Any) -> Sizes | None:
    """The shape of a value given as initializer; None where there is none."""
    return None if value is None else tuple(np.shape(value))


def axes_for(request: Request, shape: tuple[int, ...]) -> tuple[str | None, ...] | None:
    """The logical names of the axes of a new variable, checked: one for each."""
    axes = request.axes
    if axes is None:
        return None
    named = isinstance(axes, list | tuple) and all(
        axis is None or isinstance(axis, str) for axis in axes
    )
    if not named or len(axes) != len(shape):
        raise InvalidArgumentError(
            f"Variable {request.name} has {len(shape)} axes, and others are named.",
            name=request.name,
            expected=f"a name or None for each axis of shape {shape}",
            found=brief(axes),
            where=user_line(),
            remedy='axes=("embed", "mlp"), for one.',
        )
    return tuple(axes)
