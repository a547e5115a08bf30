"""Programs: jaxprs that can be cut, and that compare by what they do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend import core as jex

from .._jax.jaxprs import as_function, is_var, needed, part_of


class Program(NamedTuple):
    """A jaxpr whose constants are its first inputs.

    Attributes:
      jaxpr: without variables for constants.
      consts: the values of the first inputs.
    """

    jaxpr: jex.Jaxpr
    consts: tuple[Any, ...]

    def __call__(self, *inputs: Any) -> list[jax.Array]:
        """What it computes of the other inputs, in the trace that runs."""
        results = as_function(self.jaxpr)(*self.consts, *inputs)
        return [_array(x, var) for x, var in zip(results, self.outputs, strict=True)]

    @property
    def inputs(self) -> list[Any]:
        """The variables of the inputs that are no constants."""
        return list(self.jaxpr.invars[len(self.consts) :])

    @property
    def outputs(self) -> list[Any]:
        """The operands that it returns."""
        return list(self.jaxpr.outvars)

    def known(self) -> dict[Any, Any]:
        """The constants by their variables."""
        return dict(zip(self.jaxpr.invars, self.consts, strict=False))


def _array(value: Any, atom: Any) -> jax.Array:
    """A result as an array, where it is a number of the jaxpr itself."""
    if isinstance(value, jax.Array):
        return value
    return jnp.asarray(value, atom.aval.dtype)


def program_of(closed: jex.ClosedJaxpr) -> Program:
    """A closed jaxpr as a program."""
    jaxpr = closed.jaxpr
    inputs = [*jaxpr.constvars, *jaxpr.invars]
    return Program(
        part_of(jaxpr, inputs, jaxpr.outvars, jaxpr.eqns), tuple(closed.consts)
    )


def only(program: Program, is_needed: Callable[[Any], bool]) -> Program:
    """The program without those inputs, no constants, that are not needed."""
    consts = list(program.jaxpr.invars[: len(program.consts)])
    inputs = [*consts, *filter(is_needed, program.inputs)]
    jaxpr = program.jaxpr
    return program._replace(jaxpr=part_of(jaxpr, inputs, jaxpr.outvars, jaxpr.eqns))


class Flow:
    """Which equations of a program make which of its variables."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._eqns = program.jaxpr.eqns
        self._made_by = {v: i for i, eqn in enumerate(self._eqns) for v in eqn.outvars}

    def reached(self, sources: Iterable[Any]) -> set[Any]:
        """The variables that may depend on `sources`, and these."""
        reached = set(sources)
        for eqn in self._eqns:
            if any(is_var(atom) and atom in reached for atom in eqn.invars):
                reached.update(eqn.outvars)
        return reached

    def behind(self, outputs: Sequence[Any], stops: Iterable[Any] = ()) -> Program:
        """What computes some variables, from inputs of the program and from `stops`.

        Its inputs are those that it uses, in that order.
        """
        stops = dict.fromkeys(stops)
        found: set[int] = set()
        used: set[Any] = set()
        todo = list(outputs)
        while todo:
            var = todo.pop()
            i = self._made_by.get(var) if is_var(var) else None
            if is_var(var) and (i is None or var in stops):
                used.add(var)
            elif i is not None and i not in found:
                found.add(i)
                todo.extend(self._eqns[i].invars)
        known = self._program.known()
        order = dict.fromkeys([*self._program.jaxpr.invars, *stops])
        inputs = [var for var in order if var in used]
        eqns = [self._eqns[i] for i in sorted(found)]
        jaxpr = part_of(self._program.jaxpr, inputs, outputs, eqns)
        if any(len(eqn.outvars) > 1 for eqn in eqns):
            # Of a loop that computes several things it may need one alone.
            jaxpr = needed(jaxpr)
        consts = [known[var] for var in jaxpr.invars if var in known]
        return Program(jaxpr, tuple(consts))
