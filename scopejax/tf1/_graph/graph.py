"""Graph: the frame that TF1's functions act on.

A graph holds what all threads share: variables, collections, the op names in use; all
of it under one lock. What belongs to a thread lies in a `ThreadState`: the current
variable scope, the counts behind default names, the name scope, the creators.

The variables of a plain graph exist as the line runs. `tf1.transform` runs a model in a
graph of its own whose variables are the model's params. The eager world is a graph
without unique names.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

import jax

from ..._base.errors import ScopeUsageError
from ..._base.lines import user_line
from ..._base.trees import from_flat, to_flat
from ..._jax.surroundings import trace_state
from ..._manifest.manifest import Manifest
from .caches import renew_mark, set_mark
from .names import NameTable, Places, below, require_valid
from .opened import opened_name
from .runs import notice_runs
from .state import Collection, Snapshot, Store, ThreadState, enter_graph, leave_graph
from .values import GraphValues, ParamValues

_config: Any = jax.config  # its options are not annotated


class Graph:
    """A set of variables, their names and collections; `with graph.as_default():`.

    >>> from scopejax import tf1
    >>> graph = tf1.Graph()
    >>> with graph.as_default(), tf1.variable_scope("head"):
    ...     v = tf1.get_variable("bias", [2], initializer=tf1.zeros_initializer())
    >>> graph.variables
    {'head': {'bias': Array([0., 0.], dtype=float32)}}
    """

    eager = False
    runs_once = False  # so that a jitted function will not be called again unchanged

    def __init__(self) -> None:
        self._begin(GraphValues())

    def _begin(self, values: Any, anchor: FrameType | None = None) -> None:
        self.values = values
        self.over = False
        self.lock = threading.RLock()
        self.store = Store()
        self.collections: dict[str, Collection] = {}
        self.names = NameTable()
        self.places = Places()
        self.nodes: set[str] = set()  # the op names of variables
        self.placed: dict[str, Any] = {}  # place -> variable
        self.kept: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()  # by templates
        self.anchor = anchor
        self.trace = trace_state()
        self._threads = threading.local()

    @property
    def thread(self) -> ThreadState:
        """What this thread knows of the graph."""
        try:
            state: ThreadState = self._threads.state
        except AttributeError:
            state = self._threads.state = ThreadState()
        return state

    @contextlib.contextmanager
    def as_default(self) -> Iterator[Graph]:
        """Within it this is the current graph of the thread."""
        enter_graph(self)
        try:
            yield self
        finally:
            leave_graph()

    # Variables

    @property
    def variables(self) -> dict[str, Any]:
        """The nested dict of all values, ready for `apply` of the transformed model."""
        return from_flat({place: v.value() for place, v in self.placed.items()})

    def load(self, variables: Mapping[str, Any]) -> None:
        """Gives every variable a value from such a nested dict.

        Raises:
          VariableMismatchError: something is missing, unexpected, of other shape or
            dtype; nothing is changed then.
        """
        self.manifest().check(variables)
        flat = to_flat(variables)
        self.values.changed_by_hand()
        for place, variable in self.placed.items():
            variable.assign(flat[place])

    def manifest(self) -> Manifest:
        """The variables made so far: print it for the table."""
        specs = getattr(self.values, "specs", {})
        return Manifest(specs[place] for place in self.placed if place in specs)

    # Names

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """`name` below the current name scope, made unique."""
        full = below(self.thread.name_scope, name)
        with self.lock:
            return self.names.unique(full, mark_as_used)

    def get_name_scope(self) -> str:
        """The current name scope: ``"a/b"``."""
        return self.thread.name_scope

    @contextlib.contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Within it op names go below `name`; see `tf1.name_scope`."""
        self.asked()
        with opened_name(self, name) as opened:
            self.changed()
            yield opened
        self.changed()

    def open_name(self, name: str | None) -> tuple[str, str]:
        """The name scope that `name` opens, and what a `with` of it gives.

        Raises:
          ValueError: `name` is no op name.
        """
        if not name:
            return "", ""
        stack = self.thread.name_scope
        require_valid(name, at_root=not stack)
        if name.endswith("/"):
            return name[:-1], name
        with self.lock:
            opened = self.names.unique(below(stack, name))
        return opened, opened + "/"

    # Collections

    def get_collection_ref(self, name: str) -> list[Any]:
        """The collection itself, made if it is not there."""
        self.asked()
        return self.collection(name)

    def collection(self, name: str) -> Collection:
        """The collection itself, for this package's own use."""
        found = self.collections.get(name)
        if found is None:
            found = self.collections.setdefault(name, Collection(self))
        return found

    def get_collection(self, name: str, scope: str | None = None) -> list[Any]:
        """A copy; with `scope` what is named like this from its beginning on.

        An array has no name; it is filtered by the name scope that it was added in.
        """
        self.asked()
        found = self.collections.get(name)
        if scope is None or not found:
            return list(found or ())
        pattern = re.compile(scope)
        names = ((item, found.name_of(item)) for item in found)
        return [item for item, called in names if called and pattern.match(called)]

    def add_to_collection(self, name: str, value: Any) -> None:
        """Adds `value`, also where it is already in."""
        self.asked()
        with self.lock:
            self.collection(name).append(value)
        self.changed()

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Adds `value` to each collection once."""
        keys = (names,) if isinstance(names, str) else set(names)
        for key in keys:
            self.add_to_collection(key, value)

    def get_all_collection_keys(self) -> list[str]:
        """The names of the collections that hold something."""
        found = self.collections.items()
        return [key for key, items in found if items and isinstance(key, str)]

    def clear_collection(self, name: str) -> None:
        """Forgets a collection."""
        self.collections.pop(name, None)
        self.changed()

    # JAX

    def asked(self) -> bool:
        """To be called before anything depends on the state of the graph.

        Returns:
          Whether JAX is tracing something within the graph's own trace.

        Raises:
          ScopeUsageError: the graph is that of a model's run, which is over.
        """
        if self.over:
            raise _over()
        trace, thread = trace_state(), self.thread
        thread.inside = inside = trace != self.trace
        if (inside or _config.jax_disable_jit) and not thread.unnoticed:
            set_mark(trace, renew=self.runs_once)
            notice_runs(self, self.anchor)
        return bool(inside)

    @contextlib.contextmanager
    def unnoticed(self) -> Iterator[None]:
        """Within it JAX is called for the graph's own ends, and nothing is kept."""
        thread = self.thread
        before, thread.unnoticed = thread.unnoticed, True
        try:
            yield
        finally:
            thread.unnoticed = before

    def changed(self) -> None:
        """To be called after the state has changed."""
        renew_mark()

    def snapshot(self) -> Snapshot:
        """The state that a second run of a function starts from."""
        thread, store = self.thread, self.store
        return Snapshot(
            self.names.copy(),
            set(self.nodes),
            self.places.copy(),
            {key: list(items) for key, items in self.collections.items()},
            Store(dict(store.variables), dict(store.partitioned)),
            dict(self.placed),
            dict(self.kept),
            thread.counters.save(),
            thread.scope,
            dict(vars(thread.scope)) if thread.scope else {},
        )

    def rewind(self, snapshot: Snapshot) -> None:
        """Back to the state of `snapshot`."""
        self.names, self.places = snapshot.names.copy(), snapshot.places.copy()
        self.nodes = set(snapshot.nodes)
        for key, items in self.collections.items():  # in place: they are handed out
            items[:] = snapshot.collections.get(key, [])
        self.store.variables = dict(snapshot.store.variables)
        self.store.partitioned = dict(snapshot.store.partitioned)
        self.placed = dict(snapshot.variables)
        self.kept.clear()
        self.kept.update(snapshot.kept)
        self.thread.counters.restore(snapshot.counters)
        if snapshot.scope is not None:
            vars(snapshot.scope).update(snapshot.options)


class ModelGraph(Graph):
    """The graph of one run of a model: its values are the model's params."""

    runs_once = True

    def __init__(self, values: ParamValues, anchor: FrameType) -> None:
        self._begin(values, anchor)

    def close(self) -> None:
        """Lets go of what belongs to the run: its frame and its tracers."""
        self.over, self.anchor = True, None
        self.placed.clear()
        self.collections.clear()
        self.store = Store()
        self.kept.clear()


def _over() -> ScopeUsageError:
    return ScopeUsageError(
        "A variable is used outside of the model that it belongs to.",
        where=user_line(),
        remedy="Return it, or its value, from the function; the params that init"
        " returned hold it too.",
    )


class EagerGraph(Graph):
    """The eager world: names are not unique, and only a store keeps variables."""

    eager = True

    def open_name(self, name: str | None) -> tuple[str, str]:
        """The name scope that `name` opens; never a new one."""
        if not name:
            return "", ""
        if name.endswith("/"):
            return name[:-1], name
        opened = below(self.thread.name_scope, name)
        return opened, opened + "/"
