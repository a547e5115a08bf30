"""variable_scope and variable_creator_scope: the context managers of get_variable."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, NamedTuple

from ..._base.tf1_errors import tf_error
from ..._spec.options import AUTO_REUSE
from .._graph.counters import Node
from .._graph.current import get_default_graph
from .._graph.names import below
from .._graph.opened import opened_name
from .._graph.state import enter_graph, leave_graph
from .name_scopes import graph_of
from .scope import VariableScope, get_variable_scope

_OPTIONS = (
    "initializer",
    "regularizer",
    "caching_device",
    "partitioner",
    "custom_getter",
    "dtype",
    "use_resource",
    "constraint",
)
"""What a scope can be given; all but the constraint hold in the scopes below too."""


class variable_scope:
    """A context manager: `get_variable` makes and shares variables below a name.

    The object has a memory, as TF1's has: entered again it keeps the name that was
    chosen for a default name, an inherited reuse, and its first original_name_scope.

    Args:
      name_or_scope: a name below the current scope; or a captured `VariableScope`,
        which is jumped into with its own name and defaults; or None.
      default_name: made unique among the scopes opened here, where there is no name.
      values: arguments of the op; the graph of a variable among them becomes current.
      initializer, regularizer, caching_device: defaults of `get_variable`; None
        inherits.
      partitioner, custom_getter, dtype, use_resource: likewise.
      reuse: True: variables must exist; AUTO_REUSE: they are made if missing; None and
        False inherit.
      constraint: default of `get_variable` in this very scope; not inherited.
      auxiliary_name_scope: whether to open a name scope too.

    Raises:
      TypeError, ValueError: as TF1, at construction or on entering.

    Source: `tf.compat.v1.variable_scope`.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     with tf1.variable_scope("foo"):
    ...         v = tf1.get_variable("v", [1])
    ...     with tf1.variable_scope("foo", reuse=True):
    ...         print(tf1.get_variable("v", [1]) is v)
    True
    """

    _entries: list[_Entry]
    _last: VariableScope

    def __init__(
        self,
        name_or_scope: str | VariableScope | None,
        default_name: str | None = None,
        values: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        reuse: Any = None,
        dtype: Any = None,
        use_resource: bool | None = None,
        constraint: Any = None,
        auxiliary_name_scope: bool = True,
    ) -> None:
        if default_name is None and name_or_scope is None:
            raise tf_error(
                TypeError, "If default_name is None then name_or_scope is required"
            )
        self._reuse = None if reuse is False else reuse
        if not (self._reuse in (None, AUTO_REUSE) or self._reuse is True):
            raise tf_error(
                ValueError,
                "The reuse parameter must be True or False or None.",
                remedy="AUTO_REUSE is allowed as well.",
            )
        if not isinstance(auxiliary_name_scope, bool):
            raise tf_error(
                TypeError,
                "The auxiliary_name_scope must be `True` or `False`, while get"
                f" {auxiliary_name_scope}",
            )
        self._name_or_scope, self._default_name = name_or_scope, default_name
        given = (
            initializer,
            regularizer,
            caching_device,
            partitioner,
            custom_getter,
            dtype,
            use_resource,
            constraint,
        )
        pairs = zip(_OPTIONS, given, strict=True)
        self._given = {name: value for name, value in pairs if value is not None}
        self._auxiliary = auxiliary_name_scope
        self._graph = graph_of(values) or get_default_graph()
        # What the first entering decides:
        self._jump: VariableScope | None = None
        self._prefix: str | None = None
        self._opens: str | None = None
        self._original_name_scope = ""

    def __enter__(self) -> VariableScope:
        graph = enter_graph(self._graph)
        name: AbstractContextManager[str] | None = None
        try:
            graph.asked()
            first = self._prefix is None and self._jump is None
            base = self._first_name() if first else ""
            if self._opens is not None:
                opening = opened_name(graph, self._opens)
                opened = opening.__enter__()
                name = opening
                self._original_name_scope = self._original_name_scope or opened
            if first:
                self._decide(base)
            return self._push(name, first)
        except BaseException:
            if name is not None:
                name.__exit__(None, None, None)
            leave_graph()
            raise

    def _first_name(self) -> str:
        """Checks the name, and says which name scope goes with it."""
        given = self._name_or_scope
        if given is not None and not isinstance(given, VariableScope | str):
            raise tf_error(
                TypeError,
                "VariableScope: name_or_scope must be a string or VariableScope.",
            )
        if given is None and self._reuse:
            raise tf_error(
                ValueError, "reuse=True cannot be used without a name_or_scope"
            )
        name: Any = self._default_name if given is None else given
        base = name.name.split("/")[-1] if isinstance(name, VariableScope) else name
        if not self._auxiliary:
            current = self._graph.get_name_scope()
            self._opens = f"{current}/" if current else ""
        elif base:
            self._opens = base
        return str(base)

    def _decide(self, base: str) -> None:
        """What to jump to, or what to append to the name of the current scope."""
        given = self._name_or_scope
        if isinstance(given, VariableScope):
            self._jump = self._child(
                given, given.name, given.original_name_scope, self._reuse or given.reuse
            )
        else:
            self._prefix = unique_name_of_scope(base) if given is None else base

    def _push(
        self, name: AbstractContextManager[str] | None, first: bool
    ) -> VariableScope:
        """Makes the scope the current one of the thread."""
        thread, old = self._graph.thread, get_variable_scope()
        scope = self._jump
        if scope is None:
            full = below(old.name, str(self._prefix))
            self._reuse = self._reuse or old.reuse
            scope = self._child(old, full, self._original_name_scope, self._reuse)
        path = tuple(scope.name.split("/"))
        counters = thread.counters
        counters.open(path)
        saved = counters.save() if self._jump is not None else None
        entry = _Entry(name, old, path, saved)
        thread.scope = self._last = scope
        if first:
            self._entries = []
        self._entries.append(entry)
        self._graph.changed()
        return scope

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        thread = self._graph.thread
        entry = self._entries.pop()
        try:
            if thread.scope is not self._last:
                raise tf_error(RuntimeError, "Improper nesting of variable_scope.")
            if entry.saved is None:
                thread.counters.close(entry.path)
            else:
                thread.counters.restore(entry.saved)
            thread.scope = entry.old
        finally:
            if entry.name is not None:
                entry.name.__exit__(None, None, None)
            self._graph.changed()
            leave_graph()

    def _child(
        self, base: VariableScope, name: str, name_scope: str, reuse: Any
    ) -> VariableScope:
        """A scope with the defaults of `base`, and what was given put over them."""
        given = self._given
        getter = given.get("custom_getter")
        if getter is not None and base.custom_getter is not None:
            getter = _composed(getter, base.custom_getter)
            given = {**given, "custom_getter": getter}
        return base.derived(reuse, name, name_scope, given)


class _Entry(NamedTuple):
    """What leaving a scope brings back: the name scope, the scope, the counts."""

    name: AbstractContextManager[str] | None
    old: VariableScope
    path: tuple[str, ...]
    saved: Node | None  # of a jump


def unique_name_of_scope(default_name: str) -> str:
    """A default name that no scope opened here has had."""
    thread, current = get_default_graph().thread, get_variable_scope().name
    last = thread.counters.unique(tuple(below(current, default_name).split("/")))
    above, slash, _ = default_name.rpartition("/")
    return above + slash + last


def _composed(getter: Callable[..., Any], outer: Callable[..., Any]) -> Any:
    """`getter` first, with `outer` as what it calls."""

    def composed(*args: Any, **kwargs: Any) -> Any:
        true, *rest = args if args else (kwargs.pop("getter"),)
        return getter(functools.partial(outer, true), *rest, **kwargs)

    return composed


@contextlib.contextmanager
def variable_op_scope(
    values: Any,
    name_or_scope: str | VariableScope | None,
    default_name: str | None = None,
    initializer: Any = None,
    regularizer: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    reuse: Any = None,
    dtype: Any = None,
    use_resource: bool | None = None,
    constraint: Any = None,
) -> Iterator[VariableScope]:
    """`variable_scope` with its arguments in an older order.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default(), tf1.variable_op_scope([], "a") as scope:
    ...     scope.name
    'a'
    """
    with variable_scope(**locals()) as scope:
        yield scope


@contextlib.contextmanager
def variable_creator_scope(variable_creator: Callable[..., Any]) -> Iterator[None]:
    """Within it `variable_creator` decides how variables are created.

    Args:
      variable_creator: ``(next_creator, **arguments) -> variable``, for `Variable` and
        for `get_variable` that makes one; the innermost is called first.

    Raises:
      RuntimeError: scopes are left in another order than they were entered.

    >>> from scopejax import tf1
    >>> def frozen(next_creator, **arguments):
    ...     return next_creator(**arguments | {"trainable": False})
    >>> with tf1.Graph().as_default(), tf1.variable_creator_scope(frozen):
    ...     tf1.get_variable("v", [1]).trainable
    False
    """
    graph = get_default_graph()
    graph.asked()
    thread = graph.thread
    before = thread.creators
    thread.creators = within = (*before, variable_creator)
    graph.changed()
    try:
        yield
    finally:
        if thread.creators is not within:
            raise tf_error(
                RuntimeError, "Exiting variable_creator_scope without proper nesting."
            )
        thread.creators = before
        graph.changed()
