"""One model, written with each native JAX transform and without it.

Every `Case` has a model that uses a transform and the same model without. `stacked`
tells that the first keeps its layers' variables on a leading axis, named `layers/...`,
and the second in scopes of their own, `layers/0/...`.
"""

import dataclasses
import functools
from collections.abc import Callable

import jax

from . import calls, control_flow, derivatives, stacks
from .blocks import N, noisy, plain, unrolled


@dataclasses.dataclass(frozen=True)
class Case:
    """A transform and its absence."""

    name: str
    with_transform: Callable
    without: Callable
    stacked: bool = False


CASES = [
    Case("jit by argument", calls.jit_by_argument, plain),
    Case("jit by closure", calls.jit_by_closure, plain),
    Case("checkpoint by argument", calls.checkpoint_by_argument, plain),
    Case("checkpoint by closure", calls.checkpoint_by_closure, plain),
    Case("vmap by argument", calls.vmap_by_argument, plain),
    Case("vmap by closure", calls.vmap_by_closure, plain),
    Case("lax.map", calls.lax_map, plain),
    Case("shard_map by closure", calls.shard_map_by_closure, plain),
    Case(
        "shard_map by argument",
        functools.partial(calls.shard_map_by_closure, by_argument=True),
        plain,
    ),
    Case("custom_jvp", calls.custom_jvp, calls.doubled),
    Case("custom_vjp", calls.custom_vjp, calls.doubled),
    Case("grad", derivatives.grad_of_input, derivatives.derivative_by_hand),
    Case("vjp", derivatives.vjp_of_input, derivatives.derivative_by_hand),
    Case("jvp", derivatives.jvp_of_input, derivatives.derivative_by_hand),
    Case("linearize", derivatives.linearize_input, derivatives.derivative_by_hand),
    Case(
        "grad of the scope",
        derivatives.grad_of_scope,
        derivatives.grad_of_scope_by_hand,
    ),
    Case(
        "jvp of the scope", derivatives.jvp_of_scope, derivatives.jvp_of_scope_by_hand
    ),
    Case("scan by closure", control_flow.scan_by_closure, control_flow.three_times),
    Case("fori_loop", control_flow.fori_by_closure, control_flow.three_times),
    Case("while_loop", control_flow.while_by_closure, control_flow.three_times),
    Case(
        "scan with the scope in its carry",
        control_flow.scan_with_scope_in_carry,
        control_flow.three_times,
    ),
    Case(
        "scan with a weakly typed carry",
        control_flow.scan_with_weak_carry,
        control_flow.weak_by_hand,
    ),
    Case("cond by closure", control_flow.cond_by_closure, control_flow.both_branches),
    Case("cond by argument", control_flow.cond_by_argument, control_flow.both_branches),
    Case("switch", control_flow.switch_by_closure, control_flow.middle_branch),
    Case("scan over a stack", stacks.scan_over_stack, unrolled, stacked=True),
    Case("checkpoint in scan", stacks.checkpointed_scan, unrolled, stacked=True),
    Case("jit of scan of jit", stacks.jitted_scan_of_jit, unrolled, stacked=True),
    Case("lax.map over a stack", stacks.map_over_stack, stacks.ensemble, stacked=True),
    Case("vmap over a stack", stacks.vmap_over_stack, stacks.ensemble, stacked=True),
    Case("cond in scan", stacks.cond_in_scan, stacks.cond_in_loop, stacked=True),
    Case(
        "grad of checkpoint in scan",
        stacks.grad_of_scan,
        stacks.grad_of_loop,
        stacked=True,
    ),
    Case("vmap of scan", stacks.vmap_of_scan, unrolled, stacked=True),
]

_BY_NAME = {case.name: case for case in CASES}


def _noisy(name):
    case = _BY_NAME[name]
    return dataclasses.replace(
        case,
        with_transform=functools.partial(case.with_transform, f=noisy),
        without=functools.partial(case.without, f=noisy),
    )


# The same with random numbers: the masks must be those of the unrolled model.
NOISY_CASES = [
    *map(_noisy, ["jit by argument", "jit by closure"]),
    *map(_noisy, ["checkpoint by argument", "checkpoint by closure"]),
]

# Items of a stack have keys of their own, other than those of layers with names.
NOISY_STACKS = [
    functools.partial(stacks.scan_over_stack, f=noisy),
    functools.partial(stacks.checkpointed_scan, f=noisy),
    functools.partial(stacks.jitted_scan_of_jit, f=noisy),
]


def unstack(params):
    """Params of a stacked model, as the unrolled one has them."""
    layers = params["layers"]
    return {
        "layers": {
            str(i): jax.tree.map(lambda leaf, i=i: leaf[i], layers) for i in range(N)
        }
    }
