"""Lookup-or-create: what `get_variable` does once its request is complete.

`find` serves a scope over arrays that exist, `create` one whose model is recorded. The
order of the checks follows TF1, steps 7 to 11 of what was observed there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import jax

from .._base.dtypes import as_array
from .._base.errors import (
    InitializerError,
    InvalidArgumentError,
    ScopeError,
    VariableNotFoundError,
)
from .._base.lines import user_line
from .._base.missing import does_not_exist, not_given, out_of_reach
from .._base.names import join
from .._base.texts import brief
from .._base.trees import leaves, lookup
from .._spec.options import ON_SPEC
from .._spec.partition import type_of_item
from .._spec.spec import (
    FROM_INPUTS,
    GLOBAL_VARIABLES,
    TRAINABLE_VARIABLES,
    Combining,
    VariableAggregation,
    VariableSpec,
    VariableSynchronization,
)
from ..initializers import default_for
from .checks import (
    axes_for,
    require_dtype,
    require_shape,
    require_value_or_shape,
    value_shape,
)
from .from_inputs import Pending
from .place import Place
from .record import Record, came_back
from .replicas import as_read
from .request import Request, partition_for
from .state import StateCell

Shape = tuple[int, ...]

# Tracers are JAX's arrays too, but asking `jax.Array` for one takes far longer.
_ARRAYS = (jax.core.Tracer, jax.Array)

_NONE = VariableAggregation.NONE
_ON_READ = VariableSynchronization.ON_READ
_OWN = VariableSynchronization.NONE  # reads the replica's own, and says no more


# Variables that exist


def find(variables: Any, request: Request, place: Place) -> jax.Array:
    """The array that `request` asks for, checked, from the tree at `place`'s base."""
    initializer, shape = request.initializer, request.shape
    is_value = initializer is not None and not callable(initializer)
    if is_value:
        require_value_or_shape(request)
    path = request.path
    if path[: place.base] != place.path[: place.base]:
        raise out_of_reach(request.name, join(place.path[: place.base]))
    found = lookup(variables, path[place.base :])
    held = found
    if not isinstance(found, _ARRAYS):
        if found is None or isinstance(found, Mapping):
            raise _missing(request, place, variables, is_scope=found is not None)
        found = _value(found, request)
    if is_value and shape is None and not request.reuse:
        shape = value_shape(initializer)
    if shape != found.shape:
        require_shape(request.name, shape, found.shape, place.stack)
    if request.dtype != found.dtype and not request.by_name:
        require_dtype(request.name, request.dtype, found.dtype)
    when = request.synchronization
    if when is _ON_READ or (request.aggregation is not _NONE and when is not _OWN):
        how = Combining(when, request.aggregation)
        if isinstance(held, StateCell):
            held.combining = how
        return as_read(request.name, found, how)
    return found


def _value(leaf: Any, request: Request) -> jax.Array:
    """The value of a leaf that is no JAX array."""
    if isinstance(leaf, StateCell):
        return leaf.read(request.name)
    if isinstance(leaf, Pending):
        return leaf.read(request)
    if isinstance(leaf, list | tuple):  # numbers, or more levels: nobody knows
        raise InvalidArgumentError(
            f"The value given for {request.name} is no array, but a sequence.",
            name=request.name,
            expected="an array",
            found=brief(leaf),
            where=user_line(),
            remedy="Convert it with jnp.asarray.",
        )
    return as_array(leaf, request.name)


def _missing(
    request: Request, place: Place, variables: Any, *, is_scope: bool
) -> VariableNotFoundError:
    prefix = place.path[: place.base]
    names = [join(path) for path, _ in leaves(variables, "variables", prefix)]
    if request.reuse is True:
        return does_not_exist(request.name, names)
    return not_given(request.name, names, "a scope of that name" if is_scope else None)


# Variables to be made


def create(record: Record, request: Request, place: Place) -> jax.Array:
    """Notes the variable in the record, or shares it; zeros in its place."""
    known = _noted(record, request, place)
    shape = known.shape[len(place.stack) :]
    if known.shape != place.stack + shape:  # the stack of another length, or of none
        require_shape(request.name, place.stack + shape, known.shape, ())
    require_shape(request.name, request.shape, shape, ())
    if not request.by_name:
        require_dtype(request.name, request.dtype, known.dtype)
    if not (known.trainable or record.is_at_top()):
        assert place.entry is not None
        by_closure = not record.is_at_top(place.entry.visits()[1])
        record.within.read(known.name, place.entry.barred, by_closure)
    zeros = record.placeholder(shape, known.dtype, type_of_item(known))
    return as_read(request.name, zeros, known.combining)


