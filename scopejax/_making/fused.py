"""The fused way: the random numbers of all variables from one small program.

**Why.** The plain way compiles one program for each kind of variable, 0.15 s each on
CPU, and that is most of a first init. Yet all of them do the same to each number.

**How.** Threefry is counter-based: with `jax_threefry_partitionable` number `i` of a
variable is made of the variable's key and `i` alone. So the numbers of all variables
are cut into rows of `ROW`, and one program makes `ROWS` rows at a time, each with a
key, a first counter and a last factor of its own. What happens between the bits and the
factor is the initializer's `Chain` (see `recipe`); a program serves all initializers
of one chain and variables of every shape, and is the same for every model, so a
compilation cache on disk always hits. Keys are folded with names by NumPy, in whole
numbers, where bits are bits. The rows are then laid together on the host.

**Which bits.** Those of the plain way, or it is not used. Each chain is compared with
`jax.random`'s own program once for each backend, machine and version of JAX, at sizes
that do not come out even; see `verdicts`. What has no chain, and other kinds of keys,
go the plain way; on accelerators large variables too, since rows pass through the host.

**Off.** The environment variable ``SCOPEJAX_FUSED=off``; values are the same.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import SingleDeviceSharding

from .._base.keys import is_typed_key
from .._jax.flags import counts_each_number, default_key_kind
from . import verdicts
from .compiling import Compiling
from .kind import Kind, item_of
from .recipe import Chain
from .rows import ROW, ROWS, Lines, Plan, Rows, cut, lines_for, lines_of, plan_of
from .threefry import Words, threefry2x32
from .way import Wanted, in_order

_AHEAD = 8  # calls under way, which bounds the memory that they take

# The most numbers of one variable, which a counter of one word tells apart. Elsewhere
# than on CPU they pass through the host.
_LIMITS = {"cpu": 2**32}
_OTHER_LIMIT = ROW * ROWS


def is_on(key: jax.Array) -> bool:
    """Whether the fused way may be taken, and knows this kind of key."""
    return os.environ.get("SCOPEJAX_FUSED", "on") != "off" and counts(key)


def counts(key: jax.Array) -> bool:
    """Whether each number is made of the key and a counter alone, as we do it."""
    kind = jax.random.key_impl(key) if is_typed_key(key) else default_key_kind()
    return str(kind) == "threefry2x32" and counts_each_number()


def serves(key: jax.Array) -> bool:
    """Whether it is on for a key, and knows where to put what it makes."""
    return (
        is_on(key)
        and jax.sharding.get_abstract_mesh().empty
        and len(words_of(key).devices()) == 1
        and key.is_fully_addressable
    )


def words_of(key: jax.Array) -> jax.Array:
    """The two words of a key, typed or raw."""
    return jax.random.key_data(key) if is_typed_key(key) else key


class Part(NamedTuple):
    """A kind's part in a fused program.

    Attributes:
      plan: what the kind takes of the program's rows.
      block: the program.
    """

    plan: Plan
    block: Block

    def is_right(self) -> bool:
        """Whether the program's bits are right; waits for compilers."""
        return self.block.is_right()


class Fused:
    """Makes the variables whose initializers have a recipe."""

    def __init__(self, key: jax.Array, threads: Executor) -> None:
        words = words_of(key)
        self._root = np.asarray(jax.device_get(words))
        self._place = words.sharding if words.committed else None
        (self._device,) = jax.device_put(self._root, self._place).devices()
        self._limit = _LIMITS.get(self._device.platform, _OTHER_LIMIT)
        self._threads = threads

    def prepare(self, kind: Kind) -> Part | None:
        """Its part in a program, which starts compiling; None without a recipe."""
        if not 0 < math.prod((*kind.stack, *kind.shape)) <= self._limit:
            return None
        plan = plan_of(kind)
        if plan is None:
            return None
        block = block_of(plan, self._device)
        return Part(plan, block) if block.start(kind, self._threads) else None

    def make(self, wanted: Sequence[Wanted[Part]]) -> Iterator[jax.Array]:
        """The variables, in this order."""
        return in_order(wanted, lambda part: part.block, self._run)

    def _run(self, job: Sequence[Wanted[Part]]) -> Iterator[jax.Array]:
        """The variables of one block."""
        block = job[0].prepared.block
        specs, plans = zip(*((spec, part.plan) for spec, part in job), strict=True)
        rows = Rows(block.calls(lines_for(self._root, specs, plans)))
        copies = self._place is None and len(job) >= _MANY
        for spec, plan in zip(specs, plans, strict=True):
            array = cut(rows, plan).reshape(spec.shape)
            if copies:
                yield _copy(array)
            else:
                own = plan.items * plan.rows > ROWS
                yield jax.device_put(array, self._place, may_alias=own)


# A call of a program costs a third of `device_put`, and compiling it a thousand calls.
_copy = jax.jit(jnp.copy)
_MANY = 500


# The program


def numbers(chain: Chain, key: Words, counter: Words, factor: Any) -> jax.Array:
    """Number `counter` of `key`, for arrays that broadcast; within a trace."""
    high, low = threefry2x32(key, counter)
    drawn: jax.Array = chain.apply(high ^ low) * factor
    return drawn


