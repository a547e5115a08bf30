"""The errors for what is not there: a variable, a match, the inputs of a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .errors import InitializerError, InvalidArgumentError, VariableNotFoundError
from .lines import user_line
from .names import nearest
from .texts import brief


def not_found(
    headline: str,
    name: str,
    names: Iterable[str] = (),
    *,
    found: str | None = None,
    remedy: str | None = None,
) -> VariableNotFoundError:
    """The error for the variable `name`, which is not among `names`."""
    return VariableNotFoundError(
        headline,
        name=name,
        found=found,
        where=user_line(),
        nearest=nearest(name, names),
        remedy=remedy,
    )


def does_not_exist(name: str, names: Iterable[str]) -> VariableNotFoundError:
    """TF1's error for a lookup of what was not created."""
    return not_found(
        f"Variable {name} does not exist, or was not created with get_variable()."
        " Did you mean to set reuse=AUTO_REUSE in its scope?",
        name,
        names,
        remedy="Create it first, or look it up under its name; AUTO_REUSE does either.",
    )


def not_given(
    name: str, names: Iterable[str], found: str | None = None
) -> VariableNotFoundError:
    """The error for a variable that is missing among those given."""
    names = list(names)
    if name in names:
        return _hole(name)
    return not_found(
        f"Variable {name} does not exist in the variables given.",
        name,
        names,
        found=found,
        remedy="`check` of the transformed model lists every difference; `init(...,"
        " given=params)` makes what is missing.",
    )


def _hole(name: str) -> VariableNotFoundError:
    """The error for None in the place of a variable."""
    return not_found(
        f"Variable {name} does not exist in the variables given: None is in its place.",
        name,
        found="None",
        remedy="Fill the holes that a filter or a mask left; `check` of the transformed"
        " model lists all, and `init(..., given=params)` makes what is missing.",
    )


def out_of_reach(name: str, inside: str) -> VariableNotFoundError:
    """The error for a variable outside of what passed into a JAX transform."""
    return not_found(
        f"Variable {name} cannot be reached: only what is below {inside} came along.",
        name,
        remedy="Pass a scope that holds it through the JAX transform as well.",
    )


def not_assignable(name: str, names: Iterable[str]) -> VariableNotFoundError:
    """The error for assigning a variable that was not created."""
    return not_found(
        f"Variable {name} is assigned, but does not exist.",
        name,
        names,
        remedy="Create it first: get_variable(name, shape, trainable=False).",
    )


def no_match(
    pattern: Any,
    names: Iterable[str],
    remedy: str = "A glob covers the full name: 'encoder/**', '**/kernel'.",
) -> InvalidArgumentError:
    """The error for a pattern that matches none of `names`."""
    return InvalidArgumentError(
        f"No variable matches {brief(pattern)}.",
        where=user_line(),
        nearest=nearest(str(pattern).strip("*/"), names),
        remedy=remedy,
    )


def no_inputs(name: str, where: str) -> InitializerError:
    """The error for a value that a model computes, where there is no model."""
    return InitializerError(
        f"The initial value of {name} is computed from the model's inputs, which a"
        " manifest does not have.",
        name=name,
        where=where,
        remedy="Use init of the transformed model, or pass the value by given=.",
    )
