"""Manifests of models that share variables, joined."""

from __future__ import annotations

from .._base.errors import VariableMismatchError
from .._base.texts import cut
from .._spec.sameness import same
from .._spec.spec import FROM_INPUTS, VariableSpec
from ..initializers import InitialValueOf
from .diff import field_text

# What both have to say of a variable, what shows first. Where it is read, and which
# collections it is in, each may say for itself.
_AGREED = (
    *("shape", "dtype", "stack", "trainable", "axes", "partition"),
    *("initializer", "regularizer", "constraint", "synchronization", "aggregation"),
)


def agreed(one: VariableSpec, two: VariableSpec) -> VariableSpec:
    """What two models say of one variable.

    A value that a model computes from its inputs, or copies from another variable, wins
    over an initializer: the other model does not have it.

    Raises:
      VariableMismatchError: they disagree.
    """
    for field in _AGREED:
        if field == "initializer" and _is_of_model(one) != _is_of_model(two):
            continue
        ours, theirs = getattr(one, field), getattr(two, field)
        if not same(ours, theirs):
            raise _disagree(one, two, field)
    return two if _is_of_model(two) else one


def _is_of_model(spec: VariableSpec) -> bool:
    """Whether its initial value needs more than a key."""
    value = spec.initializer
    return value is FROM_INPUTS or isinstance(value, InitialValueOf)


def _disagree(
    one: VariableSpec, two: VariableSpec, field: str
) -> VariableMismatchError:
    ours, theirs = (cut(field_text(field, getattr(s, field))) for s in (one, two))
    found = f"{ours} and {theirs}" if ours != theirs else f"{ours}, and another one"
    return VariableMismatchError(
        f"The two models disagree on {one.name}: {field} {found}.",
        name=one.name,
        expected=ours,
        found=theirs,
        where=two.where,
        first=one.where,
        remedy=_REMEDY,
    )


_REMEDY = "Create it by one function that both models call, with the same arguments."