def create_again(
    record: Record, request: Request, place: Place, variables: Any
) -> jax.Array:
    """The same where an earlier round knew it: what the model has made of it since.

    That may have another shape than the variable; see `rounds`.
    """
    try:
        found = find(variables, request, place)
    except ScopeError as error:  # of what is here now, or of what was known too early
        record.round.doubt = record.round.doubt or error
        return create(record, request, place)
    before = record.round.known.get(request.name)
    is_itself = before is not None and before.item_shape == found.shape
    _noted(record, request, place, None if is_itself else before)
    return found


def _noted(
    record: Record, request: Request, place: Place, before: VariableSpec | None = None
) -> VariableSpec:
    """The variable's spec, which is that of an earlier round where that is given."""
    require_value_or_shape(request)
    assert place.entry is not None
    record.round.looks = record.round.looks or came_back(place.entry)
    creation = record.creation()
    known = record.known(request.name, creation, request.reuse)
    if known is None:
        at_top = record.is_at_top()
        where = record.line(creation)
        known = before or _spec(request, place.stack, where, at_top)
        record.add(known, creation)
    if record.round.looks:
        for path, stack in place.counterparts(request.path).items():
            record.round.imply(known, path, stack)
    return known


def _spec(request: Request, stack: Shape, where: str, at_top: bool) -> VariableSpec:
    initializer = request.initializer
    value = initializer is not None and not callable(initializer)
    shape = _known_shape(request, value_shape(initializer) if value else None)
    if isinstance(initializer, jax.core.Tracer):
        if not at_top:
            raise _inner_value(request.name)
        initializer = FROM_INPUTS
    if initializer is None:
        initializer = default_for(request.dtype)
    if initializer is None:
        raise InitializerError(
            f"An initializer for variable {request.name} of {request.dtype} is"
            " required",
            name=request.name,
            where=user_line(),
            remedy="initializer=jax.nn.initializers.zeros, for one.",
        )
    return VariableSpec(
        name=request.name,
        shape=stack + shape,
        initializer=initializer,
        collections=_collections(request),
        axes=axes_for(request, shape),
        partition=partition_for(request, shape),
        synchronization=request.synchronization,
        aggregation=request.aggregation,
        stack=stack,
        where=where,
        **{option: getattr(request, option) for option in ON_SPEC},
    )


def _collections(request: Request) -> tuple[str, ...]:
    """As in TF1: those given, or the global ones; and the trainable where it is."""
    keys = [GLOBAL_VARIABLES]
    if request.collections is not None:
        keys = list(request.collections)
    if request.trainable and TRAINABLE_VARIABLES not in keys:
        keys.append(TRAINABLE_VARIABLES)
    return tuple(keys)


def _known_shape(request: Request, value_shape: Shape | None) -> Shape:
    shape = request.shape if value_shape is None else value_shape
    if shape is None:
        what = (
            f"Variable {request.name} did not get an initializer, so its `shape`"
            " argument must be specified."
            if request.initializer is None
            else f"The initializer of {request.name} is a function, so its `shape`"
            " argument must be specified."
        )
        raise InvalidArgumentError(
            what,
            name=request.name,
            where=user_line(),
            remedy="get_variable(name, shape); or pass a value as the initializer.",
        )
    if any(size is None for size in shape):
        raise InvalidArgumentError(
            f"Shape of a new variable ({request.name}) must be fully defined, but"
            f" instead was {shape}.",
            name=request.name,
            where=user_line(),
        )
    return cast(Shape, shape)


def _inner_value(name: str) -> InitializerError:
    return InitializerError(
        f"The initial value of {name} is computed inside of a JAX transform.",
        name=name,
        expected="a function (key, shape, dtype) -> array, a value that exists, or one"
        " that the model itself computes, outside of jit, scan, vmap and the like",
        found="a value that an inner trace computes",
        where=user_line(),
        remedy="Ask for the variable outside of the transform, or compute the value in"
        " a function: initializer=lambda key, shape, dtype: ...",
    )
