"""A program without the calls within it that return several things.

A library may make all of its values within one `jax.jit` or `jax.checkpoint`. Which of
them depends on what is only seen when such a call is written out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
from jax.extend import core as jex

from .._jax.calls import PLAIN, WITH_RULES
from .._jax.jaxprs import is_var, part_of
from ._program import Program, program_of

# Rules of differentiation go: an initial value is not differentiated.
_CALLS = {**PLAIN, **WITH_RULES}


def inlined(program: Program) -> Program:
    """The same program, with such calls written out."""
    if not any(map(_is_call, program.jaxpr.eqns)):
        return program

    def run(*inputs: Any) -> list[Any]:
        return _run(program.jaxpr, [*program.consts, *inputs])

    return program_of(jax.make_jaxpr(run)(*(var.aval for var in program.inputs)))


def _is_call(eqn: jex.JaxprEqn) -> bool:
    return len(eqn.outvars) > 1 and eqn.primitive.name in _CALLS


def _run(jaxpr: jex.Jaxpr, inputs: Sequence[Any]) -> list[Any]:
    known = dict(zip(jaxpr.invars, inputs, strict=True))

    def value(atom: Any) -> Any:
        return known[atom] if is_var(atom) else atom.val

    for eqn in jaxpr.eqns:
        if _is_call(eqn):
            operands = list(map(value, eqn.invars))
            inner = eqn.params[_CALLS[eqn.primitive.name]]
            body = program_of(inner) if hasattr(inner, "consts") else Program(inner, ())
            results = _run(body.jaxpr, [*body.consts, *operands])
        else:
            used = list(dict.fromkeys(filter(is_var, eqn.invars)))
            alone = Program(part_of(jaxpr, used, eqn.outvars, [eqn]), ())
            results = alone(*map(value, used))
        known |= zip(eqn.outvars, results, strict=True)
    return list(map(value, jaxpr.outvars))