class Block:
    """The program of one chain on one device, and whether its bits are right."""

    def __init__(self, chain: Chain, device: Any) -> None:
        self._chain = chain
        self._device = device
        self._program: Compiling | None = None
        self._reference: Compiling | None = None
        self._sample: Kind | None = None
        self._right = verdicts.known(chain.text, device)

    def start(self, kind: Kind, threads: Executor) -> bool:
        """Starts compiling, if nobody has; False where the bits are known to differ.

        Nor is one compared by an initializer that may count its calls.
        """
        if self._right is False or (self._right is None and not kind.is_open):
            return False
        if self._program is None:
            self._program = Compiling(functools.partial(self._lowered, kind.dtype))
        self._program.start(threads)
        if self._right is None:
            if self._reference is None:
                self._sample = self._sample_of(kind)
                key = _placed(kind.key.shape, kind.key.dtype, self._device)
                init = item_of(self._sample).init
                self._reference = Compiling(functools.partial(init.lower, key))
            self._reference.start(threads)
        return True

    def verdict(self, kind: Kind, threads: Executor) -> bool:
        """Whether the bits are right, without running but to find out."""
        if self._right is None:
            return self.start(kind, threads) and self.is_right()
        return self._right

    def is_right(self) -> bool:
        """Whether the bits are those of `jax.random`; compared if nobody has."""
        assert self._program is not None  # started before
        if not self._program.succeeds():
            return False
        if self._right is None:
            self._right = self._compare()
            verdicts.note(self._chain.text, self._device, right=self._right)
        return self._right

    def calls(self, lines: Lines) -> Iterator[np.ndarray]:
        """The numbers of all lines, `(ROWS, ROW)` at a time."""
        assert self._program is not None  # started before
        run, under_way = self._program.result(), deque[jax.Array]()
        lines = lines.padded()
        for first in range(0, len(lines.starts), ROWS):
            part = tuple(array[first : first + ROWS] for array in lines)
            under_way.append(run(*jax.device_put(part, self._device)))
            if len(under_way) > _AHEAD:
                yield jax.device_get(under_way.popleft())
        yield from map(jax.device_get, under_way)

    def _lowered(self, dtype: np.dtype) -> Any:
        return jax.jit(self._run).lower(*_abstract(dtype, self._device))

    def _run(self, keys: Any, starts: Any, factors: Any) -> jax.Array:
        column = jax.lax.broadcasted_iota(jnp.uint32, (ROWS, ROW), 1)
        key = keys[:, :1], keys[:, 1:]
        counter = np.uint32(0), starts[:, None] + column
        return numbers(self._chain, key, counter, factors[:, None])

    def _sample_of(self, kind: Kind) -> Kind:
        """What to compare by: drawn as `kind` is; of 4,101 numbers, where it can be."""
        rank = len(kind.shape)
        shape = (*[1] * (rank - 2), 3, 1367) if rank > 1 else (4101,)
        sample = dataclasses.replace(kind, shape=shape, stack=())
        with contextlib.suppress(Exception):  # the initializer's own, of that shape
            plan = plan_of(sample)
            if plan is not None and plan.recipe.chain == self._chain:
                return sample
        return kind.item

    def _compare(self) -> bool:
        assert self._sample is not None  # started before
        assert self._reference is not None
        run, plan = self._reference.result(), plan_of(self._sample)
        assert plan is not None  # that of `_sample_of`
        for words in _SAMPLES:
            key = jax.device_put(_key(self._sample, words), self._device)
            numbers = cut(Rows(self.calls(lines_of(words[None], [plan]))), plan)
            if numbers.tobytes() != jax.device_get(run(key)).tobytes():
                return False
        return True


_blocks = functools.lru_cache(maxsize=256)(Block)


def block_of(plan: Plan, device: Any) -> Block:
    """The program for a plan on a device, one for all calls of `init`."""
    return _blocks(plan.recipe.chain, device)


def _placed(shape: tuple[int, ...], dtype: Any, device: Any) -> jax.ShapeDtypeStruct:
    sharding = SingleDeviceSharding(device)
    return jax.ShapeDtypeStruct(shape, dtype, sharding=sharding)  # type: ignore[no-untyped-call]


def _abstract(dtype: np.dtype, device: Any) -> list[jax.ShapeDtypeStruct]:
    """The arguments of a program: see `Lines`."""
    shapes = [((ROWS, 2), np.uint32), ((ROWS,), np.uint32), ((ROWS,), dtype)]
    return [_placed(shape, dtype, device) for shape, dtype in shapes]


# The root keys that are compared.
_SAMPLES = np.array([[0, 7], [0x243F6A88, 0x85A308D3]], np.uint32)


def _key(kind: Kind, words: np.ndarray) -> jax.Array:
    """A root key of these words, of the sort that `kind` is made from."""
    key = jnp.asarray(words)
    if is_typed_key(kind.key):
        key = jax.random.wrap_key_data(key, impl="threefry2x32")
    return key
