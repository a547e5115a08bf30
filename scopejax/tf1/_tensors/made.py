"""How a tensor was made, so that a session can make it again.

In a graph of TF1 a tensor is an op that is run again and again. Here an op is computed
as its line runs, and what it was given is kept, as long as the tensor is: a `Call`.
Only in a graph, whose variables change: a model runs as a whole.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import jax

from .._graph.current import get_default_graph
from .._graph.values import GraphValues
from .._words.array_like import ArrayLike, Indexable
from .._words.recipes import Again, is_known


class Call:
    """An op and what it was given, with tensors and variables as they are.

    Attributes:
      function: of arrays; None where what it gave is a constant.
      given: its arguments and keyword arguments.
      before: the calls that its tensors come from.
    """

    __slots__ = ("before", "function", "given")

    def __init__(self, function: Callable[..., Any] | None, given: Any) -> None:
        self.function, self.given = function, given
        calls = [t._call for t in _leaves(given) if isinstance(t, Made)]
        self.before = [call for call in calls if call is not None and call.function]

    def results(self, run: Again) -> list[Any]:
        """What it gives in a session's run: one after another, however deep it is."""
        pending = [self]
        while pending:
            before = [call for call in pending[-1].before if not run.has(call)]
            pending += before
            if not before:
                call = pending.pop()
                run.once(call, functools.partial(call._called, run))
        found: list[Any] = run.once(self, list)
        return found

    def _called(self, run: Again) -> list[Any]:
        assert self.function is not None

        def now(leaf: Any) -> Any:
            return run.value(leaf) if isinstance(leaf, ArrayLike | jax.Array) else leaf

        args, kwargs = jax.tree.map(now, self.given, is_leaf=_is_like)
        return jax.tree.leaves(self.function(*args, **kwargs))


class Made(Indexable):
    """A tensor: what may have been made by a call.

    Attributes:
      _call: that made it; None where that isn't known.
      _place: which of its results it is.
    """

    __slots__ = ("_call", "_place")

    _call: Call | None
    _place: int

    def _again(self, run: Again) -> Any:
        if self._call is None:
            return super()._again(run)
        if self._call.function is None:
            return self.value()
        return self._call.results(run)[self._place]

    def _is_known(self) -> bool:
        return self._call is not None or super()._is_known()

    def _is_constant(self) -> bool:
        return self._call is not None and self._call.function is None


class _Draws(threading.local):
    """How many random numbers were drawn: an op that did does not do it the same."""

    count = 0


DRAWS = _Draws()


def noted(result: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The result of an op, a nest of tensors, which from now on know their call."""
    tensors = list(enumerate(_leaves(result)))
    traced = any(isinstance(_array(leaf), jax.core.Tracer) for _, leaf in tensors)
    if traced or not isinstance(get_default_graph().values, GraphValues):
        return result
    call = _call(function, (args, kwargs))
    for place, tensor in tensors:
        if isinstance(tensor, Made) and call is not None:
            tensor._call, tensor._place = call, place
    return result


def _call(function: Callable[..., Any], given: Any) -> Call | None:
    """None where something is unknown: an array of the user's, what a function does."""
    leaves = _leaves(given)
    arrays = [leaf for leaf in leaves if isinstance(leaf, ArrayLike | jax.Array)]
    if any(map(_is_function, leaves)) or not all(map(is_known, arrays)):
        return None
    live = any(not _is_fixed(array) for array in arrays)
    return Call(function, given) if live else CONSTANT


def _is_fixed(array: Any) -> bool:
    if isinstance(array, Made):
        return array._is_constant() or not isinstance(array.value(), jax.Array)
    return False


def _is_function(leaf: Any) -> bool:
    return callable(leaf) and not isinstance(leaf, type | ArrayLike | jax.Array)


def _leaves(nest: Any) -> list[Any]:
    return jax.tree.leaves(nest, is_leaf=_is_like)


def _is_like(leaf: Any) -> bool:
    return isinstance(leaf, ArrayLike)


def _array(leaf: Any) -> Any:
    return leaf.value() if isinstance(leaf, ArrayLike) else leaf


CONSTANT = Call(None, ())
