"""Jaxprs: cutting them, and what their equations hold: bodies, loops, names.

Which parameters the equations of loops and branches have is known here alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from jax.extend import core as jex
from jax.interpreters import partial_eval


def is_var(atom: Any) -> bool:
    """Whether an operand is a variable of the jaxpr, not a number."""
    return not isinstance(atom, jex.Literal)


def part_of(
    jaxpr: jex.Jaxpr,
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    eqns: Sequence[jex.JaxprEqn],
) -> jex.Jaxpr:
    """Some of the equations of a jaxpr, as a jaxpr without constants."""
    part: jex.Jaxpr = jaxpr.replace(  # type: ignore[no-untyped-call]
        constvars=[],
        invars=list(inputs),
        outvars=list(outputs),
        eqns=list(eqns),
        effects=frozenset().union(*(eqn.effects for eqn in eqns)),
    )
    return part


def as_function(jaxpr: jex.Jaxpr) -> Callable[..., list[Any]]:
    """What a jaxpr without constants computes, in the trace that runs."""
    run: Callable[..., list[Any]] = jex.jaxpr_as_fun(jex.ClosedJaxpr(jaxpr, ()))
    return run


def needed(jaxpr: jex.Jaxpr, *, all_inputs: bool = False) -> jex.Jaxpr:
    """Without the equations, also within loops, that no output depends on.

    Args:
      jaxpr: what is cut.
      all_inputs: whether inputs that are not used stay.
    """
    outputs = [True] * len(jaxpr.outvars)
    cut, _ = partial_eval.dce_jaxpr(jaxpr, outputs, instantiate=all_inputs)
    return cut


def opened(jaxpr: Any) -> Any:
    """A jaxpr, closed or not, without the values of its constants."""
    return getattr(jaxpr, "jaxpr", jaxpr)


def body_of(eqn: jex.JaxprEqn) -> Any:
    """The jaxpr that an equation calls, where it holds one and no other; else None."""
    bodies = [b for b in map(opened, eqn.params.values()) if hasattr(b, "eqns")]
    return bodies[0] if len(bodies) == 1 else None


def scan_of(eqn: jex.JaxprEqn) -> tuple[Any, int]:
    """The body of a `scan`, whose inputs are the equation's, and how often it runs."""
    return opened(eqn.params["jaxpr"]), eqn.params["length"]


class While(NamedTuple):
    """A `while_loop`: its test and its body.

    Attributes:
      test, body: jaxprs.
      test_inputs, body_inputs: of the equation's inputs, those of each.
    """

    test: Any
    body: Any
    test_inputs: list[Any]
    body_inputs: list[Any]


def while_of(eqn: jex.JaxprEqn, inputs: Sequence[Any]) -> While:
    """The parts of a `while_loop`, and which of its inputs they take."""
    p = eqn.params
    first = p["cond_nconsts"]
    second = first + p["body_nconsts"]
    carry = inputs[second:]
    return While(
        opened(p["cond_jaxpr"]),
        opened(p["body_jaxpr"]),
        [*inputs[:first], *carry],
        [*inputs[first:second], *carry],
    )


def branches_of(eqn: jex.JaxprEqn) -> Iterator[Any]:
    """The branches of a `cond`, whose inputs are the equation's without the first."""
    return map(opened, eqn.params["branches"])


def devices_of(eqn: jex.JaxprEqn) -> int:
    """How many devices run the body of a `shard_map`, each on its part."""
    mesh = eqn.params.get("mesh")
    axes = eqn.params.get("newly_manual_axes") or eqn.params.get("manual_axes", ())
    sizes = dict(getattr(mesh, "shape", {}))
    return math.prod(sizes.get(axis, 1) for axis in axes)


def names_of(eqn: jex.JaxprEqn) -> str:
    """The names that were entered around an equation, within its own jaxpr."""
    return str(getattr(eqn.source_info, "name_stack", ""))


_WRAPPERS = re.compile(r"\b(?:jvp|transpose|vmap|rematted_computation)\(?|[()]")


def plain_names(names: str) -> tuple[str, ...]:
    """Names one by one, without what JAX's transforms wrap around them.

    >>> plain_names("jvp(block)/transpose(jvp(head))/vmap()")
    ('block', 'head')
    """
    return tuple(filter(None, _WRAPPERS.sub("", names).split("/")))
