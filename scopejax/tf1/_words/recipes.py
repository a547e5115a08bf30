"""How an array was computed from variables, so that a session can compute it again.

TF1 builds a graph and runs it again and again. Here an array is computed as the line
runs, and JAX keeps no record of how. So whoever computes one from variables of a graph
may `remember` it: the operators of variables do, and so can ops. What is remembered
goes when the array does. An `Again` is one run of a session.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import jax


class Recipe(NamedTuple):
    """What an array was computed by.

    Attributes:
      function: of the values of `operands`; None where the array is a constant.
      operands: what it was given: variables, arrays, numbers.
    """

    function: Callable[..., Any] | None
    operands: tuple[Any, ...] = ()


_KNOWN: dict[int, tuple[weakref.ref[Any], Recipe]] = {}


def remember(array: Any, function: Callable[..., Any] | None, *operands: Any) -> None:
    """Notes that ``function(*operands)`` gave `array`; None for a constant.

    Tracers are left alone, since a model runs as a whole, and so are operands that come
    back as they are.

    >>> array = jax.numpy.ones(2)
    >>> remember(array, None)
    >>> recipe_of(array)
    Recipe(function=None, operands=())
    """
    if not isinstance(array, jax.Array) or isinstance(array, jax.core.Tracer):
        return
    if any(array is operand for operand in operands):
        return
    key = id(array)
    gone = weakref.ref(array, lambda _: _KNOWN.pop(key, None))
    _KNOWN[key] = gone, Recipe(function, operands)


def recipe_of(array: Any) -> Recipe | None:
    """What is remembered of an array."""
    found = _KNOWN.get(id(array))
    return found[1] if found is not None and found[0]() is array else None


def is_known(value: Any) -> bool:
    """Whether a value can be computed again: all that it comes from is known.

    >>> is_known(3), is_known(jax.numpy.ones(2))
    (True, False)
    """
    if isinstance(value, list | tuple):
        return all(map(is_known, value))
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    if hasattr(value, "_again"):
        return bool(value._is_known())
    if not isinstance(value, jax.Array):
        return True
    recipe = recipe_of(value)
    return recipe is not None and all(map(is_known, recipe.operands))


def _like(nest: Any, items: list[Any]) -> Any:
    kind = type(nest)
    return kind(*items) if hasattr(nest, "_fields") else kind(items)


class Again:
    """One run of a session, in which each array and each assignment is computed once.

    >>> Again().value(3)
    3
    """

    def __init__(self) -> None:
        self._done: dict[int, tuple[Any, Any]] = {}
        self._moments: dict[int, Any] = {}

    def value(self, thing: Any) -> Any:
        """The value of `thing` for the present values of the variables."""
        if isinstance(thing, list | tuple):
            return _like(thing, [self.value(item) for item in thing])
        if isinstance(thing, dict):
            return {key: self.value(item) for key, item in thing.items()}
        if hasattr(thing, "_again"):
            return thing._again(self)
        recipe = recipe_of(thing)
        if recipe is None or recipe.function is None:
            return thing() if callable(thing) else thing
        return self.once(thing, functools.partial(self._computed, *recipe))

    def _computed(self, function: Any, operands: Iterable[Any]) -> Any:
        return function(*map(self.value, operands))

    def has(self, thing: Any) -> bool:
        """Whether this run has asked for `thing`."""
        return id(thing) in self._done

    def once(self, thing: Any, compute: Callable[[], Any]) -> Any:
        """What `compute` gives, the first time that this run asks for `thing`."""
        known = self._done.get(id(thing))
        if known is None:
            known = self._done[id(thing)] = thing, compute()
        return known[1]

    def moment(self, values: Any) -> Any:
        """How the values of a graph were when this run began to look at them."""
        return self._moments.setdefault(id(values), values.moment())
