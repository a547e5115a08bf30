"""What a graph and its threads hold, and the graphs that a thread has entered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import jax

from .caches import renew_mark
from .counters import Counters, Node
from .names import NameTable, Places, below


class Store:
    """The variables that `get_variable` finds again, by full name.

    Attributes:
      variables: the plain ones and the shards.
      partitioned: the partitioned ones.
    """

    __slots__ = ("partitioned", "variables")

    def __init__(
        self,
        variables: dict[str, Any] | None = None,
        partitioned: dict[str, Any] | None = None,
    ) -> None:
        self.variables = variables or {}
        self.partitioned = partitioned or {}


class Collection(list[Any]):
    """A list that JAX's caches are told of when it changes: it is handed out.

    An array has no name that `get_collection` could filter by, so that the name scope
    which is current when an array is added is kept for it.

    Args:
      graph: that it belongs to, whose threads know their name scopes.
    """

    __slots__ = ("_graph", "_scopes")

    def __init__(self, graph: Any) -> None:
        super().__init__()
        self._graph = graph
        self._scopes: dict[int, str] = {}  # by the identity of what is in the list

    def name_of(self, item: Any) -> str | None:
        """What `scope=` is compared with: an item's name, or a name in its name scope.

        None is for what is no tensor in TF1 either, such as a number.
        """
        if hasattr(item, "name"):
            return str(item.name)
        if not isinstance(item, jax.Array):
            return None
        return below(self._scopes.get(id(item), ""), "Tensor:0")

    def changed(self) -> None:
        """To be called after a change."""
        scope, known = self._graph.thread.name_scope, self._scopes
        self._scopes = {
            id(item): known.get(id(item), scope)
            for item in self
            if isinstance(item, jax.Array)
        }
        renew_mark()


def _noticed(method: Callable[..., Any]) -> Callable[..., Any]:
    def change(self: Collection, *args: Any, **kwargs: Any) -> Any:
        result = method(self, *args, **kwargs)
        self.changed()
        return result

    return change


for _name in (
    *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
    *("__setitem__", "__delitem__", "__iadd__"),
):
    setattr(Collection, _name, _noticed(getattr(list, _name)))


class ThreadState:
    """What one thread knows of a graph.

    Attributes:
      scope: the current variable scope; None until the root is asked for.
      counters: how often each variable scope was opened.
      name_scope: the current op name scope, ``"a/b"``.
      creators: the variable creators in force, the outermost first.
      store: of an `EagerVariableStore` in force.
      device: what variables are made on.
      unnoticed: whether JAX is called for the graph's own ends.
      inside: whether the last operation was within a JAX transform of the graph's own
        trace.
      regularizer: of the `get_variable` that is making a variable.
    """

    def __init__(self) -> None:
        self.scope: Any = None
        self.counters = Counters()
        self.name_scope = ""
        self.creators: tuple[Callable[..., Any], ...] = ()
        self.store: Store | None = None
        self.device: Any = None
        self.unnoticed = False
        self.inside = False
        self.regularizer: Any = None


class Snapshot(NamedTuple):
    """What a second run of a function must find as the first one did."""

    names: NameTable
    nodes: set[str]
    places: Places
    collections: dict[str, list[Any]]
    store: Store
    variables: dict[str, Any]
    kept: dict[Any, Any]
    counters: Node
    scope: Any
    options: dict[str, Any]


# The graphs that a thread has entered


class _Entered(threading.local):
    def __init__(self) -> None:
        self.graphs: list[Any] = []


ENTERED = _Entered()
"""Per thread, the innermost last."""


def enter_graph(graph: Any) -> Any:
    """Makes `graph` the current one of this thread."""
    ENTERED.graphs.append(graph)
    return graph


def leave_graph() -> None:
    """Back to the graph that was current before."""
    ENTERED.graphs.pop()
