"""What a fresh process measures of sharded init."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from ..cases import collector_off, wait
from ..peaks import peak
from . import Init, load, mesh

Figure = dict[str, float]


class Case(NamedTuple):
    """What one figure is taken of."""

    way: str
    layers: int
    width: int

    def is_no_smaller(self, other: Case) -> bool:
        """Whether it is the same way, with as many layers and features at least."""
        return (
            self.way == other.way
            and self.layers >= other.layers
            and self.width >= other.width
        )

    def begin(self) -> tuple[Init, list[jax.Array], jax.Array]:
        """An init, three root keys, and a batch: all that is not measured."""
        keys = [jax.random.key(seed) for seed in range(3)]
        tokens = jnp.zeros((2, 16), jnp.int32)
        wait((keys, tokens))
        init = load(self.way).init(self.layers, self.width, mesh())
        return init, keys, tokens


def times(case: Case) -> Figure:
    """Seconds of the first init of the process and of another, and programs compiled.

    Two more are timed, the quicker one counts.
    """
    init, (first, *others), tokens = case.begin()
    events = list[str]()

    def listen(event: str, duration_secs: float, **_: str | int) -> None:
        events.append(event)

    def seconds(key: jax.Array) -> float:
        with collector_off():
            start = time.perf_counter()
            wait(init(key, tokens))
            return time.perf_counter() - start

    jax.monitoring.register_event_duration_secs_listener(listen)
    cold = seconds(first)
    programs = events.count("/jax/core/compile/backend_compile_duration")
    return {"cold": cold, "programs": programs, "warm": min(map(seconds, others))}


def memory(case: Case) -> Figure:
    """Bytes beyond what was held before: of the first init, and of another one.

    Also those of all arrays on all devices, and of the largest part of one.
    """
    init, keys, tokens = case.begin()
    found: Figure = {}
    for what, key in zip(("cold", "warm"), keys, strict=False):
        gc.collect()
        with peak() as beyond:
            params = init(key, tokens)
            wait(params)
            found[what] = beyond()
        parts = [
            part.data.nbytes
            for leaf in jax.tree.leaves(params)
            for part in leaf.addressable_shards
        ]
        found |= {"held": sum(parts), "part": max(parts)}
        del params
    return found


TAKES: dict[str, Callable[[Case], Figure]] = {"times": times, "memory": memory}
