"""The plain way: one jitted initializer for each kind of variable.

It is the reference of the path law: the root key folded with the 64-bit hash of the
full name, and the initializer, jitted, for one variable alone. Variables of one kind
share a program, so a model of a thousand layers compiles as many as it has kinds.
Folding is a program of its own, compiled once for all: within the others it would be a
third of their compilation. They are compiled on threads, while the model is still being
traced.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import Any

import jax
import jax.numpy as jnp

from .._base.names import fold_words, path_words
from .kind import Kind, Wanted, item_of, once

_fold = jax.jit(fold_words)


class Program:
    """A jitted initializer of one kind.

    Attributes:
      draws: whether it uses its key; zeros and ones do not.
      init: the jitted initializer, ``key -> array``.
    """

    def __init__(self, kind: Kind) -> None:
        item = item_of(kind.item)
        self.init, self._traced = item
        if kind.stack:
            self.init = jax.jit(functools.partial(_items, item.init, kind.stack))
            self._traced = self.init.trace(kind.key)
        self._compiled: Future[Any] | None = None
        jaxpr = item.traced.jaxpr.jaxpr
        used = {id(var) for equation in jaxpr.eqns for var in equation.invars}
        self.draws = id(jaxpr.invars[0]) in used

    def compile(self, threads: Executor) -> None:
        """Starts compiling, if nobody has."""
        if self._traced is not None:
            lowered, self._traced = self._traced.lower(), None
            self._compiled = threads.submit(lowered.compile)

    def __call__(self, key: jax.Array) -> jax.Array:
        """A variable from a key of its own."""
        if self._compiled is not None and not self._compiled.cancelled():
            self._compiled.exception()  # waits; a failure comes up below
        made: jax.Array = self.init(key)
        return made


def _items(
    init: Callable[[jax.Array], jax.Array], stack: tuple[int, ...], key: jax.Array
) -> jax.Array:
    """One item for each index of the stack, from the key folded with it.

    One after the other, since `vmap` of an `rbg` key gives other numbers.
    """
    if not stack:
        return init(key)

    def item(i: jax.Array) -> jax.Array:
        return _items(init, stack[1:], jax.random.fold_in(key, i))

    items: jax.Array = jax.lax.map(item, jnp.arange(stack[0]))
    return items


@once
def program(kind: Kind) -> Program:
    """The program of a kind."""
    return Program(kind)


class Plain:
    """Makes any variable."""

    def __init__(self, key: jax.Array, threads: Executor) -> None:
        self._key = key
        self._threads = threads
        self._programs: dict[int, Program] = {}

    def prepare(self, kind: Kind) -> bool:
        """Starts compiling; True, as any kind can be made here."""
        self._programs[id(kind)] = program(kind)
        self._programs[id(kind)].compile(self._threads)
        return True

    def makes(self, kind: Kind) -> bool:
        """True: it is what the others are held to."""
        return True

    def make(self, wanted: Sequence[Wanted]) -> Iterator[jax.Array]:
        """The variables, in this order."""
        for spec, kind in wanted:
            program, key = self._programs[id(kind)], self._key
            yield program(_fold(key, path_words(spec.path)) if program.draws else key)
