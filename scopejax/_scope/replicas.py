"""Replicas: how the values of a variable on several devices are brought together.

Inside of `jax.shard_map` (and `jax.pmap`) a program runs once on each device, and each
may have a value of its own. `aggregation` says how they are combined: when the variable
is read, where `synchronization` is `ON_READ`, else when it is assigned. Outside of a
mesh axis, and for the named axes of `jax.vmap`, there is one value, and nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .._base.errors import InvalidArgumentError, ScopeUsageError
from .._base.lines import user_line
from .._spec.spec import Combining, VariableAggregation, VariableSynchronization

Axes = tuple[Any, ...]
_SUM, _MEAN = VariableAggregation.SUM, VariableAggregation.MEAN
_FIRST = VariableAggregation.ONLY_FIRST_REPLICA
_ON_READ = VariableSynchronization.ON_READ

# Under these an assignment stays with its replica.
_LOCAL = (_ON_READ, VariableSynchronization.NONE)


def replica_axes() -> Axes:
    """The mesh axes that the program around is mapped over.

    >>> replica_axes()
    ()
    """
    return tuple(jax.sharding.get_abstract_mesh().manual_axes)


def as_read(name: str, value: jax.Array, how: Combining) -> jax.Array:
    """What a reader gets of the replica's own value.

    Raises:
      ScopeUsageError: the replicas are known to differ, and nothing says what to do.
      InvalidArgumentError: numbers of this dtype have no mean.
    """
    axes = replica_axes()
    if how.synchronization is not _ON_READ or not axes:
        return value
    if how.aggregation is VariableAggregation.NONE:
        if varying(value):
            raise _differ(name, "is read", varying(value))
        return value
    return _combined(name, value, how.aggregation, axes)


def as_assigned(
    name: str, value: jax.Array, present: jax.Array, how: Combining
) -> jax.Array:
    """What is stored of a value that is assigned.

    Args:
      present: the variable's value before. The axes over which that varies are those
        that the variable is split over; its replicas lie along all others.

    Raises:
      ScopeUsageError: the replicas are known to differ, and nothing says what to do.
      InvalidArgumentError: numbers of this dtype have no mean.
    """
    axes = _replicated_axes(present)
    if how.synchronization in _LOCAL or not axes:
        return value
    if how.aggregation is VariableAggregation.NONE:
        differing = tuple(axis for axis in axes if axis in varying(value))
        if differing:
            raise _differ(name, "is assigned", differing)
        return value
    return _combined(name, value, how.aggregation, axes)


def require_varying_state(name: str, value: jax.Array, present: jax.Array) -> None:
    """Refuses a value for each replica where JAX's reference holds one for all.

    Raises:
      ScopeUsageError: it is known to vary over axes that the present value does not.
    """
    axes = tuple(axis for axis in varying(value) if axis not in varying(present))
    if axes:
        over = ", ".join(map(repr, axes))
        raise ScopeUsageError(
            f"Variable {name} is assigned a value for each replica within a JAX"
            " transform, but came into apply as one value for all.",
            name=name,
            expected=f"a state that varies over {over} from the start",
            found="one that is the same on all",
            where=user_line(),
            remedy=f"Before apply: state = jax.lax.pcast(state, ({over},),"
            " to='varying'); or split it by the in_specs of shard_map.",
        )


def summand(value: jax.Array, how: Combining) -> jax.Array:
    """What a replica adds to an assignment of a value that all have.

    Where replicas are summed, the first adds all of it and the others nothing; of a
    variable that is split, the first of each part.
    """
    axes = _replicated_axes(value)
    if not axes or how.aggregation is not _SUM or how.synchronization in _LOCAL:
        return value
    return _share_of_first(value, axes)


def _replicated_axes(present: jax.Array) -> Axes:
    """The axes along which the replicas of a variable of this value lie."""
    return tuple(axis for axis in replica_axes() if axis not in varying(present))


def varying(value: Any) -> Axes:
    """The mesh axes over which a value is known to vary.

    Known under `jax.shard_map` that checks, ``check_vma=True``; else there are none.
    """
    kind = getattr(jax.typeof(value), "manual_axis_type", None)
    return tuple(sorted(getattr(kind, "varying", ()), key=str))


def _combined(
    name: str, value: jax.Array, aggregation: VariableAggregation, axes: Axes
) -> jax.Array:
    number = jnp.issubdtype(value.dtype, jnp.number)
    exact = jnp.issubdtype(value.dtype, jnp.integer) or not number
    if (aggregation is _MEAN and exact) or (aggregation is _SUM and not number):
        raise InvalidArgumentError(
            f"The replicas of variable {name} have no {aggregation.name}: they are"
            f" {value.dtype}.",
            name=name,
            where=user_line(),
            remedy="aggregation=VariableAggregation.ONLY_FIRST_REPLICA, or a floating"
            " dtype.",
        )
    combine: Any = _COMBINE[aggregation]
    combined: jax.Array = combine(value, axes)
    return combined


def _first(value: jax.Array, axes: Axes) -> jax.Array:
    """The value of the first replica, on all."""
    if value.dtype == jnp.bool_:
        return _first(value.astype(jnp.uint8), axes).astype(jnp.bool_)
    whole: Any = jax.lax.psum
    first: jax.Array = whole(_share_of_first(value, axes), axes)
    return first


def _share_of_first(value: jax.Array, axes: Axes) -> jax.Array:
    """The value on the first replica, and zeros on all others."""
    here: Any = jax.lax.axis_index(axes)
    return jnp.where(here == 0, value, jnp.zeros_like(value))


_COMBINE: dict[VariableAggregation, Callable[..., Any]] = {
    _SUM: jax.lax.psum,
    _MEAN: jax.lax.pmean,
    _FIRST: _first,
}


def _differ(name: str, what: str, axes: Axes) -> ScopeUsageError:
    over = ", ".join(map(repr, axes))
    return ScopeUsageError(
        f"Variable {name} {what} and differs between replicas, and nothing says how to"
        " combine them.",
        name=name,
        expected=f"one value for all of {over}",
        found=f"a value that varies over {over}",
        where=user_line(),
        remedy="get_variable(..., aggregation=VariableAggregation.MEAN), SUM or"
        " ONLY_FIRST_REPLICA.",
    )
