"""Lookup-or-create: what `get_variable` does once its request is complete.

`find` serves a scope over arrays that exist; `create` one whose model is being recorded.
The order of the checks follows TF1, steps 7 to 11 of what was observed there.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from ._errors import (
    InitializerError,
    InvalidArgumentError,
    ScopeUsageError,
    VariableMismatchError,
    VariableNotFoundError,
)
from ._naming import join, nearest, split
from ._place import Place
from ._record import Record, does_not_exist
from ._request import Request
from ._spec import VariableAggregation, VariableSpec
from ._tree import leaves, lookup, to_flat
from ._where import user_line
from .initializers import default_for

Shape = tuple[int, ...]


# Variables that exist


def find(variables: Any, request: Request, place: Place) -> jax.Array:
    """The array that `request` asks for, checked, from the tree at `place`'s base."""
    _require_supported(request)
    _require_value_or_shape(request)
    path = split(request.name)
    if path[: place.base] != place.path[: place.base]:
        raise _out_of_reach(request.name, place)
    found = lookup(variables, path[place.base :])
    if found is None or isinstance(found, Mapping):
        raise _missing(request, place, variables, is_scope=found is not None)
    array = as_array(found, request.name)
    shape = request.shape
    if shape is None and not callable(request.initializer) and not request.reuse:
        shape = _value_shape(request.initializer)
    _require_shape(request.name, shape, array.shape, place.stack)
    _require_dtype(request.name, request.dtype, array.dtype)
    return array


def as_array(value: Any, name: str) -> jax.Array:
    """A leaf of params as a JAX array; a JAX array as it is."""
    if isinstance(value, jax.Array):
        return value
    try:
        return jnp.asarray(value)
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(
            f"The value given for {name} is no array: {value!r}",
            name=name,
            expected="an array",
            found=type(value).__name__,
            where=user_line(),
        ) from error


def _value_shape(initializer: Any) -> Shape | None:
    return None if initializer is None else tuple(np.shape(initializer))


def _missing(
    request: Request, place: Place, variables: Any, *, is_scope: bool
) -> VariableNotFoundError:
    prefix = place.path[: place.base]
    names = [join((*prefix, *path)) for path, _ in leaves(variables, "variables")]
    if request.reuse is True:
        return does_not_exist(request.name, names)
    return VariableNotFoundError(
        f"Variable {request.name} does not exist in the variables given.",
        name=request.name,
        found="a scope of that name" if is_scope else None,
        where=user_line(),
        nearest=nearest(request.name, names),
        remedy="net.check(params, ...) lists every difference; net.init(key, ...,"
        " given=params) makes what is missing.",
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
    _require_supported(request)
    _require_value_or_shape(request)
    assert place.entry is not None
    creation = record.creation(place.entry)
    known = record.known(request.name, creation, request.reuse)
    if known is None:
        known = _spec(request, place.stack, creation.where)
        record.add(known, creation)
    else:
        _require_shape(request.name, request.shape, known.item_shape, ())
        _require_dtype(request.name, request.dtype, known.dtype)
    return known.item_shape, known.dtype


def _spec(request: Request, stack: Shape, where: str) -> VariableSpec:
    initializer = request.initializer
    if isinstance(initializer, jax.core.Tracer):
        raise _traced_value(request.name)
    value = initializer is not None and not callable(initializer)
    shape = _known_shape(request, _value_shape(initializer) if value else None)
    if initializer is None:
        initializer = default_for(request.dtype)
    if initializer is None:
        raise InitializerError(
            f"An initializer for variable {request.name} of {request.dtype} is required",
            name=request.name,
            where=where,
            remedy="initializer=jax.nn.initializers.zeros, for one.",
        )
    return VariableSpec(
        name=request.name,
        shape=stack + shape,
        dtype=request.dtype,
        initializer=initializer,
        trainable=request.trainable,
        collections=request.collections,
        regularizer=request.regularizer,
        constraint=request.constraint,
        partition=_partition(request, shape),
        caching_device=request.caching_device,
        synchronization=request.synchronization,
        aggregation=request.aggregation,
        stack=stack,
        where=where,
    )


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


# Checks


def _require_value_or_shape(request: Request) -> None:
    value = request.initializer is not None and not callable(request.initializer)
    if value and request.shape is not None:
        raise InvalidArgumentError(
            "If initializer is a constant, do not specify shape.",
            name=request.name,
            found=f"shape {request.shape} and a value of shape "
            f"{_value_shape(request.initializer)}",
            where=user_line(),
            remedy="Leave shape out.",
        )


def _require_supported(request: Request) -> None:
    """Outside of a mesh axis an aggregation does nothing; inside it would act."""
    if request.aggregation is VariableAggregation.NONE:
        return
    if jax.sharding.get_abstract_mesh().manual_axes:
        raise NotImplementedError(
            f"Variable {request.name} asks for aggregation="
            f"{request.aggregation.name} inside of shard_map, which scopejax does not do"
            " yet. Combine the value by jax.lax.psum or pmean where it is read."
        )


def _require_shape(name: str, wanted: Any, found: Shape, stack: Shape) -> None:
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
        remedy="Ask for the shape it has, or give this variable another name.",
    )


