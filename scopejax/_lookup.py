"""Lookup-or-create: what `get_variable` does once its request is complete.

`find` serves a scope over arrays that exist, `create` one whose model is recorded. The
order of the checks follows TF1, steps 7 to 11 of what was observed there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from ._checks import (
    require_dtype,
    require_shape,
    require_supported,
    require_value_or_shape,
    value_shape,
)
from ._dtypes import constant
from ._errors import (
    InitializerError,
    InvalidArgumentError,
    VariableMismatchError,
    VariableNotFoundError,
)
from ._naming import join, nearest
from ._place import Place
from ._record import Record, does_not_exist
from ._request import Request
from ._spec import GLOBAL_VARIABLES, TRAINABLE_VARIABLES, VariableSpec
from ._tree import leaves, lookup
from ._where import user_line
from .initializers import default_for

Shape = tuple[int, ...]

# Tracers are JAX's arrays too, but asking `jax.Array` for one takes far longer.
_ARRAYS = (jax.core.Tracer, jax.Array)


# Variables that exist


def find(variables: Any, request: Request, place: Place) -> jax.Array:
    """The array that `request` asks for, checked, from the tree at `place`'s base."""
    require_supported(request)
    require_value_or_shape(request)
    path = request.path
    if path[: place.base] != place.path[: place.base]:
        raise _out_of_reach(request.name, place)
    found = lookup(variables, path[place.base :])
    if not isinstance(found, _ARRAYS):
        if found is None or isinstance(found, Mapping):
            raise _missing(request, place, variables, is_scope=found is not None)
        found = as_array(found, request.name)
    shape = request.shape
    if shape is None and not callable(request.initializer) and not request.reuse:
        shape = value_shape(request.initializer)
    require_shape(request.name, shape, found.shape, place.stack)
    require_dtype(request.name, request.dtype, found.dtype)
    return found


def as_array(value: Any, name: str) -> jax.Array:
    """A leaf of params as a JAX array; a JAX array as it is."""
    if isinstance(value, jax.Array):
        return value
    try:
        return jnp.asarray(constant(value))
    except OverflowError as error:
        dtype = np.asarray(value).dtype
        raise VariableMismatchError(
            f"Variable {name} has numbers that need 64 bits, which are off: found dtype"
            f" {dtype}.",
            name=name,
            found=str(dtype),
            where=user_line(),
        ) from error
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(
            f"The value given for {name} is no array: {value!r}",
            name=name,
            expected="an array",
            found=type(value).__name__,
            where=user_line(),
        ) from error


def _missing(
    request: Request, place: Place, variables: Any, *, is_scope: bool
) -> VariableNotFoundError:
    prefix = place.path[: place.base]
    names = [join(path) for path, _ in leaves(variables, "variables", prefix)]
    if request.reuse is True:
        return does_not_exist(request.name, names)
    return not_given(request.name, names, "a scope of that name" if is_scope else None)


def not_given(
    name: str, names: Iterable[str], found: str | None = None
) -> VariableNotFoundError:
    """The error for a variable that is missing among those given."""
    return VariableNotFoundError(
        f"Variable {name} does not exist in the variables given.",
        name=name,
        found=found,
        where=user_line(),
        nearest=nearest(name, names),
        remedy="`check` of the transformed model lists every difference; `init(...,"
        " given=params)` makes what is missing.",
    )


def _out_of_reach(name: str, place: Place) -> VariableNotFoundError:
    inside = join(place.path[: place.base])
    return VariableNotFoundError(
        f"Variable {name} cannot be reached: only what is below {inside} came along.",
        name=name,
        where=user_line(),
        remedy="Pass a scope that holds it through the JAX transform as well.",
    )


# Variables to be made


def create(record: Record, request: Request, place: Place) -> tuple[Shape, np.dtype]:
    """Notes the variable in the record, or shares it; its item's shape and dtype."""
    require_supported(request)
    require_value_or_shape(request)
    assert place.entry is not None
    creation = record.creation(place.entry)
    known = record.known(request.name, creation, request.reuse)
    if known is None:
        known = _spec(request, place.stack, creation.line)
        record.add(known, creation)
    shape = known.shape[len(place.stack) :]
    if known.shape != place.stack + shape:  # the stack of another length, or of none
        require_shape(request.name, place.stack + shape, known.shape, ())
    require_shape(request.name, request.shape, shape, ())
    require_dtype(request.name, request.dtype, known.dtype)
    return shape, known.dtype


def _spec(request: Request, stack: Shape, where: str) -> VariableSpec:
    initializer = request.initializer
    if isinstance(initializer, jax.core.Tracer):
        raise _traced_value(request.name)
    value = initializer is not None and not callable(initializer)
    shape = _known_shape(request, value_shape(initializer) if value else None)
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
        dtype=request.dtype,
        initializer=initializer,
        trainable=request.trainable,
        collections=_collections(request),
        regularizer=request.regularizer,
        constraint=request.constraint,
        partition=_partition(request, shape),
        caching_device=request.caching_device,
        synchronization=request.synchronization,
        aggregation=request.aggregation,
        stack=stack,
        where=where,
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


def _partition(request: Request, shape: Shape) -> tuple[Any, ...] | None:
    """What the partitioner answers; a scalar has none, as in TF1."""
    if request.partitioner is None or not shape:
        return None
    answer = request.partitioner(shape=shape, dtype=request.dtype)
    if isinstance(answer, PartitionSpec):
        if len(answer) <= len(shape):
            return tuple(answer)
    elif not isinstance(answer, Sequence) or isinstance(answer, str):
        raise InvalidArgumentError(
            f"Partitioner must return a sequence, but saw: {answer!r}",
            name=request.name,
            where=user_line(),
        )
    elif len(answer) == len(shape):
        return tuple(answer)
    raise InvalidArgumentError(
        "Partitioner returned a partition list that does not match the Variable's"
        f" rank: {answer} vs. {shape}",
        name=request.name,
        where=user_line(),
    )


def _traced_value(name: str) -> InitializerError:
    return InitializerError(
        f"The initial value of {name} is computed inside of the model.",
        name=name,
        expected="a function (key, shape, dtype) -> array, or a value that exists",
        found="a value that JAX is tracing",
        where=user_line(),
        remedy="Compute it with NumPy, outside of the model, or in a function:"
        " initializer=lambda key, shape, dtype: ...",
    )
