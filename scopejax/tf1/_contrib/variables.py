"""Variables of slim: made into the collection MODEL_VARIABLES, and found again."""

from __future__ import annotations

import functools
import re
from typing import Any

from ..._base.tf1_errors import tf_error
from ..._spec.spec import VariableAggregation, VariableSynchronization
from .._graph.current import get_default_graph
from .._running.functions import device as on_device
from .._running.functions import get_collection
from .._scopes.get_variable import get_variable
from .._scopes.scope import VariableScope, get_variable_scope
from .._words.graph_keys import GraphKeys
from .arg_scope import add_arg_scope

_AUTO, _NONE = VariableSynchronization.AUTO, VariableAggregation.NONE


@add_arg_scope
def variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    use_resource: bool | None = None,
    synchronization: Any = _AUTO,
    aggregation: Any = _NONE,
) -> Any:
    """`get_variable`, with a device and defaults by `arg_scope`."""
    keys = [GraphKeys.GLOBAL_VARIABLES] if collections is None else collections
    getter: Any = get_variable
    if custom_getter is not None:
        reuse = get_variable_scope().reuse
        getter = functools.partial(custom_getter, reuse=reuse)
    with on_device(device or ""):
        return getter(
            name,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
            collections=list(dict.fromkeys(keys)),
            caching_device=caching_device,
            partitioner=partitioner,
            use_resource=use_resource,
            synchronization=synchronization,
            aggregation=aggregation,
        )


@add_arg_scope
def model_variable(
    name: str,
    shape: Any = None,
    dtype: Any = "float32",
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    use_resource: bool | None = None,
    synchronization: Any = _AUTO,
    aggregation: Any = _NONE,
) -> Any:
    """`variable`, in the collections of global and of model variables too."""
    given = dict(locals())
    keys = [*(collections or ()), GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES]
    return variable(**{**given, "collections": keys})


def getter_of_model_variables(rename: dict[str, str] | None = None) -> Any:
    """A custom getter that makes model variables, the last component renamed."""

    def getter(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        above, slash, last = name.rpartition("/")
        name = above + slash + (rename or {}).get(last, last)
        known = {k: v for k, v in kwargs.items() if k in _TAKEN}
        make: Any = model_variable
        return make(name, *args, custom_getter=getter, **known)

    return getter


_TAKEN = (
    "shape",
    "dtype",
    "initializer",
    "regularizer",
    "trainable",
    "collections",
    "caching_device",
    "partitioner",
    "use_resource",
    "synchronization",
    "aggregation",
)


def collections_of(given: Any, name: str) -> Any:
    """The collections of one kind of variable, given for all kinds or by kind."""
    return given.get(name) if isinstance(given, dict) else given


def add_to_its_collections(variable: Any, given: Any, name: str) -> None:
    """Adds a variable to the collections of its kind, once."""
    graph = get_default_graph()
    parts = list(variable) if hasattr(variable, "partitions") else [variable]
    for key in collections_of(given, name) or ():
        for part in parts:
            if part not in graph.get_collection(key):
                graph.add_to_collection(key, part)


def add_model_variable(var: Any) -> None:
    """Adds a variable to the collection of model variables."""
    get_default_graph().add_to_collection(GraphKeys.MODEL_VARIABLES, var)


def get_variables(
    scope: Any = None,
    suffix: str | None = None,
    collection: str = GraphKeys.GLOBAL_VARIABLES,
) -> list[Any]:
    """The variables of a collection, by the beginning and the end of their names."""
    if isinstance(scope, VariableScope):
        scope = scope.name
    if suffix is not None:
        scope = (scope or "") + ".*" + (suffix if ":" in suffix else f"{suffix}:")
    return get_collection(collection, scope)


def get_model_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The model variables; see `get_variables`."""
    return get_variables(scope, suffix, GraphKeys.MODEL_VARIABLES)


def get_local_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The local variables; see `get_variables`."""
    return get_variables(scope, suffix, GraphKeys.LOCAL_VARIABLES)


def get_trainable_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The trainable variables; see `get_variables`."""
    return get_variables(scope, suffix, GraphKeys.TRAINABLE_VARIABLES)


def get_variables_by_suffix(suffix: str, scope: Any = None) -> list[Any]:
    """The variables whose names end like this."""
    return get_variables(scope, suffix)


def get_variables_by_name(given_name: str, scope: Any = None) -> list[Any]:
    """The variables whose last component is this."""
    return get_variables(scope, f"/{given_name}:|^{given_name}:")


def get_unique_variable(var_op_name: str) -> Any:
    """The one variable of a name.

    Raises:
      ValueError: there is none, or more than one.
    """
    found = [v for v in get_variables(var_op_name) if v.op.name == var_op_name]
    if len(found) == 1:
        return found[0]
    raise tf_error(
        ValueError, f"Variable {var_op_name} does not uniquely identify a variable"
    )


def get_variables_to_restore(include: Any = None, exclude: Any = None) -> list[Any]:
    """The variables of some scopes, without those of others.

    Raises:
      TypeError: `include` or `exclude` is no list.
    """
    for what, given in (("include", include), ("exclude", exclude)):
        if given is not None and not isinstance(given, list | tuple):
            raise tf_error(
                TypeError, f"{what} is provided but is not a list or a tuple."
            )
    scopes = [None] if include is None else include
    without = {v for scope in exclude or () for v in get_variables(scope)}
    found = [v for scope in scopes for v in get_variables(scope)]
    return [v for v in found if v not in without]


def filter_variables(
    var_list: Any,
    include_patterns: Any = None,
    exclude_patterns: Any = None,
    reg_search: bool = True,
) -> list[Any]:
    """The variables whose names have one of these patterns, and none of those."""
    finds = re.search if reg_search else re.match

    def has(v: Any, patterns: Any) -> bool:
        return any(finds(pattern, v.name) for pattern in patterns)

    return [
        v
        for v in var_list
        if (include_patterns is None or has(v, include_patterns))
        and not has(v, exclude_patterns or ())
    ]