def _require_dtype(name: str, wanted: np.dtype, found: Any) -> None:
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


def whole_stack(what: str, name: str, sizes: Shape) -> ScopeUsageError:
    """The error for reading a stack as if it were one of its items."""
    return ScopeUsageError(
        f"The {what} {name} is asked of a stack of {' x '.join(map(str, sizes))}, not"
        " of one of its items.",
        name=name,
        where=user_line(),
        remedy="Pass the stacked scope as xs to jax.lax.scan, or as a mapped argument"
        " to jax.vmap, and ask the scope that arrives in the function.",
    )


def require_tree(variables: Any) -> None:
    """Refuses what is no nested dict; the deeper levels are looked at when read."""
    if not isinstance(variables, Mapping):
        leaves(variables, "variables")


def _key_axes(key: Any) -> int | None:
    """How many axes an array of keys has; None for what holds no keys."""
    dtype = getattr(key, "dtype", None)
    if dtype is None:
        return None
    if jnp.issubdtype(dtype, jax.dtypes.prng_key):
        return key.ndim
    return key.ndim - 1 if dtype == np.uint32 and key.ndim else None


def require_key(key: Any) -> None:
    """Refuses what is no single random key."""
    if key is not None and _key_axes(key) != 0:
        array = hasattr(key, "dtype") and hasattr(key, "shape")
        raise InvalidArgumentError(
            f"key must be one JAX random key, but received: {key!r}",
            expected="jax.random.key(seed)",
            found=f"an array of dtype {key.dtype} and shape {key.shape}"
            if array
            else type(key).__name__,
            where=user_line(),
            remedy=f"jax.random.key({key})" if isinstance(key, int) else None,
        )


def require_item_key(key: jax.Array, name: str, place: Place) -> None:
    """Refuses the keys of a whole stack where one item's is asked for."""
    if place.stack and _key_axes(key):
        raise whole_stack("key", name, place.stack[-1:])


def require_size(n: Any, name: str) -> int:
    """The number of items of a stack."""
    try:
        size = operator.index(n)
    except TypeError:
        size = 0
    if size < 1 or isinstance(n, bool):
        raise InvalidArgumentError(
            f"The length of a stack must be a positive whole number, but received: {n}",
            name=name,
            where=user_line(),
        )
    return size


def require_stack(variables: Any, n: int, place: Place) -> bool:
    """Refuses variables without a leading axis of `n`; whether there are any."""
    flat = to_flat(variables)
    for name, leaf in flat.items():
        shape = np.shape(leaf)
        if shape[:1] != (n,):
            full = join((*place.path, name))
            raise VariableMismatchError(
                f"Variable {full} is not one of {n} alike layers: its shape is {shape}.",
                name=full,
                expected=f"({n}, ...)",
                found=str(shape),
                where=user_line(),
                remedy="Stack the layers' arrays on a new first axis.",
            )
    return bool(flat)

