"""VariableScope: the defaults that hold in one variable scope, and its reuse flag."""

from __future__ import annotations

import re
from typing import Any

import jax
import numpy as np

from ..._base.tf1_errors import tf_error
from ..._spec.options import AUTO_REUSE
from .._graph.current import get_default_graph
from .._initial.values import as_value, is_value
from .._variables.store import get_variable as get_from_store
from .._words.arguments import Arguments
from .._words.dtypes import FLOAT32, as_dtype
from .._words.graph_keys import GraphKeys


class VariableScope:
    """The defaults of one variable scope; `variable_scope` makes and enters one.

    Unlike a `scopejax.Scope` it is mutable: `reuse_variables` and the setters change
    this very object, for what is created or opened in it afterwards.

    Args:
      reuse: True, AUTO_REUSE, or False.
      name: the full name.
      initializer, regularizer, caching_device: the defaults of `get_variable`.
      partitioner, custom_getter, dtype, use_resource, constraint: likewise.
      name_scope: the op name scope of its first opening.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default(), tf1.variable_scope("a", reuse=True) as scope:
    ...     scope.name, scope.reuse, tf1.get_variable_scope() is scope
    ('a', True, True)
    """

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        name_scope: str = "",
        dtype: Any = FLOAT32,
        use_resource: bool | None = None,
        constraint: Any = None,
    ) -> None:
        self._name = name
        self._reuse = reuse
        self._initializer = initializer
        self._regularizer = regularizer
        self._caching_device = caching_device
        self._partitioner = partitioner
        self._custom_getter = custom_getter
        self._name_scope = name_scope
        self._dtype = dtype
        self._use_resource = use_resource
        self._constraint = constraint
        self._begin()

    def _begin(self) -> None:
        if get_default_graph().eager:
            if self._caching_device is not None:
                raise _no_caching_devices()
            self._reuse, self._use_resource = AUTO_REUSE, True

    def derived(
        self, reuse: Any, name: str, name_scope: str, options: dict[str, Any]
    ) -> VariableScope:
        """A scope with the same defaults but for `options`, and no constraint."""
        scope = object.__new__(VariableScope)
        fields = scope.__dict__
        fields.update(self.__dict__)
        fields["_reuse"], fields["_name"] = reuse, name
        fields["_name_scope"], fields["_constraint"] = name_scope, None
        for option, value in options.items():
            fields[f"_{option}"] = value
        scope._begin()
        return scope

    name = property(lambda self: self._name, doc="The full name: ``'a/b'``.")
    original_name_scope = property(
        lambda self: self._name_scope, doc="The op name scope of its first opening."
    )
    reuse = property(lambda self: self._reuse, doc="True, AUTO_REUSE, or False.")
    initializer = property(lambda self: self._initializer, doc="The default.")
    regularizer = property(lambda self: self._regularizer, doc="The default.")
    caching_device = property(lambda self: self._caching_device, doc="The default.")
    partitioner = property(lambda self: self._partitioner, doc="The default.")
    custom_getter = property(lambda self: self._custom_getter, doc="The default.")
    dtype = property(lambda self: self._dtype, doc="The default.")
    use_resource = property(lambda self: self._use_resource, doc="The default.")
    constraint = property(lambda self: self._constraint, doc="The default.")

    def reuse_variables(self) -> None:
        """From here on variables of this scope must exist."""
        self._set("reuse", True)

    def set_initializer(self, initializer: Any) -> None:
        """Sets the default of this scope."""
        self._set("initializer", initializer)

    def set_dtype(self, dtype: Any) -> None:
        """Sets the default of this scope."""
        self._set("dtype", dtype)

    def set_use_resource(self, use_resource: bool) -> None:
        """Sets the default of this scope, which has no effect."""
        if get_default_graph().eager and not use_resource:
            raise tf_error(
                ValueError,
                "When eager execution is enabled, use_resource cannot be set to false.",
            )
        self._set("use_resource", use_resource)

    def set_regularizer(self, regularizer: Any) -> None:
        """Sets the default of this scope."""
        self._set("regularizer", regularizer)

    def set_caching_device(self, caching_device: Any) -> None:
        """Sets the default of this scope."""
        if get_default_graph().eager:
            raise _no_caching_devices()
        self._set("caching_device", caching_device)

    def set_partitioner(self, partitioner: Any) -> None:
        """Sets the default of this scope."""
        self._set("partitioner", partitioner)

    def set_custom_getter(self, custom_getter: Any) -> None:
        """Sets the default of this scope, in place of all getters around."""
        self._set("custom_getter", custom_getter)

    def _set(self, option: str, value: Any) -> None:
        graph = get_default_graph()
        graph.asked()
        setattr(self, f"_{option}", value)
        graph.changed()

    # What is in it

    def get_collection(self, name: str) -> list[Any]:
        """The items of a collection whose names begin with this scope's."""
        scope = f"{self._name}/" if self._name else self._name
        return get_default_graph().get_collection(name, scope)

    def trainable_variables(self) -> list[Any]:
        """The trainable variables whose names begin with this scope's."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Any]:
        """The global variables whose names begin with this scope's."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Any]:
        """The local variables whose names begin with this scope's."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def key(self, name: str, index: Any = None) -> jax.Array:
        """A random key for what is random in this scope: scopejax's addition to TF1.

        It depends on the root key (of `apply`, or of the graph), on the full names and
        on `index` alone; see `scopejax.Scope.key`.

        >>> from scopejax import tf1
        >>> with tf1.Graph().as_default():
        ...     key = tf1.get_variable_scope().key("dropout")
        >>> key.shape
        ()
        """
        graph = get_default_graph()
        graph.asked()
        path = re.sub("//+", "/", self._name).strip("/")
        key: jax.Array = graph.values.key(path, name, index)
        return key

    def _get_variable(self, arguments: Arguments, getter: Any) -> Any:
        """The variable of a name in this scope, the defaults filled in."""
        graph = get_default_graph()
        graph.asked()
        if arguments.regularizer is None:
            arguments.regularizer = self._regularizer
        if arguments.caching_device is None:
            arguments.caching_device = self._caching_device
        if arguments.partitioner is None:
            arguments.partitioner = self._partitioner
        if arguments.use_resource is None:
            arguments.use_resource = self._use_resource
        getter = self._custom_getter if getter is None else getter
        arguments.reuse = _reuse_in(graph, self._reuse)
        if self._name:
            arguments.name = self._name + "/" + arguments.name
        if arguments.dtype is None:
            arguments.dtype = self._dtype
        else:
            _require_one_dtype(arguments.dtype, arguments.initializer)
        if arguments.initializer is None:
            arguments.initializer = self._initializer
        if arguments.constraint is None:
            arguments.constraint = self._constraint
        return get_from_store(getter, arguments)


def _reuse_in(graph: Any, reuse: Any) -> Any:
    """In the eager world a store always shares, and without one nothing is shared."""
    if not graph.eager:
        return reuse
    return False if graph.thread.store is None else AUTO_REUSE


def _require_one_dtype(dtype: Any, initializer: Any) -> None:
    """An explicit dtype must be that of a value; nothing is cast."""
    if not is_value(initializer):
        return
    wanted, found = as_dtype(dtype), np.dtype(as_value(initializer).dtype)
    if wanted != found:
        raise tf_error(
            ValueError,
            f"Initializer type '<dtype: '{found.name}'>' and explicit dtype '<dtype:"
            f" '{wanted.name}'>' don't match.",
            remedy=f"Leave dtype out, or convert the value to {wanted.name} first.",
        )


def _no_caching_devices() -> NotImplementedError:
    return tf_error(
        NotImplementedError,
        "Caching devices are not yet supported when eager execution is enabled.",
    )


def get_variable_scope() -> VariableScope:
    """The current variable scope: that of the graph and thread.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default(), tf1.variable_scope("a"):
    ...     tf1.get_variable_scope().name
    'a'
    """
    thread = get_default_graph().thread
    if thread.scope is None:
        thread.scope = VariableScope(False)
    scope: VariableScope = thread.scope
    return scope
