"""Lookup-or-create: what `get_variable` does once the scope has filled in its defaults.

The order of the checks is TF1's: the custom getter, then the partitioned path or the
plain one; there a value with a shape, what exists against `reuse`, shape and dtype,
then the initializer; at last the variable, its collections and its regularizer.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._naming import nearest
from ..initializers import default_for
from ._dtypes import as_dtype
from ._errors import tf_error
from ._graph import Graph, Store, get_default_graph
from ._initial import (
    as_core,
    as_value,
    instance,
    is_value,
    needs_nothing,
    takes,
    takes_any,
)
from ._losses import add_regularization
from ._shape import agree, as_sizes, is_known, text
from ._shards import get_partitioned
from ._variable import Start, checked_modes, collect, create_variable

_SHARED = "Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?"


def current_store(graph: Graph) -> Store | None:
    """Where variables are found again: None in the eager world without a store."""
    store = graph.thread.store
    return store if store is not None or graph.eager else graph.store


def get_variable(custom_getter: Any, **arguments: Any) -> Any:
    """The variable by its full name, through the custom getter.

    Args:
      custom_getter: called with keywords alone, or None.
      arguments: those of TF1's true getter, `name` and `reuse` among them.
    """
    if custom_getter is not None and not callable(custom_getter):
        raise tf_error(
            ValueError,
            f"Passed a custom_getter which is not callable: {custom_getter}",
        )
    arguments["dtype"] = as_dtype(arguments["dtype"], arguments["name"])
    modes = checked_modes(
        arguments["synchronization"],
        arguments["aggregation"],
        arguments["trainable"],
        arguments["name"],
    )
    arguments["synchronization"], arguments["aggregation"], arguments["trainable"] = (
        modes
    )
    if custom_getter is None:
        return true_getter(**arguments)
    if not (takes(custom_getter, "constraint") or takes_any(custom_getter)):
        del arguments["constraint"]  # as in TF1: getters are older than it
    return custom_getter(getter=true_getter, **arguments)


def true_getter(
    name: Any,
    shape: Any = None,
    dtype: Any = np.float32,
    initializer: Any = None,
    regularizer: Any = None,
    reuse: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    constraint: Any = None,
    synchronization: Any = None,
    aggregation: Any = None,
) -> Any:
    """What a custom getter calls as `getter`: past all getters, by full name."""
    synchronization, aggregation, trainable = checked_modes(
        synchronization, aggregation, trainable, name
    )
    graph = get_default_graph()
    graph.asked()
    store = current_store(graph)
    single = functools.partial(
        _get_single,
        graph,
        store,
        reuse=reuse,
        regularizer=regularizer,
        trainable=trainable,
        collections=collections,
        caching_device=caching_device,
        validate_shape=validate_shape,
        use_resource=use_resource,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )
    partitioned = functools.partial(
        get_partitioned, graph, store or Store(), single, name, shape, dtype
    )
    with graph.lock:
        scalar = isinstance(shape, Sequence) and not shape
        if partitioner is not None and not scalar:
            if not callable(partitioner):
                raise tf_error(
                    ValueError,
                    f"Partitioner must be callable, but received: {partitioner}",
                    name=name,
                )
            return partitioned(initializer, partitioner, reuse)
        if store is not None:
            if reuse is True and partitioner is None and name in store.partitioned:
                return partitioned(initializer, None, reuse)
            _require_unpartitioned(store, name)
        return single(name, shape, dtype, initializer)


def _require_unpartitioned(store: Store, name: Any) -> None:
    if f"{name}/part_0" in store.variables:
        raise tf_error(
            ValueError,
            "No partitioner was provided, but a partitioned version of the variable was"
            f" found: {name}/part_0. Perhaps a variable of the same name was already"
            " created with partitioning?",
            name=name,
            first=store.variables[f"{name}/part_0"].defined_at,
        )


def _get_single(
    graph: Graph,
    store: Store | None,
    name: Any,
    shape: Any,
    dtype: Any,
    initializer: Any,
    *,
    reuse: Any,
    regularizer: Any,
    shard: Start | None = None,
    **arguments: Any,
) -> Any:
    """The plain variable `name`; a shard where `shard` says how it begins."""
    if is_value(initializer) and shape is not None and shard is None:
        raise tf_error(
            ValueError,
            "If initializer is a constant, do not specify shape.",
            name=name,
            remedy="Leave shape out.",
        )
    dtype, sizes = as_dtype(dtype, name), as_sizes(shape)
    if store is not None and name in store.variables:
        return _found(store.variables[name], name, sizes, dtype, reuse)
    if reuse is True:
        raise _does_not_exist(name, store)
    begin = shard or _beginning(name, sizes, dtype, initializer)
    variable = _create(graph, name, begin, sizes, arguments)
    if store is not None:
        store.variables[name] = variable
        if graph.eager:  # where `Variable` is in no collection
            collect(graph, variable)
    graph.changed()
    if regularizer:
        add_regularization(graph, variable, regularizer)
    return variable


def _found(variable: Any, name: Any, sizes: Any, dtype: np.dtype, reuse: Any) -> Any:
    if reuse is False:
        raise tf_error(
            ValueError,
            f"Variable {name} already exists, disallowed. {_SHARED}",
            name=name,
            first=variable.defined_at,
            remedy="To share it, open its scope with reuse=True; to make another, open"
            " a scope of another name.",
        )
    shape = tuple(variable.shape)
    for what, fits, wanted, found in (
        ("shape", agree(sizes, shape), text(sizes), shape),
        ("dtype", dtype == variable.dtype, dtype.name, variable.dtype.name),
    ):
        if not fits:
            raise tf_error(
                ValueError,
                f"Trying to share variable {name}, but specified {what} {wanted} and"
                f" found {what} {found}.",
                name=name,
                first=variable.defined_at,
                remedy=f"Ask for the {what} it has, or use another name.",
            )
    return variable


def _does_not_exist(name: Any, store: Store | None) -> ValueError:
    names = [str(other) for other in store.variables] if store else []
    return tf_error(
        ValueError,
        f"Variable {name} does not exist, or was not created with tf.get_variable(). Did"
        " you mean to set reuse=tf.AUTO_REUSE in VarScope?",
        name=name,
        nearest=nearest(str(name), names),
        remedy="Create it first in a scope that does not reuse.",
    )


def _create(
    graph: Graph, name: Any, begin: Any, sizes: Any, arguments: dict[str, Any]
) -> Any:
    """Asks the creators, outside of all name scopes: the name is a full one."""
    thread = graph.thread
    outer, thread.name_scope = thread.name_scope, ""
    if arguments["use_resource"] is None:
        arguments["use_resource"] = True  # there is one kind of array
    try:
        return create_variable(
            initial_value=begin,
            name=name,
            dtype=_dtype_of(begin),
            variable_def=None,
            expected_shape=None,
            import_scope=None,
            shape=sizes,
            **arguments,
        )
    finally:
        thread.name_scope = outer


def _dtype_of(begin: Any) -> Any:
    if is_value(begin):
        return as_value(begin).dtype
    return begin.dtype if isinstance(begin, Start) else None


def _beginning(name: Any, sizes: Any, dtype: np.dtype, initializer: Any) -> Any:
    """The initial value that the creators see: a `Start`, a value, or a function."""
    if initializer is None:
        initializer = _default(name, sizes, dtype)
    if is_value(initializer):
        as_value(initializer)  # it has to be one; the creators see what was given
        return initializer
    initializer = instance(initializer)
    if is_known(sizes):
        return Start(as_core(initializer, dtype), sizes, dtype)
    if needs_nothing(initializer):
        return initializer
    raise tf_error(
        ValueError,
        "The initializer passed is not valid. It should be a callable with no arguments"
        " and the shape should not be provided or an instance of"
        " `tf.keras.initializers.*' and `shape` should be fully defined.",
        name=name,
    )


def _default(name: Any, sizes: Any, dtype: np.dtype) -> Any:
    """TF1's default: Glorot uniform for floats, zeros for integers and bools."""
    if sizes is None:
        raise tf_error(
            ValueError,
            f"Variable {name} did not get an initializer, so its `shape` argument must"
            " be specified.",
            name=name,
        )
    initializer = default_for(dtype)
    if initializer is None:
        raise tf_error(
            ValueError,
            f"An initializer for variable {name} of <dtype: '{dtype.name}'> is required",
            name=name,
        )
    return initializer
