"""The sharded way: each device draws its own part of a variable, and no other.

Number `i` of a variable is made of the variable's key and `i` alone (see `fused`), so
a program whose result is sharded needs nothing but the two words of the key on each
device: no part is sent, and no device ever holds more than its own. There is one
program for each shape, sharding and chain of steps.

What has no such chain (`orthogonal`, two draws) is made by one device, in the plain
way, and handed out; so are the numbers of other kinds of keys. For those one whole
variable has to fit one device.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding

from .._base.keys import is_typed_key
from .._base.names import path_words
from .._spec.partition import pspec
from .._spec.spec import VariableSpec, abstract
from . import plain, verdicts
from .compiling import Compiling
from .fused import block_of, counts, numbers, words_of
from .kind import KEPT, Kind, item_of, once
from .plain import Plain, program
from .put import handed_out
from .recipe import Chain, fills
from .rows import Plan, plan_of
from .threefry import Words, fold_words, item_keys, wide_product, wide_sum
from .way import Wanted

_WORD = 2**32  # how many counters one word has


class Program:
    """A compiled program whose result is sharded; its arguments are whole."""

    def __init__(self, run: Any, sharding: NamedSharding, *arguments: Any) -> None:
        whole = NamedSharding(sharding.mesh, pspec())
        jitted = jax.jit(run, in_shardings=whole, out_shardings=sharding)
        self._compiling = Compiling(functools.partial(jitted.lower, *arguments))

    def start(self, threads: Executor) -> Program:
        """The program itself; starts compiling, if nobody has."""
        self._compiling.start(threads)
        return self

    def __call__(self, *arguments: Any) -> jax.Array:
        """The array; waits for the compiler."""
        made: jax.Array = self._compiling.result()(*arguments)
        return made


@functools.lru_cache(maxsize=KEPT)
def _drawing(
    chain: Chain,
    stack: tuple[int, ...],
    item: tuple[int, ...],
    dtype: np.dtype,
    sharding: NamedSharding,
) -> Program:
    """``(words, factor) -> array``: for each of the stack the two words of its key."""

    def run(words: jax.Array, factor: jax.Array) -> jax.Array:
        axes = tuple(range(len(stack), len(stack + item)))
        key = jnp.expand_dims(words[0], axes), jnp.expand_dims(words[1], axes)
        return numbers(chain, key, _counter(stack, item), factor)

    words = abstract((2, *stack), np.uint32)
    return Program(run, sharding, words, abstract((), dtype))


def _counter(stack: tuple[int, ...], item: tuple[int, ...]) -> Words:
    """The number of each element within its item, row by row."""
    shape, stride = stack + item, 1
    high: Any = np.uint32(0)
    low: Any = jnp.zeros(shape, jnp.uint32)
    for axis in reversed(range(len(stack), len(shape))):
        place = jax.lax.broadcasted_iota(jnp.uint32, shape, axis)
        if math.prod(item) <= _WORD:
            low += place * jnp.uint32(stride)
        else:
            high, low = wide_sum((high, low), wide_product(place, stride))
        stride *= shape[axis]
    return high, low


@once
def _filling(kind: Kind, impl: Any) -> Program:
    """``key words -> array``: the initializer itself, which draws nothing."""
    whole = program(kind.whole)

    def run(words: jax.Array) -> jax.Array:
        made: jax.Array = whole.init(_key(words, impl))
        return made

    assert kind.sharding is not None
    return Program(run, kind.sharding, jax.eval_shape(words_of, kind.key))


def _is_one_number(kind: Kind) -> bool:
    """Whether a device's part is a single number.

    XLA computes that with other instructions than many, and rounds float16 otherwise.
    """
    assert kind.sharding is not None
    part = kind.sharding.shard_shape((*kind.stack, *kind.shape))
    return math.prod(part) == 1


def _impl(key: jax.Array) -> Any:
    """What kind of key it is; None for a raw one."""
    return jax.random.key_impl(key) if is_typed_key(key) else None


def _key(words: jax.Array, impl: Any) -> jax.Array:
    """The key of these words."""
    return words if impl is None else jax.random.wrap_key_data(words, impl=impl)


class Drawn(NamedTuple):
    """How the variables of one kind are made in parts.

    Attributes:
      make: what makes one.
      verdict: whether the bits are right, where that is not known yet.
    """

    make: Callable[[VariableSpec], jax.Array]
    verdict: Callable[[], bool] | None = None

    def is_right(self) -> bool:
        """Whether the bits are those of the plain way; waits for compilers."""
        return self.verdict is None or self.verdict()


class Sharded:
    """Makes what each device can draw, or fill, for itself."""

    def __init__(self, key: jax.Array, threads: Executor, mesh: Mesh) -> None:
        self._root = np.asarray(words_of(key))
        self._counts, self._impl = counts(key), _impl(key)
        self._device = mesh.local_devices[0]
        self._threads = threads

    def prepare(self, kind: Kind) -> Drawn | None:
        """What draws or fills it, which starts compiling; None where nothing can."""
        if _is_one_number(kind):
            return None
        plan = plan_of(kind.whole) if self._counts else None
        if plan is not None and plan.size:
            return self._drawn(kind, plan)
        if not fills(item_of(kind.item).traced.jaxpr):
            return None
        return Drawn(self._filler(kind))

    def make(self, wanted: Sequence[Wanted[Drawn]]) -> Iterator[jax.Array]:
        """The variables, in this order."""
        for spec, drawn in wanted:
            yield drawn.make(spec)

    def _drawn(self, kind: Kind, plan: Plan) -> Drawn | None:
        """None where the bits are known to differ; unknown, they will be compared.

        The block itself is not run here: known to be right, it need not be compiled.
        """
        right = verdicts.known(plan.recipe.chain.text, self._device)
        if right is not None:
            return Drawn(self._drawer(kind, plan)) if right else None
        block = block_of(plan, self._device)
        if not block.start(kind.whole, self._threads):
            return None
        return Drawn(self._drawer(kind, plan), block.is_right)

    def _drawer(self, kind: Kind, plan: Plan) -> Callable[[VariableSpec], jax.Array]:
        chain, factor = plan.recipe
        assert kind.sharding is not None
        draw = _drawing(chain, kind.stack, kind.shape, kind.dtype, kind.sharding)
        draw.start(self._threads)

        def make(spec: VariableSpec) -> jax.Array:
            words = np.stack(item_keys(self._folded(spec), kind.stack))
            return draw(words.reshape(2, *kind.stack), factor)

        return make

    def _filler(self, kind: Kind) -> Callable[[VariableSpec], jax.Array]:
        fill = _filling(kind, self._impl)
        fill.start(self._threads)
        return lambda _: fill(self._root)

    def _folded(self, spec: VariableSpec) -> Words:
        """The two words of the variable's key, each of shape `(1,)`."""
        root = self._root[:1], self._root[1:]
        return fold_words(root, path_words(spec.path)[None])


class Whole(NamedTuple):
    """A kind's program on one device, and where its variables' parts go."""

    plain: plain.Program
    sharding: NamedSharding

    def is_right(self) -> bool:
        """True: it is the plain way."""
        return True


class HandedOut:
    """Makes any variable on one device, and hands its parts out."""

    def __init__(self, key: jax.Array, threads: Executor, mesh: Mesh) -> None:
        words = np.asarray(words_of(key))
        here = jax.device_put(words, mesh.local_devices[0])
        self._plain = Plain(_key(here, _impl(key)), threads)

    def prepare(self, kind: Kind) -> Whole:
        """The plain program, which starts compiling: any kind can be made here."""
        assert kind.sharding is not None
        return Whole(self._plain.prepare(kind.whole), kind.sharding)

    def make(self, wanted: Sequence[Wanted[Whole]]) -> Iterator[jax.Array]:
        """The variables, in this order."""
        arrays = self._plain.make([Wanted(s, whole.plain) for s, whole in wanted])
        for (_, whole), array in zip(wanted, arrays, strict=True):
            yield handed_out(array, whole.sharding)
