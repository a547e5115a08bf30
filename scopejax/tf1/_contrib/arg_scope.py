"""arg_scope: default arguments of functions, within a `with`."""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ..._base.tf1_errors import tf_error

F = TypeVar("F", bound=Callable[..., Any])
Defaults = dict[str, dict[str, Any]]


class _Stack(threading.local):
    def __init__(self) -> None:
        self.top: Defaults = {}


_STACK = _Stack()
_KNOWN: dict[str, tuple[str, ...]] = {}


def current_arg_scope() -> Defaults:
    """The defaults in force, by function."""
    return _STACK.top


def arg_scope_func_key(op: Any) -> str:
    """What a function's defaults are found by."""
    return getattr(op, "_key_op", str(op))


def has_arg_scope(func: Any) -> bool:
    """Whether a function takes defaults."""
    return arg_scope_func_key(func) in _KNOWN


def arg_scoped_arguments(func: Any) -> tuple[str, ...]:
    """The arguments of a function that can have defaults."""
    return _KNOWN[arg_scope_func_key(func)]


@contextlib.contextmanager
def arg_scope(list_ops_or_scope: Any, **kwargs: Any) -> Iterator[Defaults]:
    """Within it functions have these default arguments.

    Args:
      list_ops_or_scope: the functions; or what an earlier `arg_scope` gave.
      **kwargs: the arguments.

    Raises:
      TypeError: it is neither.
      ValueError: a function takes no defaults, or arguments are given to a scope.

    >>> from scopejax import tf1
    >>> layers = tf1.contrib.layers
    >>> with tf1.Graph().as_default():
    ...     with arg_scope([layers.fully_connected], activation_fn=None):
    ...         layers.fully_connected(tf1.ones([2, 3]), 4).shape.as_list()
    [2, 4]
    """
    scope = _entered(list_ops_or_scope, kwargs)
    before, _STACK.top = _STACK.top, scope
    try:
        yield scope
    finally:
        _STACK.top = before


def _entered(given: Any, kwargs: dict[str, Any]) -> Defaults:
    if isinstance(given, dict):
        if kwargs:
            raise tf_error(
                ValueError,
                "When attempting to re-use a scope by suppling adictionary, kwargs must"
                " be empty.",
            )
        return dict(given)
    if not isinstance(given, list | tuple):
        raise tf_error(
            TypeError,
            "list_ops_or_scope must either be a list/tuple or reused scope (i.e. dict)",
        )
    scope = dict(_STACK.top)
    for op in given:
        if not has_arg_scope(op):
            name = (op.__module__, op.__name__)
            raise tf_error(ValueError, f"{name} is not decorated with @add_arg_scope")
        key = arg_scope_func_key(op)
        scope[key] = {**scope.get(key, {}), **kwargs}
    return scope


def add_arg_scope(func: F) -> F:
    """Lets a function take defaults from `arg_scope`."""
    key = arg_scope_func_key(func)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **{**_STACK.top.get(key, {}), **kwargs})

    empty = inspect.Parameter.empty
    parameters = inspect.signature(func).parameters.values()
    _KNOWN[key] = tuple(p.name for p in parameters if p.default is not empty)
    call._key_op = key  # type: ignore[attr-defined]
    return call  # type: ignore[return-value]  # of the same signature
