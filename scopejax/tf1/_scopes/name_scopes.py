"""name_scope, and the names that JAX's profiles show."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Any

from ..._base.tf1_errors import tf_error
from .._graph.current import get_default_graph
from .._graph.graph import Graph


class name_scope:
    """A context manager: op names and those of `Variable` go below `name` within it.

    A new name is made unique at each entering; one that ends in ``"/"`` is absolute and
    taken as it is; None and "" go back to the root. `get_variable` does not see it.
    `jax.named_scope` is entered too, so that profiles and HLO show the name.

    Args:
      name: the name.
      default_name: instead of a `name` that is None.
      values: arguments of the op; the graph of a variable among them becomes current.

    Raises:
      ValueError: `name` is no name, on entering.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default(), tf1.name_scope("a"), tf1.name_scope("b") as b:
    ...     print(b)
    a/b/
    """

    def __init__(
        self, name: str | None, default_name: str | None = None, values: Any = None
    ) -> None:
        if default_name is not None and not isinstance(default_name, str):
            raise tf_error(
                TypeError,
                f"`default_name` type ({type(default_name)}) is not a string type. You"
                " likely meant to pass this into the `values` kwarg.",
            )
        self._name = default_name if name is None else name
        self._values, self._default_name = values, default_name
        self._exits = ExitStack()

    @property
    def name(self) -> str | None:
        """The name as it was given."""
        return self._name

    def __enter__(self) -> str:
        if self._name is None and self._values is not None:
            raise tf_error(
                ValueError,
                f"At least one of name ({self._name}) and default_name"
                f" ({self._default_name}) must be provided.",
            )
        with ExitStack() as entered:
            graph = graph_of(self._values)
            if graph is not None:
                entered.enter_context(graph.as_default())
            opened = entered.enter_context(get_default_graph().name_scope(self._name))
            self._exits = entered.pop_all()
        return opened

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._exits.close()


def graph_of(values: Any) -> Graph | None:
    """The graph of the first variable among the arguments of an op."""
    if not values:
        return None
    graphs = (getattr(value, "graph", None) for value in values)
    return next((graph for graph in graphs if isinstance(graph, Graph)), None)
