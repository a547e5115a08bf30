"""How long each scope takes, compiled alone and run by itself.

The operations of one pass through a scope are cut out of the program, compiled, and run
on made-up arrays. What runs in a loop is run once and counted as often as it would be.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core as jex

from .._base.names import Path
from .._jax.jaxprs import as_function, is_var, part_of
from .._jax.modes import tracing
from ._flow import Flow, Op, Value

_FEWEST, _MOST, _LONG = 7, 100, 0.05  # runs, and seconds of them all


def times_of(flow: Flow) -> dict[Path, float | None]:
    """Seconds for each scope; None where its operations cannot be run alone."""
    groups: dict[Path, dict[Any, list[Op]]] = {}
    for op in flow.ops:
        for visit in op.visits:
            key = visit, op.loops, op.counts
            groups.setdefault(visit.path, {}).setdefault(key, []).append(op)
    clock = _Clock(flow)
    return {path: clock.total(list(g.values())) for path, g in groups.items()}


class _Clock:
    """Measures parts of one program; those that are alike, once."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._uses = _uses([*(op.inputs for op in flow.ops), flow.outputs])
        self._seen: dict[Any, float | None] = {}

    def total(self, groups: list[list[Op]]) -> float | None:
        """Of several parts, each as often as it runs."""
        times = [self._seconds(ops) for ops in groups]
        return None if None in times else sum(filter(None, times))

    def _seconds(self, ops: list[Op]) -> float | None:
        counts = ops[0].counts
        if not counts:
            return 0.0
        if any(not op.cost.is_known or op.eqn.effects for op in ops):
            return None
        key = tuple(map(_like, ops))
        if key not in self._seen:
            given = self._given(ops)
            self._seen[key] = _measure(self._program(ops, list(given)), given.values())
        once = self._seen[key]
        return None if once is None else once * counts

    def _given(self, ops: list[Op]) -> dict[Value, Any]:
        """What some operations take from others: shape and dtype."""
        inside = {value for op in ops for value in op.outputs}
        return {
            choice[0]: atom.aval
            for op in ops
            for choice, atom in zip(op.inputs, op.eqn.invars, strict=True)
            if choice[0] not in inside and choice[0] not in self._flow.constants
        }

    def _program(self, ops: list[Op], given: list[Value]) -> Callable[..., Any]:
        """Some operations as a function, to what others take of them."""
        own = _uses([op.inputs for op in ops])
        made = [value for op in ops for value in op.outputs]
        taken = [v for v in made if self._uses.get(v, 0) > own.get(v, 0)] or made
        jaxpr = self._flow.traced.jaxpr

        def run(*arrays: Any) -> list[Any]:
            known = {**self._flow.constants, **dict(zip(given, arrays, strict=True))}
            for op in ops:
                known.update(_apply(jaxpr, op, known))
            return [known[value] for value in taken if value in known]

        return run


def _uses(groups: Any) -> dict[Value, int]:
    """How many groups each array is in."""
    uses: dict[Value, int] = {}
    for choices in groups:
        for value in {value for choice in choices for value in choice}:
            uses[value] = uses.get(value, 0) + 1
    return uses


def _like(op: Op) -> Any:
    avals = str([atom.aval for atom in op.eqn.invars])
    return op.eqn.primitive.name, str(op.eqn.params), avals


def _apply(jaxpr: Any, op: Op, known: dict[Value, Any]) -> dict[Value, Any]:
    """What one equation makes; `jaxpr` is any, to be its surroundings."""
    eqn = op.eqn
    operands = {
        atom: choice[0]
        for atom, choice in zip(eqn.invars, op.inputs, strict=True)
        if is_var(atom)
    }
    kept = {
        var: value
        for var, value in zip(eqn.outvars, op.outputs, strict=True)
        if not isinstance(var, jex.DropVar)
    }
    run = as_function(part_of(jaxpr, list(operands), list(kept), [eqn]))
    results = run(*map(known.__getitem__, operands.values()))
    return dict(zip(kept.values(), results, strict=True))


def _measure(run: Callable[..., Any], avals: Any) -> float | None:
    """The median of several runs, without what it takes to call a program at all."""
    try:
        arrays = [_example(aval) for aval in avals]
        with tracing():
            compiled, nothing = _compiled(run, arrays), _nothing()
        return max(0.0, _median(compiled, arrays) - _median(nothing, [jnp.zeros(())]))
    except Exception:  # an operation that cannot stand alone
        return None


def _compiled(run: Callable[..., Any], arrays: Any) -> Callable[..., Any]:
    return jax.jit(run).lower(*arrays).compile()


def _nothing() -> Callable[..., Any]:
    return _compiled(jnp.negative, [jnp.zeros(())])


def _example(aval: Any) -> Any:
    if jnp.issubdtype(aval.dtype, jax.dtypes.prng_key):
        return jnp.broadcast_to(jax.random.key(0), aval.shape)
    if jnp.issubdtype(aval.dtype, jnp.floating):
        return jnp.full(aval.shape, 0.5, aval.dtype)
    return jnp.zeros(aval.shape, aval.dtype)


def _run(run: Callable[..., Any], arrays: list[Any]) -> None:
    jax.block_until_ready(run(*arrays))  # type: ignore[no-untyped-call]


def _median(run: Callable[..., Any], arrays: list[Any]) -> float:
    _run(run, arrays)
    times: list[float] = []
    while len(times) < _FEWEST or (sum(times) < _LONG and len(times) < _MOST):
        start = time.perf_counter()
        _run(run, arrays)
        times.append(time.perf_counter() - start)
    return statistics.median(times)
