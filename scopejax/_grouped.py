"""Within somebody's `jax.jit(net.init)`: one loop for each kind of variable.

There all variables end up in one program, and called one by one their initializers are
all inlined in it: XLA takes minutes over a thousand of them. A loop over the variables
of a kind compiles its body once, and gives each the bits it has alone: `lax.map` runs
it unbatched. init needs no jit, and is faster without.

What is left is to take the loop's result apart. XLA compiles one kernel for every slice
at another offset, 10 ms each on CPU, but only one for many that are alike. So the cut
is made in tens, and the tens again, each in a branch of its own that XLA cannot merge
with the next: all nodes of one depth are alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from ._keys import is_typed_key
from ._kinds import Kind, Wanted
from ._naming import fold_words, path_words
from ._programs import program

_WIDTH = 10


class Grouped:
    """Makes any variable, within a trace."""

    def __init__(self, key: jax.Array) -> None:
        self._key = key

    def prepare(self, kind: Kind) -> bool:
        """True, as any kind can be made here; XLA compiles it with all the rest."""
        return True

    def makes(self, kind: Kind) -> bool:
        """True: `lax.map` changes no bit."""
        return True

    def make(self, wanted: Sequence[Wanted]) -> Iterator[jax.Array]:
        """The variables, in this order."""
        groups: dict[int, list[Wanted]] = {}
        for one in wanted:
            groups.setdefault(id(one.kind), []).append(one)
        made = {id(group): iter(self._group(group)) for group in groups.values()}
        for _, kind in wanted:
            yield next(made[id(groups[id(kind)])])

    def _group(self, group: list[Wanted]) -> Sequence[jax.Array]:
        """Variables of one kind."""
        kind = group[0].kind
        if not program(kind).draws:
            return [kind.items(self._key) for _ in group]
        words = np.stack([path_words(spec.path) for spec, _ in group])

        def variable(words: jax.Array) -> jax.Array:
            return kind.items(fold_words(self._key, words))

        if len(group) == 1:
            return [variable(words[0])]
        pieces = _unstacked(jax.lax.map(variable, jnp.asarray(words)), self._true())
        return [jax.lax.squeeze(piece, (0,)) for piece in pieces]

    def _true(self) -> jax.Array:
        """True, but XLA cannot know."""
        key = self._key
        data = jax.random.key_data(key) if is_typed_key(key) else key
        return (data[0] | 1) != 0


def _unstacked(stacked: jax.Array, true: jax.Array) -> list[jax.Array]:
    """The items, each with a leading axis of 1."""
    if stacked.shape[0] == 1:
        return [stacked]

    def unseen(stacked: jax.Array) -> tuple[jax.Array, ...]:
        shapes = jax.eval_shape(_tens, stacked)
        return tuple(jnp.zeros(shape.shape, shape.dtype) for shape in shapes)

    tens = jax.lax.cond(true, _tens, unseen, stacked)
    return [item for ten in tens for item in _unstacked(ten, true)]


def _tens(stacked: jax.Array) -> tuple[jax.Array, ...]:
    n = stacked.shape[0]
    size = -(-n // _WIDTH)
    starts = range(0, n, size)
    return tuple(
        jax.lax.slice_in_dim(stacked, start, min(start + size, n)) for start in starts
    )
