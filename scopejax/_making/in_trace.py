"""Within somebody's `jax.jit(net.init)`: all variables of one kind at once.

There all variables end up in one program, and called one by one their initializers are
all inlined in it: XLA takes minutes over a thousand of them. What has a recipe is drawn
as in `fused`, all variables of a kind in one array; the rest in a loop, whose body is
compiled once and which gives each the bits it has alone: `lax.map` runs it unbatched.
init needs no jit, and is faster without.

What is left is to take the array apart. XLA compiles a kernel for each slice at an
offset of its own, 10 ms each on CPU, but only one for many that are alike. So each
slice takes its offset from memory, where XLA cannot see that it is a constant. The
offsets are cut out of one small array, in tens, and the tens again: nodes of one depth
are alike. Each cut, and each draw, stands in a branch that is always taken, so that XLA
does not fuse it with the next.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType

from .._base.names import fold_words as fold_key
from .._base.names import path_words
from .._jax.mesh import AnyMesh
from .._spec.partition import sharding_of
from .._spec.spec import abstract
from .fused import block_of, is_on, numbers, words_of
from .kind import Kind
from .plain import Program, program
from .rows import Plan, plan_of
from .threefry import fold_words, item_keys
from .way import Wanted, in_order

_WIDTH = 10


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Alike:
    """One kind and the program of its initializer; equal to nothing but itself."""

    kind: Kind
    program: Program

    def is_right(self) -> bool:
        """True: neither a loop nor a program that was compared changes a bit."""
        return True


def _itself(alike: Alike) -> Alike:
    return alike


class Grouped:
    """Makes any variable, within a trace."""

    def __init__(
        self, key: jax.Array, threads: Executor, mesh: AnyMesh | None = None
    ) -> None:
        self._key = key
        self._threads = threads
        self._mesh = mesh
        self._draws_numbers = is_on(key)
        self._always = (words_of(key)[0] | 1) != 0  # but XLA cannot know

    def prepare(self, kind: Kind) -> Alike:
        """Its program: any kind can be made here. Runs the initializer."""
        return Alike(kind, program(kind))

    def make(self, wanted: Sequence[Wanted[Alike]]) -> Iterator[jax.Array]:
        """The variables, in this order."""
        if self._mesh is not None and AxisType.Explicit in self._mesh.axis_types:
            return iter(self._in_auto(wanted, self._mesh))
        drawn = Counter(alike for _, alike in wanted if alike.program.draws)
        offsets = self._offsets(max(drawn.values(), default=0))
        return in_order(wanted, _itself, lambda group: self._group(group, offsets))

    def _in_auto(
        self, wanted: Sequence[Wanted[Alike]], mesh: AnyMesh
    ) -> list[jax.Array]:
        """The same where shardings are part of the types.

        There XLA gets a note of the sharding after each step, and rounds numbers of 16
        bits between any two.
        """

        def run(key: jax.Array) -> list[jax.Array]:
            return list(Grouped(key, self._threads).make(wanted))

        specs = [sharding_of(spec, mesh).spec for spec, _ in wanted]
        made: list[jax.Array] = jax.sharding.auto_axes(run, out_sharding=specs)(
            self._key
        )
        return made

    def _group(
        self, group: list[Wanted[Alike]], offsets: list[jax.Array]
    ) -> Sequence[jax.Array]:
        """Variables of one kind."""
        kind, program = group[0].prepared.kind, group[0].prepared.program
        if not program.draws:
            return [program.init(self._key)] * len(group)
        words = np.stack([path_words(spec.path) for spec, _ in group])
        plan = self._plan(kind)
        if plan is None:
            stacked = self._looped(words, program)
        else:
            shape = (len(group), *kind.stack, *kind.shape)
            stacked = self._alone(
                lambda: self._drawn(words, kind, plan), abstract(shape, kind.dtype)
            )
        if len(group) == 1:
            return [jax.lax.squeeze(stacked, (0,))]
        return [
            jax.lax.dynamic_index_in_dim(stacked, offset, keepdims=False)
            for offset in offsets[: len(group)]
        ]

    def _plan(self, kind: Kind) -> Plan | None:
        """How to draw a kind as one array, where that was found to be right."""
        plan = plan_of(kind) if self._draws_numbers else None
        if plan is None or not plan.size:
            return None
        with jax.ensure_compile_time_eval():
            (device,) = jax.device_put(np.uint32(0)).devices()
            right = block_of(plan, device).verdict(kind, self._threads)
        return plan if right else None

    def _drawn(self, words: np.ndarray, kind: Kind, plan: Plan) -> jax.Array:
        root = words_of(self._key)
        high, low = item_keys(fold_words((root[:1], root[1:]), words), kind.stack)
        ones = (1,) * high.ndim
        counter = jax.lax.broadcasted_iota(jnp.uint32, (*ones, plan.size), high.ndim)
        key = high[..., None], low[..., None]
        chain, factor = plan.recipe
        drawn = numbers(chain, key, (np.uint32(0), counter), factor)
        return drawn.reshape((len(words), *kind.stack, *kind.shape))

    def _looped(self, words: np.ndarray, program: Program) -> jax.Array:
        def variable(words: jax.Array) -> jax.Array:
            made: jax.Array = program.init(fold_key(self._key, words))
            return made

        if len(words) == 1:
            return variable(jnp.asarray(words[0]))[None]
        stacked: jax.Array = jax.lax.map(variable, jnp.asarray(words))
        return stacked

    def _offsets(self, n: int) -> list[jax.Array]:
        """0 .. n-1, of which XLA knows nothing."""
        numbers = jnp.arange(n, dtype=jnp.uint32)
        return self._cut(numbers * self._always.astype(jnp.uint32))

    def _cut(self, offsets: jax.Array) -> list[jax.Array]:
        n = offsets.shape[0]
        if n <= 1:
            return [jax.lax.squeeze(offsets, (0,)) for _ in range(n)]
        size = -(-n // _WIDTH)
        tens = [(i, min(i + size, n)) for i in range(0, n, size)]

        def cut() -> list[jax.Array]:
            return [jax.lax.slice_in_dim(offsets, *ten) for ten in tens]

        blank = [abstract((end - start,), offsets.dtype) for start, end in tens]
        return [one for ten in self._alone(cut, blank) for one in self._cut(ten)]

    def _alone(self, compute: Callable[[], Any], result: Any) -> Any:
        """What `compute` returns, like `result`; XLA fuses it with nothing around."""

        def never() -> Any:
            return jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), result)

        return jax.lax.cond(self._always, compute, never)
