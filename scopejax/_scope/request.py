"""One call of `get_variable`: its arguments, completed by the scope and checked.

The order of the checks is TF1's, as observed in graph mode:

1. the scope's regularizer, partitioner, caching_device, custom_getter and reuse;
2. an explicit dtype against the dtype of a value given as initializer;
3. the scope's initializer, constraint and dtype (float32 at the root);
4. custom_getter, synchronization, aggregation, trainable, collections;
5. the custom getters, innermost first, and then the variable itself.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from .._base.dtypes import as_dtype, constant
from .._base.errors import InvalidArgumentError, VariableMismatchError
from .._base.keys import is_typed_key
from .._base.lines import user_line
from .._base.names import Path, join
from .._base.texts import brief, cut
from .._spec.options import Options, check_option, no_regularizer
from .._spec.partition import Partition
from .._spec.spec import VariableAggregation, VariableSynchronization

Shape = tuple[int | None, ...]
_FLOAT32 = np.dtype(np.float32)


class Request(NamedTuple):
    """The completed arguments of one `get_variable`. `name` is the full name."""

    path: Path
    name: str
    shape: Shape | None
    dtype: np.dtype
    initializer: Any
    regularizer: Any
    constraint: Any
    trainable: bool
    collections: Sequence[str] | None
    partitioner: Any
    caching_device: Any
    synchronization: VariableSynchronization
    aggregation: VariableAggregation
    reuse: Any
    axes: Sequence[str | None] | None = None
    by_name: bool = False  # nothing else was given: any dtype will do

    def arguments(self) -> dict[str, Any]:
        """The keywords that a custom getter receives."""
        arguments = self._asdict()
        del arguments["path"], arguments["by_name"]  # the others say it
        return arguments


def complete(
    path: Path,
    options: Options,
    *,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    constraint: Any = None,
    trainable: bool | None = None,
    collections: Sequence[str] | None = None,
    partitioner: Any = None,
    caching_device: Any = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
    reuse: Any = None,
    axes: Sequence[str | None] | None = None,
) -> Request:
    """The request for the variable at `path`."""
    # Calls are spared where there is nothing to check: this runs for each lookup.
    name = join(path)
    by_name = shape is dtype is initializer is options.dtype is None
    if regularizer is None:
        regularizer = options.regularizer
    if regularizer is not None:
        check_option("regularizer", regularizer, name)
    if partitioner is None:
        partitioner = options.partitioner
    if partitioner is not None:
        check_option("partitioner", partitioner, name)
    if dtype is not None:
        dtype = as_dtype(dtype, name)
    if initializer is not None:
        initializer, value_dtype = _initializer(initializer, name)
        if value_dtype is not None:
            if dtype not in (None, value_dtype):
                raise _disagree(name, value_dtype, dtype)
            dtype = value_dtype
    if initializer is None and options.initializer is not None:
        initializer, _ = _initializer(options.initializer, name)
    if constraint is None:
        constraint = options.constraint
    if constraint is not None:
        check_option("constraint", constraint, name)
    if caching_device is None:
        caching_device = options.caching_device
    if caching_device is not None:
        check_option("caching_device", caching_device, name)
    if trainable is not None:
        check_option("trainable", trainable, name)
    if reuse is not None:
        check_option("reuse", reuse, name)
    if collections is not None:
        _check_collections(collections, name)
    _check_member("synchronization", synchronization, VariableSynchronization, name)
    _check_member("aggregation", aggregation, VariableAggregation, name)
    if trainable is None:
        trainable = options.trainable
    if trainable is None:
        trainable = synchronization is not VariableSynchronization.ON_READ
    if dtype is None:
        dtype = _FLOAT32 if options.dtype is None else options.dtype
    return Request(
        path,
        name,
        shape if shape is None else as_shape(shape, name),
        dtype,
        initializer,
        None if regularizer is no_regularizer else regularizer,
        constraint,
        trainable,
        collections,
        partitioner,
        caching_device,
        synchronization,
        aggregation,
        options.reuse if reuse is None else reuse,
        axes,
        by_name,
    )


def _initializer(initializer: Any, name: str) -> tuple[Any, np.dtype | None]:
    """The initializer, and its dtype where it is a value."""
    if isinstance(initializer, type):
        initializer = _instance(initializer, name)
    if initializer is None or callable(initializer):
        return initializer, None
    if isinstance(initializer, list | tuple) and _is_traced(initializer):
        initializer = jnp.asarray(initializer)
    if not isinstance(initializer, jax.Array) or is_typed_key(initializer):
        initializer = _constant(initializer, name)
    return initializer, np.dtype(initializer.dtype)


def _is_traced(values: Any) -> bool:
    leaves = jax.tree.leaves(values)
    return any(isinstance(leaf, jax.core.Tracer) for leaf in leaves)


def _instance(kind: type, name: str) -> Any:
    """As in TF1 a class stands for its instance."""
    try:
        return kind()
    except TypeError as error:
        raise InvalidArgumentError(
            f"The initializer of {name} is a class that needs arguments: {error}",
            name=name,
            where=user_line(),
            remedy=f"Pass an instance, {kind.__name__}(...).",
        ) from error


def _constant(value: Any, name: str) -> np.ndarray:
    try:
        return constant(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidArgumentError(
            f"The initializer of {name} is neither callable nor an array of numbers"
            f" that fit: {brief(value)}",
            name=name,
            where=user_line(),
            remedy="Pass a function (key, shape, dtype) -> array, or a value.",
        ) from error


def _disagree(name: str, value: np.dtype, dtype: np.dtype) -> VariableMismatchError:
    return VariableMismatchError(
        f"Initializer type '{value}' and explicit dtype '{dtype}' don't match.",
        name=name,
        expected=str(dtype),
        found=str(value),
        where=user_line(),
        remedy=f"Leave dtype out, or convert the value to {dtype} first.",
    )


def _check_member(what: str, value: Any, kind: type, name: str) -> None:
    if not isinstance(value, kind):
        raise InvalidArgumentError(
            f"Invalid variable {what} mode: {_mode(value)} for variable: {name}",
            name=name,
            expected=f"a member of {kind.__name__}",
            found=brief(value),
            where=user_line(),
        )


def _mode(value: Any) -> str:
    return cut(value) if isinstance(value, str) else brief(value)


def _check_collections(given: Any, name: str) -> None:
    if given is not None and not isinstance(given, list | tuple | set):
        raise InvalidArgumentError(
            "collections argument to Variable constructor must be a list, tuple, or"
            f" set. Got {brief(given)} of type {type(given)}",
            name=name,
            where=user_line(),
            remedy=f"collections=[{brief(given)}]",
        )


def as_shape(shape: Any, name: str) -> Shape | None:
    """A shape as a tuple; None stands for an unknown dimension, or an unknown shape."""
    dimensions: Shape
    if type(shape) is tuple and set(map(type, shape)) <= {int}:
        dimensions = shape
        least = min(shape, default=0)
    elif shape is None:
        return None
    else:
        sizes = shape if _is_sequence(shape) else (shape,)
        dimensions = tuple(_dimension(size, shape, name) for size in sizes)
        least = min((size for size in dimensions if size is not None), default=0)
    if least < 0:
        raise InvalidArgumentError(
            f"Dimension {least} must be >= 0",
            name=name,
            found=f"shape {shape}",
            where=user_line(),
        )
    return dimensions


def _is_sequence(shape: Any) -> bool:
    text = isinstance(shape, str | bytes)
    is_vector = isinstance(shape, np.ndarray) and shape.ndim == 1
    return (isinstance(shape, Sequence) and not text) or is_vector


def _dimension(size: Any, shape: Any, name: str) -> int | None:
    try:
        if isinstance(size, bool | np.bool_ | jax.Array):
            raise TypeError("a bool is no size, nor is an array")
        return None if size is None else operator.index(size)
    except TypeError as error:
        raise InvalidArgumentError(
            f"A shape holds whole numbers, but received: {brief(shape)}",
            name=name,
            where=user_line(),
            remedy="Use // in place of / where a size is computed."
            if isinstance(size, float)
            else None,
        ) from error


def partition_for(request: Request, shape: tuple[int, ...]) -> Any:
    """What the partitioner answers for a new variable of this shape, checked.

    A scalar has no partition, as in TF1.
    """
    if request.partitioner is None or not shape:
        return None
    answer = request.partitioner(shape=shape, dtype=request.dtype)
    if isinstance(answer, Partition):
        return answer
    if isinstance(answer, PartitionSpec):
        if len(answer) <= len(shape):
            return answer
    elif not isinstance(answer, Sequence) or isinstance(answer, str):
        raise InvalidArgumentError(
            f"Partitioner must return a sequence, but saw: {brief(answer)}",
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
