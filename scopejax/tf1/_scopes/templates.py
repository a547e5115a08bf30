"""make_template: a function that creates its variables once and shares them after."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from ..._base.lines import user_line
from ..._base.tf1_errors import tf_error
from .._graph.current import eager_world, get_default_graph
from .._graph.graph import Graph
from .._words.graph_keys import GraphKeys
from .scope import VariableScope
from .scopes import unique_name_of_scope, variable_scope


class _Use(NamedTuple):
    """What a template has done in one graph.

    Attributes:
      scope: where its variables are; None before the first call.
      called: whether a call has begun and did not fail as the first one.
    """

    scope: VariableScope | None = None
    called: bool = False


class Template:
    """A function with a variable scope of its own; `make_template` makes one.

    What it has done is kept for each graph, not in the object: one that was made
    outside of a model may be called in every init and apply.

    Attributes:
      name: as it was given.
      func: the function, without the arguments that were bound to it.
    """

    def __init__(
        self,
        name: str,
        func: Callable[..., Any],
        create_scope_now: bool,
        unique_name: str | None,
        custom_getter: Any,
        bound: dict[str, Any],
    ) -> None:
        if name is None:
            raise tf_error(ValueError, "name cannot be None.")
        if unique_name is not None and get_default_graph().eager:
            raise tf_error(
                ValueError,
                "unique_name_ cannot be used when eager execution is enabled.",
            )
        self._func = functools.partial(func, **bound) if bound else func
        self.name, self.func = name, self._func
        self._unique_name, self._custom_getter = unique_name, custom_getter
        self.defined_at = user_line()
        if create_scope_now:
            self._reserve()

    def _reserve(self) -> None:
        """Takes the name of the scope without opening a name scope."""
        graph = get_default_graph()
        prefix = self._unique_name or unique_name_of_scope(self.name)
        with variable_scope(
            prefix, custom_getter=self._custom_getter, auxiliary_name_scope=False
        ) as scope:
            scope._name_scope = prefix  # as TF1 has it, without a slash
            self._remember(graph, _Use(scope))

    def _use(self, graph: Graph) -> _Use:
        use: _Use = graph.kept.get(self) or _Use()
        return use

    def _remember(self, graph: Graph, use: _Use) -> None:
        graph.asked()
        graph.kept[self] = use
        graph.changed()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function in the template's scope."""
        graph = get_default_graph()
        graph.asked()
        with self._own_store(graph):
            use = self._use(graph)
            if use.scope is not None:
                with variable_scope(use.scope, reuse=use.called):
                    return self._call(graph, args, kwargs)
            with variable_scope(
                self._unique_name, self.name, custom_getter=self._custom_getter
            ) as scope:
                self._remember(graph, _Use(scope))
                return self._call(graph, args, kwargs)

    def _own_store(self, graph: Graph) -> AbstractContextManager[Any]:
        """In the eager world templates keep variables that nobody else sees."""
        if not graph.eager:
            return contextlib.nullcontext()
        return eager_world(graph.thread.store or graph.store)

    def _call(self, graph: Graph, args: Any, kwargs: Any) -> Any:
        first = not self._use(graph).called
        self._remember(graph, self._use(graph)._replace(called=True))
        trainable = graph.get_collection_ref(GraphKeys.TRAINABLE_VARIABLES)
        before = len(trainable)
        try:
            result = self._func(*args, **kwargs)
            if len(trainable) != before and not first:
                raise tf_error(
                    ValueError,
                    "Trainable variable created when calling a template after the first"
                    " time, perhaps you used tf.Variable when you meant"
                    f" tf.get_variable: {trainable[before:]}",
                )
        except Exception as error:
            self._remember(graph, self._use(graph)._replace(called=not first))
            self._sign(error)
            raise
        return result

    def _sign(self, error: Exception) -> None:
        """Says in an error where the template was made, as TF1 does."""
        text, *more = error.args or ("",)
        signed = f"{text}\n\noriginally defined at:\n  {self.defined_at}\n"
        error.args = (signed, *more)

    # What it is

    @property
    def variable_scope(self) -> VariableScope | None:
        """The scope of its variables; None before the first call."""
        return self._use(get_default_graph()).scope

    @property
    def variable_scope_name(self) -> str | None:
        """The full name of that scope and a slash; None before the first call."""
        scope = self.variable_scope
        if scope is None:
            return None
        name: str = scope.name
        return name if not name or name.endswith("/") else name + "/"

    @property
    def var_scope(self) -> VariableScope | None:
        """The same as `variable_scope`."""
        return self.variable_scope

    def _collection(self, key: str) -> list[Any]:
        graph = get_default_graph()
        use = self._use(graph)
        if use.scope is None or not use.called:
            return []
        if not graph.eager:
            return use.scope.get_collection(key)
        stored = (graph.thread.store or graph.store).variables
        inside = [
            v for name, v in stored.items() if name.startswith(use.scope.name + "/")
        ]
        return [v for v in inside if key in v._plan.collections]

    @property
    def variables(self) -> list[Any]:
        """The global and the local variables."""
        return self.global_variables + self.local_variables

    @property
    def global_variables(self) -> list[Any]:
        """The global variables of its scope."""
        return self._collection(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list[Any]:
        """The local variables of its scope."""
        return self._collection(GraphKeys.LOCAL_VARIABLES)

    @property
    def trainable_variables(self) -> list[Any]:
        """The trainable variables of its scope."""
        return self._collection(GraphKeys.TRAINABLE_VARIABLES)

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The global variables that are not trainable."""
        trainable = set(self.trainable_variables)
        return [v for v in self.global_variables if v not in trainable]

    @property
    def weights(self) -> list[Any]:
        """The same as `variables`."""
        return self.variables

    @property
    def trainable_weights(self) -> list[Any]:
        """The same as `trainable_variables`."""
        return self.trainable_variables

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The same as `non_trainable_variables`."""
        return self.non_trainable_variables


def make_template(
    name_: str,
    func_: Callable[..., Any],
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: Any = None,
    **kwargs: Any,
) -> Template:
    """A function that creates its variables at the first call and shares them later.

    Args:
      name_: of the scope, made unique.
      func_: uses `get_variable`.
      create_scope_now_: takes the name now, not at the first call.
      unique_name_: taken as it is, in place of `name_`.
      custom_getter_: of the scope.
      **kwargs: arguments of `func_` that stay the same.

    Returns:
      A `Template`, to be called as `func_` is.

    Raises:
      ValueError: `name_` is None; at a later call, a new variable was created.

    Source: `tf.compat.v1.make_template`.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     scale = tf1.make_template("scale", lambda x: x * tf1.get_variable("w", []))
    ...     y = scale(1.0), scale(2.0)
    ...     scale.variables
    [<tf.Variable 'scale/w:0' shape=() dtype=float32>]
    """
    return Template(
        name_, func_, create_scope_now_, unique_name_, custom_getter_, kwargs
    )
