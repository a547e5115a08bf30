"""Creation: from the arguments of `Variable`, past the creators, to a variable."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..._base.lines import user_steps
from ..._base.tf1_errors import tf_error
from .._graph.cells import Plan
from .._graph.current import get_default_graph
from .._graph.graph import Graph
from .._graph.state import ThreadState
from .._initial.values import (
    InitialValue,
    as_value,
    from_function,
    require_initial_shape,
)
from .._words.arguments import checked_modes
from .._words.devices import caching_place
from .._words.dtypes import as_dtype
from .._words.graph_keys import GraphKeys
from .start import Start


def create_variable(kind: type, **arguments: Any) -> Any:
    """Asks the variable creators in force, the innermost first.

    Args:
      kind: `Variable`, the class of what the last creator makes.
      arguments: those of `Variable`.
    """
    create: Callable[..., Any] = functools.partial(default_creator, kind)
    for creator in get_default_graph().thread.creators:
        create = _bound(creator, create)
        arguments["experimental_enable_variable_lifting"] = None
    return create(**arguments)


def _bound(creator: Callable[..., Any], following: Callable[..., Any]) -> Any:
    return lambda **arguments: creator(following, **arguments)


def default_creator(
    kind: type, initial_value: Any = None, variable_def: Any = None, **arguments: Any
) -> Any:
    """What makes the variable when all other creators have had their say."""
    if variable_def is not None and initial_value is not None:
        raise tf_error(
            ValueError,
            "The variable_def and initial_value args to `tf.Variable` are mutually"
            f" exclusive, but got both: variable_def={variable_def},\n"
            f"initial_value={initial_value}",
        )
    known = {name: arguments.get(name) for name in _MADE_OF}
    return make_variable(kind, initial_value, **known)


_MADE_OF = (
    "trainable",
    "collections",
    "caching_device",
    "name",
    "dtype",
    "constraint",
    "synchronization",
    "aggregation",
    "shape",
)
"""What of a creator's arguments makes a difference, besides the initial value."""


def make_variable(
    kind: type,
    initial_value: Any,
    trainable: bool | None,
    collections: Any,
    caching_device: Any,
    name: str | None,
    dtype: Any,
    constraint: Any,
    synchronization: Any,
    aggregation: Any,
    shape: Any,
) -> Any:
    """A new variable of the current graph; see `Variable`."""
    if initial_value is None:
        raise tf_error(
            ValueError,
            "The `initial_value` arg to `tf.Variable` must be specified except when you"
            " are not providing a `variable_def`. You provided neither.",
        )
    synchronization, aggregation, trainable = checked_modes(
        synchronization, aggregation, trainable, name
    )
    keys = _collections(collections, trainable)
    if constraint is not None and not callable(constraint):
        raise tf_error(
            ValueError,
            "Argument `constraint` must be None or a callable. a callable. Got a"
            f" {type(constraint)}:  {constraint}",
        )
    caching_device = caching_place(caching_device)
    graph = get_default_graph()
    thread = graph.thread
    regularizer, thread.regularizer = thread.regularizer, None
    outer, thread.unnoticed = thread.unnoticed, True
    try:
        with graph.lock:
            op_name = _claim(graph, name)
            start, source = _start(initial_value, shape, dtype)
            plan = Plan(
                op_name if start.cell else graph.places.add(op_name),
                start.shape,
                start.dtype,
                start.initializer,
                trainable,
                keys,
                regularizer,
                constraint,
                caching_device,
                synchronization,
                aggregation,
                user_steps(graph.anchor),
            )
            variable = _born(kind, graph, op_name, plan, start, source, thread)
    finally:
        thread.unnoticed = outer
    return variable


def _born(
    kind: type,
    graph: Graph,
    op_name: str,
    plan: Plan,
    start: Start,
    source: InitialValue | None,
    thread: ThreadState,
) -> Any:
    """The variable, in the graph and in its collections."""
    variable: Any = object.__new__(kind)
    variable.graph, variable._name, variable._plan = graph, op_name, plan
    variable._save_slice_info = start.info
    cell = start.cell
    if cell is None:
        cell = graph.values.create(plan, source, thread)
        if not graph.eager:
            graph.placed[plan.name] = variable
    variable._cell = cell
    if not graph.eager:
        collect(graph, variable)
    return variable


def collect(graph: Graph, variable: Any) -> None:
    """Adds a variable to its collections."""
    for key in variable._plan.collections:
        found = graph.collection(key)
        list.append(found, variable)  # JAX's caches are told by whoever creates


def _claim(graph: Graph, name: str | None) -> str:
    """The op name of a new variable."""
    _, text = graph.open_name("Variable" if name is None else name)
    op_name = text[:-1]
    if not graph.eager:
        if op_name in graph.nodes:
            raise tf_error(ValueError, f"Duplicate node name in graph: '{op_name}'")
        graph.nodes.add(op_name)
    return op_name


_GLOBAL = (GraphKeys.GLOBAL_VARIABLES,)
_TRAINED = (GraphKeys.GLOBAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES)


def _collections(given: Any, trainable: bool) -> tuple[str, ...]:
    if given is None:
        return _TRAINED if trainable else _GLOBAL
    if not isinstance(given, list | tuple | set):
        raise tf_error(
            ValueError,
            "collections argument to Variable constructor must be a list, tuple, or"
            f" set. Got {given} of type {type(given)}",
        )
    more = [GraphKeys.TRAINABLE_VARIABLES] if trainable else []
    return tuple(dict.fromkeys([*given, *more]))


def _start(value: Any, shape: Any, dtype: Any) -> tuple[Start, InitialValue | None]:
    """How a variable with this initial value begins, and what it is a copy of."""
    if type(value) is Start:
        return value, None
    dtype = None if dtype is None else as_dtype(dtype)
    if callable(value):
        initializer, found = from_function(value, dtype)
        start = Start(initializer, tuple(found.shape), found.dtype)
    else:
        value = as_value(value, dtype)
        found = jnp.asarray(value) if isinstance(value, np.ndarray) else value
        start = Start(value, tuple(found.shape), found.dtype)
    require_initial_shape(start.shape, shape)
    if isinstance(value, InitialValue):
        return start._replace(initializer=value.initializer), value
    return start, None
