"""variable_scope and variable_creator_scope: the context managers of get_variable."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any

from .._options import AUTO_REUSE
from ._errors import tf_error
from ._graph import get_default_graph
from ._name_scopes import graph_of
from ._scope_object import OPTIONS, VariableScope, get_variable_scope


class variable_scope:
    """A context manager: `get_variable` makes and shares variables below a name.

    The object has a memory, as TF1's has: entered again it keeps the name that was
    chosen for a default name, an inherited reuse, and its first original_name_scope.

    Args:
      name_or_scope: a name below the current scope; or a captured `VariableScope`, which
        is jumped into with its own name and defaults; or None.
      default_name: made unique among the scopes opened here, where there is no name.
      values: arguments of the op; the graph of a variable among them becomes current.
      initializer, regularizer, caching_device, partitioner, custom_getter, dtype,
      use_resource: defaults of `get_variable`; None inherits.
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

    _exits: list[ExitStack]

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
        self._given = {
            "initializer": initializer,
            "regularizer": regularizer,
            "caching_device": caching_device,
            "partitioner": partitioner,
            "custom_getter": custom_getter,
            "dtype": dtype,
            "use_resource": use_resource,
        }
        self._constraint = constraint
        self._auxiliary = auxiliary_name_scope
        self._graph = graph_of(values) or get_default_graph()
        # What the first entering decides:
        self._jump: VariableScope | None = None
        self._prefix: str | None = None
        self._name: AbstractContextManager[str] | None = None
        self._original_name_scope = ""

    def __enter__(self) -> VariableScope:
        with ExitStack() as entered:
            entered.enter_context(self._graph.as_default())
            if self._prefix is None and self._jump is None:
                self._decide(entered)
            elif self._name is not None:
                entered.enter_context(self._name)
            scope = entered.enter_context(self._entered())
            self._exits = [*getattr(self, "_exits", ()), entered.pop_all()]
        return scope

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._exits.pop().close()

    def _decide(self, entered: ExitStack) -> None:
        """The first entering: the name scope, and what to append or to jump to."""
        captured = self._name_or_scope
        if captured is not None and not isinstance(captured, VariableScope | str):
            raise tf_error(
                TypeError,
                "VariableScope: name_or_scope must be a string or VariableScope.",
            )
        if captured is None and self._reuse:
            raise tf_error(
                ValueError, "reuse=True cannot be used without a name_or_scope"
            )
        name: Any = self._default_name if captured is None else captured
        if isinstance(captured, VariableScope):
            name = captured.name.split("/")[-1]
        opened = ""
        if not self._auxiliary:
            current = self._graph.get_name_scope()
            self._name = self._graph.name_scope(f"{current}/" if current else "")
        elif name:
            self._name = self._graph.name_scope(name)
        if self._name is not None:
            opened = entered.enter_context(self._name)
        if isinstance(captured, VariableScope):
            self._jump = self._copied(captured)
            return
        self._original_name_scope = opened
        self._prefix = (
            unique_name_of_scope(str(name)) if captured is None else str(name)
        )

    def _copied(self, captured: VariableScope) -> VariableScope:
        """The scope to jump into: all is the captured scope's unless it was given."""
        return self._child(
            captured,
            captured.name,
            captured.original_name_scope,
            self._reuse or captured.reuse,
        )

    def _child(
        self, base: VariableScope, name: str, name_scope: str, reuse: Any
    ) -> VariableScope:
        options = {option: getattr(base, option) for option in OPTIONS}
        given = {k: value for k, value in self._given.items() if value is not None}
        getter = given.get("custom_getter")
        if getter is not None and base.custom_getter is not None:
            given["custom_getter"] = _composed(getter, base.custom_getter)
        return VariableScope(
            reuse,
            name=name,
            name_scope=name_scope,
            constraint=self._constraint,
            **(options | given),
        )

    @contextlib.contextmanager
    def _entered(self) -> Iterator[VariableScope]:
        """The scope as the current one of the thread."""
        graph, old = self._graph, get_variable_scope()
        thread = graph.thread
        graph.asked()
        scope = self._jump
        if scope is None:
            prefix = self._prefix or ""
            name = f"{old.name}/{prefix}" if old.name else prefix
            self._reuse = self._reuse or old.reuse
            scope = self._child(old, name, self._original_name_scope, self._reuse)
        path = tuple(scope.name.split("/"))
        thread.counters = saved = thread.counters.open(path)
        thread.scope = self._last = scope
        graph.changed()
        try:
            yield scope
        finally:
            if thread.scope is not self._last:
                raise tf_error(RuntimeError, "Improper nesting of variable_scope.")
            jumped = self._jump is not None
            thread.counters = saved if jumped else thread.counters.close(path)
            thread.scope = old
            graph.changed()


def unique_name_of_scope(default_name: str) -> str:
    """A default name that no scope opened here has had."""
    thread, current = get_default_graph().thread, get_variable_scope().name
    full = f"{current}/{default_name}" if current else default_name
    last, thread.counters = thread.counters.unique(tuple(full.split("/")))
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
