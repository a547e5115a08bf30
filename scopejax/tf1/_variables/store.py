"""Lookup-or-create: what `get_variable` does once the scope has filled in its defaults.

The order of the checks is TF1's: the custom getter, then the partitioned path or the
plain one; there a value with a shape, what exists against `reuse`, shape and dtype,
then the initializer; at last the variable, its collections and its regularizer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._base.names import nearest
from ..._base.sizes import Sizes, as_sizes, is_known, known
from ..._base.tf1_errors import tf_error
from ..._spec.options import no_regularizer
from .._graph.current import get_default_graph
from .._graph.graph import Graph
from .._graph.state import Store
from .._graph.values import GraphValues
from .._initial.closed_over import asked_in_place
from .._initial.values import (
    as_core,
    as_value,
    default_initializer,
    instance,
    is_value,
    needs_nothing,
    takes,
    takes_any,
)
from .._words.arguments import Arguments
from .creation import collect, create_variable, make_variable
from .losses import add_regularization
from .shards import get_partitioned
from .sharing import already_exists, require_alike, shape_and_dtype
from .start import Start
from .variable import Variable


def get_variable(custom_getter: Any, arguments: Arguments) -> Any:
    """The variable by its full name, through the custom getter, which may be None."""
    if custom_getter is not None and not callable(custom_getter):
        raise tf_error(
            ValueError,
            f"Passed a custom_getter which is not callable: {custom_getter}",
        )
    arguments.check()
    if custom_getter is None:
        return _get(arguments)
    keywords = arguments.as_keywords()
    if not (takes(custom_getter, "constraint") or takes_any(custom_getter)):
        del keywords["constraint"]  # as in TF1: getters are older than it
    return custom_getter(getter=true_getter, **keywords)


def true_getter(name: Any, *positional: Any, **keywords: Any) -> Any:
    """What a custom getter calls as `getter`: past all getters, by full name."""
    arguments = Arguments(name, *positional, **keywords)
    arguments.check()
    return _get(arguments)


def _get(arguments: Arguments) -> Any:
    """A partitioned variable or a plain one."""
    graph = get_default_graph()
    store, name = current_store(graph), arguments.name
    with graph.lock:
        partitioner = arguments.partitioner
        if partitioner is not None and not _is_scalar(arguments.shape):
            if not callable(partitioner):
                raise tf_error(
                    ValueError,
                    f"Partitioner must be callable, but received: {partitioner}",
                    name=name,
                )
            return get_partitioned(graph, store or Store(), get_single, arguments)
        if store is not None:
            again = arguments.reuse is True and partitioner is None
            if again and name in store.partitioned:
                return get_partitioned(graph, store, get_single, arguments)
            if f"{name}/part_0" in store.variables:
                raise _is_partitioned(store, name)
        return get_single(graph, store, arguments)


def current_store(graph: Graph) -> Store | None:
    """Where variables are found again: None in the eager world without a store."""
    store = graph.thread.store
    return store if store is not None or graph.eager else graph.store


def _is_scalar(shape: Any) -> bool:
    return isinstance(shape, Sequence) and not shape


def get_single(
    graph: Graph,
    store: Store | None,
    arguments: Arguments,
    shard: Start | None = None,
) -> Any:
    """The plain variable of that name; a shard where `shard` says how it begins."""
    name, initializer = arguments.name, arguments.initializer
    if is_value(initializer) and arguments.shape is not None and shard is None:
        raise tf_error(
            ValueError,
            "If initializer is a constant, do not specify shape.",
            name=name,
            remedy="Leave shape out.",
        )
    sizes, reuse = as_sizes(arguments.shape), arguments.reuse
    if store is not None and name in store.variables:
        return _found(store.variables[name], name, sizes, arguments.dtype, reuse)
    if reuse is True:
        raise _does_not_exist(name, store)
    begin = shard or _beginning(graph, name, sizes, arguments.dtype, initializer)
    variable = _create(graph, begin, sizes, arguments)
    if store is not None:
        store.variables[name] = variable
        if graph.eager:  # where `Variable` is in no collection
            collect(graph, variable)
    graph.changed()
    if arguments.regularizer:
        add_regularization(graph, variable, arguments.regularizer)
    return variable


# What exists


def _found(
    variable: Any, name: Any, sizes: Sizes | None, dtype: np.dtype, reuse: Any
) -> Any:
    if reuse is False:
        raise already_exists(
            f"Variable {name} already exists, disallowed.", name, variable
        )
    require_alike(
        f"Trying to share variable {name}",
        name,
        variable,
        *shape_and_dtype(variable, sizes, dtype),
    )
    return variable


def _does_not_exist(name: Any, store: Store | None) -> ValueError:
    names = [str(other) for other in store.variables] if store else []
    return tf_error(
        ValueError,
        f"Variable {name} does not exist, or was not created with tf.get_variable()."
        " Did you mean to set reuse=tf.AUTO_REUSE in VarScope?",
        name=name,
        nearest=nearest(str(name), names),
        remedy="Create it first in a scope that does not reuse.",
    )


def _is_partitioned(store: Store, name: Any) -> ValueError:
    return tf_error(
        ValueError,
        "No partitioner was provided, but a partitioned version of the variable was"
        f" found: {name}/part_0. Perhaps a variable of the same name was already"
        " created with partitioning?",
        name=name,
        first=store.variables[f"{name}/part_0"].defined_at,
    )


# What is new


def _create(graph: Graph, begin: Any, sizes: Sizes | None, arguments: Arguments) -> Any:
    """Asks the creators, outside of all name scopes: the name is a full one."""
    thread = graph.thread
    outer, thread.name_scope = thread.name_scope, ""
    regularizer = arguments.regularizer
    thread.regularizer = None if regularizer is no_regularizer else regularizer
    resource = arguments.use_resource
    try:
        if not thread.creators:  # nearly always; by keywords a trace takes 6 % more
            return make_variable(
                Variable,
                begin,
                arguments.trainable,
                arguments.collections,
                arguments.caching_device,
                arguments.name,
                _dtype_of(begin),
                arguments.constraint,
                arguments.synchronization,
                arguments.aggregation,
                sizes,
            )
        return create_variable(
            Variable,
            initial_value=begin,
            trainable=arguments.trainable,
            collections=arguments.collections,
            validate_shape=arguments.validate_shape,
            caching_device=arguments.caching_device,
            name=arguments.name,
            variable_def=None,
            dtype=_dtype_of(begin),
            expected_shape=None,
            import_scope=None,
            constraint=arguments.constraint,
            use_resource=True if resource is None else resource,  # there is one kind
            synchronization=arguments.synchronization,
            aggregation=arguments.aggregation,
            shape=sizes,
        )
    finally:
        thread.name_scope, thread.regularizer = outer, None


def _dtype_of(begin: Any) -> Any:
    if type(begin) is Start:
        return begin.dtype
    return as_value(begin).dtype if is_value(begin) else None


def _beginning(
    graph: Graph, name: Any, sizes: Sizes | None, dtype: np.dtype, initializer: Any
) -> Any:
    """The initial value that the creators see: a `Start`, a value, or a function."""
    if initializer is None:
        return _default(name, sizes, dtype)
    if is_value(initializer):
        as_value(initializer)  # it has to be one; the creators see what was given
        return initializer
    initializer = instance(initializer)
    if is_known(sizes):
        if not isinstance(graph.values, GraphValues):  # where arrays may be the model's
            asked = asked_in_place(initializer, known(sizes), dtype)
            if asked is not None:
                return asked
        return Start(as_core(initializer, dtype), known(sizes), dtype)
    if needs_nothing(initializer):
        return initializer
    raise _not_valid(name)


def _not_valid(name: Any) -> ValueError:
    return tf_error(
        ValueError,
        "The initializer passed is not valid. It should be a callable with no arguments"
        " and the shape should not be provided or an instance of"
        " `tf.keras.initializers.*' and `shape` should be fully defined.",
        name=name,
    )


def _default(name: Any, sizes: Sizes | None, dtype: np.dtype) -> Start:
    """How a variable without an initializer begins."""
    if sizes is None:
        raise tf_error(
            ValueError,
            f"Variable {name} did not get an initializer, so its `shape` argument must"
            " be specified.",
            name=name,
        )
    initializer = default_initializer(name, dtype)
    if not is_known(sizes):
        raise _not_valid(name)
    return Start(initializer, known(sizes), dtype)
