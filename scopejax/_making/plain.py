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
from concurrent.futures import Executor

import jax
import jax.numpy as jnp

from .._base.names import Path, fold_words, path_words
from .compiling import Compiling
from .kind import Kind, item_of, once
from .way import Wanted

_fold = jax.jit(fold_words)


class Program:
    """A jitted initializer of one kind.

    Attributes:
      draws: whether it uses its key; zeros and ones do not.
      init: the jitted initializer, ``key -> array``.
    """

    def __init__(self, kind: Kind) -> None:
        item = item_of(kind.item)
        self.init, traced = item
        if kind.stack:
            self.init = jax.jit(functools.partial(_items, item.init, kind.stack))
            traced = self.init.trace(kind.key)
        self._compiling = Compiling(traced.lower)
        jaxpr = item.traced.jaxpr.jaxpr
        used = {id(var) for equation in jaxpr.eqns for var in equation.invars}
        self.draws = id(jaxpr.invars[0]) in used

    def start(self, threads: Executor) -> Program:
        """The program itself; starts compiling, if nobody has."""
        self._compiling.start(threads)
        return self

    def is_right(self) -> bool:
        """True: it is what the others are held to."""
        return True

    def variable(self, root: jax.Array, path: Path) -> jax.Array:
        """The variable of full name `path`, from the root key."""
        self._compiling.succeeds()  # waits; a failure comes up below
        key = _fold(root, path_words(path)) if self.draws else root
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

    def prepare(self, kind: Kind) -> Program:
        """Its program, which starts compiling: any kind can be made here."""
        return program(kind).start(self._threads)

    def make(self, wanted: Sequence[Wanted[Program]]) -> Iterator[jax.Array]:
        """The variables, in this order."""
        for spec, program in wanted:
            yield program.variable(self._key, spec.path)
