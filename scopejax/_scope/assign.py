"""Assignment: what `Scope.assign` does when a model runs, and when it is recorded."""

from __future__ import annotations

import contextlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._base.dtypes import as_array
from .._base.errors import ScopeUsageError, VariableMismatchError
from .._base.lines import user_line
from .._base.missing import not_assignable
from .._base.names import Path, join
from .._base.trees import leaves, lookup
from .._jax.surroundings import trace_state
from .._spec.spec import VariableAggregation
from .from_inputs import Pending
from .place import Place
from .replicas import as_assigned
from .state import StateCell

Shape = tuple[int, ...]


def write(variables: Any, path: Path, value: Any, place: Place) -> None:
    """Writes into the reference at `path`, of the tree at `place`'s base."""
    name = join(path)
    inside = path[: place.base] == place.path[: place.base]
    found = lookup(variables, path[place.base :]) if inside else None
    if found is None:
        held = leaves(variables, "state", place.path[: place.base])
        raise not_assignable(name, [join(path) for path, _ in held])
    if not isinstance(found, StateCell | Pending):
        raise _no_state(name, "it is not part of the state")
    found.write(name, fitting(name, value, found.shape, found.dtype))


def note(path: Path, value: Any, place: Place, unsliced: jax.Array | None) -> None:
    """Checks an assignment of a model that is recorded: there is nothing to write.

    Args:
      path: of the variable.
      value: what is assigned.
      place: of the scope.
      unsliced: of the scope, see `sources.Recording`.
    """
    record, stack, entry = place.record(), place.stack, place.entry
    assert entry is not None
    name = join(path)
    spec = record.specs.get(name)
    if spec is None:
        raise not_assignable(name, record.specs)
    if not record.stateful:
        raise _no_state(name, "the model was made by scopejax.transform")
    if spec.trainable:
        raise _no_state(name, "it is trainable")
    new = fitting(name, value, spec.shape[len(stack) :], spec.dtype)
    if spec.aggregation is not VariableAggregation.NONE:
        as_assigned(name, new, jnp.zeros_like(new), spec.combining)
    if record.is_at_top(trace_state()):
        record.within.assigned_at_top(name)
    else:
        record.within.assigned(name, new, unsliced, entry.barred)


def fitting(name: str, value: Any, shape: Shape, dtype: np.dtype) -> jax.Array:
    """`value` as an array of this shape and dtype; Python's numbers take the dtype."""
    array = as_array(value, name)
    if _is_weak(value) and _kind(array.dtype) <= _kind(dtype):
        with contextlib.suppress(OverflowError):  # a number that is too large stays
            array = jnp.asarray(value, dtype)
    expected, found = (
        f"shape {tuple(s)} and dtype {d}"
        for s, d in ((shape, dtype), (array.shape, array.dtype))
    )
    if expected != found:
        raise VariableMismatchError(
            f"Variable {name} is assigned a value that does not fit.",
            name=name,
            expected=expected,
            found=found,
            where=user_line(),
            remedy="Reshape it, or value.astype(dtype).",
        )
    return jnp.asarray(array, dtype)


def _is_weak(value: Any) -> bool:
    number = isinstance(value, bool | int | float | complex)
    return number or bool(getattr(value, "weak_type", False))


def _kind(dtype: Any) -> int:
    """Bools, whole numbers, floats, complex numbers: each is contained in the next."""
    kinds = (jnp.bool_, jnp.integer, jnp.floating, jnp.complexfloating)
    return next(i for i, kind in enumerate(kinds) if jnp.issubdtype(dtype, kind))


def _no_state(name: str, why: str) -> ScopeUsageError:
    return ScopeUsageError(
        f"Variable {name} cannot be assigned: {why}.",
        name=name,
        where=user_line(),
        remedy="State is what is created with trainable=False in a model that"
        " scopejax.transform_with_state makes; its apply returns the new state.",
    )
