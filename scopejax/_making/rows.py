"""Rows of random numbers: how variables are cut into them, and put together again.

A row is `ROW` numbers of one key, from some counter on. Each item of a variable (of a
stack there are many, and each has a key of its own) begins a row; what is left over of
its last one nobody reads. Nothing here is JAX's but the abstract run of an initializer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from .._base.names import path_words
from .._spec.spec import VariableSpec
from .kind import Kind, item_of, once
from .recipe import Recipe, read
from .threefry import fold_words, item_keys

ROW = 1024  # numbers of one key
ROWS = 256  # rows of one call


class Plan(NamedTuple):
    """A kind's recipe, and how many items of how many numbers it is."""

    recipe: Recipe
    items: int
    size: int

    @property
    def rows(self) -> int:
        """Of each item; the last may be filled in part."""
        return -(-self.size // ROW)


@once
def plan_of(kind: Kind) -> Plan | None:
    """None where there is no recipe. What the initializer raises goes on."""
    traced = item_of(kind.item).traced
    try:
        recipe = read(traced.jaxpr, kind.dtype)
    except Exception:  # a jaxpr that is like none before
        return None
    return Plan(recipe, math.prod(kind.stack), math.prod(kind.shape))


class Lines(NamedTuple):
    """What a program gets: uint32 `(rows, 2)` and `(rows,)`, factors `(rows,)`."""

    keys: np.ndarray
    starts: np.ndarray
    factors: np.ndarray

    def padded(self) -> Lines:
        """With lines that nobody reads, to a multiple of `ROWS`."""
        missing = -len(self.starts) % ROWS
        return Lines(
            *(np.pad(a, [(0, missing)] + [(0, 0)] * (a.ndim - 1)) for a in self)
        )


def lines_for(
    root: np.ndarray, specs: Sequence[VariableSpec], plans: Sequence[Plan]
) -> Lines:
    """The rows of variables, one after the other; `plans` are those of their kinds."""
    words = np.stack([path_words(spec.path) for spec in specs])
    keys = np.stack(fold_words((root[:1], root[1:]), words), axis=-1)
    stacks = [spec.stack for spec in specs]
    if any(stacks):
        keys = np.concatenate(list(map(_item_keys, keys, stacks)))
    return lines_of(keys, plans)


def _item_keys(key: np.ndarray, stack: tuple[int, ...]) -> np.ndarray:
    """Raw keys of all items, the last axis of the stack varying fastest: `(n, 2)`."""
    words = item_keys((key[:1], key[1:]), stack)
    return np.stack(words, axis=-1).reshape(-1, 2)


def lines_of(keys: np.ndarray, plans: Sequence[Plan]) -> Lines:
    """The rows of items, of as many as each plan has, from the keys of all items."""
    items = [plan.items for plan in plans]
    rows = np.repeat([plan.rows for plan in plans], items)
    factors = np.repeat(np.stack([plan.recipe.factor for plan in plans]), items)
    first = np.repeat(np.cumsum(rows) - rows, rows)
    starts = (np.arange(len(first)) - first) * ROW
    return Lines(
        np.repeat(keys, rows, axis=0),
        starts.astype(np.uint32),
        np.repeat(factors, rows),
    )


def cut(rows: Rows, plan: Plan) -> np.ndarray:
    """The numbers of the next variable, shape `(items, size)`."""
    taken = rows.take(plan.items * plan.rows)
    return taken.reshape(plan.items, -1)[:, : plan.size]


class Rows:
    """Rows in their order, from calls that each give `ROWS` of them."""

    def __init__(self, calls: Iterator[np.ndarray]) -> None:
        self._calls = calls
        self._rest = next(calls)

    def take(self, n: int) -> np.ndarray:
        """The next `n` rows; more than `ROWS` are an array of their own."""
        taken, self._rest = self._rest[:n], self._rest[n:]
        if len(taken) == n <= ROWS:
            return taken
        rows = _empty(n, taken.dtype)
        there = 0
        while True:
            rows[there : there + len(taken)] = taken
            there += len(taken)
            if there == n:
                return rows
            calls = next(self._calls)
            taken, self._rest = calls[: n - there], calls[n - there :]


def _empty(n: int, dtype: np.dtype) -> np.ndarray:
    """Memory for rows that begins where JAX can take it over as it is."""
    size = n * ROW * dtype.itemsize
    memory = np.empty(size + _ALIGNED, np.uint8)
    first = -memory.ctypes.data % _ALIGNED
    return memory[first : first + size].view(dtype).reshape(n, ROW)


_ALIGNED = 64  # bytes
