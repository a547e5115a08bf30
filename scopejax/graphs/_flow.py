"""The operations of a model, one by one: in which scope, how often, of what.

The program is walked as if all of its calls were written out: `jit`, `checkpoint` and
rules of differentiation leave no trace. The body of a loop is walked once, and its
operations count as often as it runs. So does each branch of a `cond`; what counts is
the largest.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._jax.calls import CALLS
from .._jax.jaxprs import (
    body_of,
    branches_of,
    devices_of,
    is_var,
    names_of,
    scan_of,
    while_of,
)
from ._calls import marks
from ._flops import Cost, cost_of, nbytes_of
from ._owners import Owners, Visit
from ._trace import Traced

Value = int
"""A number for each array that the program computes."""


class Op(NamedTuple):
    """One equation, where it runs.

    Attributes:
      eqn: the equation.
      visits: the scopes it is in, the outermost first, and by which call of each.
      inputs, outputs: arrays; an input that a `cond` has made is several.
      loops: how often the loops around it run, the outermost first.
      name: of the function under `jit` that it is a part of, if the scope's own code
        calls it: ``softmax``.
      cost: of one run.
      counts: how often it runs; 0 in a branch that is not the largest.
      is_bounded: whether that is known; a `while_loop` counts as one step.
      is_fixed: whether it depends on variables and constants alone.
    """

    eqn: Any
    visits: tuple[Visit, ...]
    inputs: tuple[tuple[Value, ...], ...]
    outputs: tuple[Value, ...]
    loops: tuple[int, ...]
    name: str
    cost: Cost
    counts: int
    is_bounded: bool
    is_fixed: bool

    @property
    def flops(self) -> int:
        """Of all runs."""
        return self.cost.flops * self.counts

    @property
    def nbytes(self) -> int:
        """Parameters read and results written, in all runs."""
        return self.cost.nbytes * self.counts


class Flow(NamedTuple):
    """All operations of a model, in the order of the program.

    Attributes:
      ops: the operations.
      traced: what they were found in.
      variables, arguments: an array that the model is given -> its name.
      constants: an array that is known -> its value.
      outputs: the arrays that it returns.
      avals: shape and dtype of each array.
    """

    ops: list[Op]
    traced: Traced
    variables: dict[Value, str]
    arguments: dict[Value, str]
    constants: dict[Value, Any]
    outputs: list[tuple[Value, ...]]
    avals: dict[Value, Any]


class _Around(NamedTuple):
    """What surrounds the equations of one jaxpr."""

    names: str = ""
    calls: tuple[tuple[int, int], ...] = ()  # (which walk of a jaxpr, which call)
    loops: tuple[int, ...] = ()
    name: str = ""
    named_in: int = -1  # the call whose code called that function
    counts: int = 1
    is_bounded: bool = True


def flow_of(traced: Traced) -> Flow:
    """The operations of a program."""
    return _Walk(traced).flow()


class _Walk:
    """One walk over a program and all that it calls."""

    def __init__(self, traced: Traced) -> None:
        self._traced = traced
        self._numbers = itertools.count()
        self._walks = itertools.count()
        self._owners = Owners(traced)
        self._avals: dict[Value, Any] = {}
        self._constants: dict[Value, Any] = {}
        self._ops: list[Op] = []

    def flow(self) -> Flow:
        jaxpr = self._traced.jaxpr
        known: dict[Any, tuple[Value, ...]] = {
            v: (self._new(v.aval),) for v in (*jaxpr.constvars, *jaxpr.invars)
        }
        variables = {known[v][0]: n for v, n in self._traced.variables.items()}
        arguments = {known[v][0]: n for v, n in self._traced.arguments.items()}
        consts = self._traced.consts
        self._constants.update(
            (known[v][0], x) for v, x in consts.items() if v in known
        )
        self._owners.begin(variables, self._constants)
        outputs = self._jaxpr(jaxpr, known, _Around())
        return Flow(
            self._ops,
            self._traced,
            variables,
            arguments,
            self._constants,
            outputs,
            self._avals,
        )

    def _new(self, aval: Any) -> Value:
        number = next(self._numbers)
        self._avals[number] = aval
        return number

    def _values(
        self, known: Mapping[Any, tuple[Value, ...]], atom: Any
    ) -> tuple[Value, ...]:
        """The arrays that an operand may be."""
        if is_var(atom):
            return known[atom]
        number = self._new(atom.aval)
        self._constants[number] = atom.val
        return (number,)

    def _jaxpr(
        self, jaxpr: Any, known: dict[Any, tuple[Value, ...]], around: _Around
    ) -> list[tuple[Value, ...]]:
        """Walks equations; the arrays that they return."""
        for var in jaxpr.constvars:
            known.setdefault(var, (self._new(var.aval),))
        walk = next(self._walks)
        for eqn in jaxpr.eqns:
            inputs = [self._values(known, atom) for atom in eqn.invars]
            outputs = self._eqn(eqn, inputs, _within(around, eqn, walk))
            known.update(zip(eqn.outvars, outputs, strict=True))
        return [self._values(known, atom) for atom in jaxpr.outvars]

    def _eqn(
        self, eqn: Any, inputs: list[tuple[Value, ...]], around: _Around
    ) -> list[tuple[Value, ...]]:
        rule = _RULES.get(eqn.primitive.name)
        if rule is not None:
            made: list[tuple[Value, ...]] | None = rule(self, eqn, inputs, around)
            if made is not None:
                return made
        return self._op(eqn, inputs, around)

    def _op(
        self, eqn: Any, inputs: list[tuple[Value, ...]], around: _Around
    ) -> list[tuple[Value, ...]]:
        made = tuple(self._new(var.aval) for var in eqn.outvars)
        calls = [(walk, *self._call(n)) for walk, n in around.calls]
        _, tail = marks(around.names)
        visits, read, is_fixed = self._owners.take(eqn, calls, tail, inputs, made)
        self._ops.append(
            Op(
                eqn,
                visits,
                tuple(inputs),
                made,
                around.loops,
                around.name if around.named_in == _last(around) else "",
                cost_of(eqn, sum(map(self._nbytes, read))),
                around.counts,
                around.is_bounded,
                is_fixed,
            )
        )
        return [(value,) for value in made]

    def _call(self, number: int) -> tuple[int, Any]:
        return number, self._traced.calls.paths[number]

    def _nbytes(self, value: Value) -> int:
        return nbytes_of(self._avals[value])

    # Equations that hold others

    def _called(self, eqn: Any, inputs: Any, around: _Around) -> Any:
        """A call: its body, on the same arrays."""
        body = body_of(eqn)
        if body is None or len(body.invars) != len(inputs):
            return None
        around = _named(around, eqn)
        return self._jaxpr(body, dict(zip(body.invars, inputs, strict=True)), around)

    def _scan(self, eqn: Any, inputs: Any, around: _Around) -> Any:
        body, length = scan_of(eqn)
        inside = around._replace(
            loops=(*around.loops, length), counts=around.counts * length
        )
        return self._jaxpr(body, dict(zip(body.invars, inputs, strict=True)), inside)

    def _while(self, eqn: Any, inputs: Any, around: _Around) -> Any:
        test, body, of_test, of_body = while_of(eqn, inputs)
        inside = around._replace(is_bounded=False, loops=(*around.loops, 0))
        self._jaxpr(test, dict(zip(test.invars, of_test, strict=True)), inside)
        return self._jaxpr(body, dict(zip(body.invars, of_body, strict=True)), inside)

    def _cond(self, eqn: Any, inputs: Any, around: _Around) -> Any:
        """Every branch is walked; those that are not the largest count 0 times."""
        results, spans = [], []
        for branch in branches_of(eqn):
            start = len(self._ops)
            given = dict(zip(branch.invars, inputs[1:], strict=True))
            results.append(self._jaxpr(branch, given, around))
            spans.append((start, len(self._ops)))
        largest = max(spans, key=lambda span: self._flops(*span))
        for start, stop in spans:
            if (start, stop) != largest:
                rest = [op._replace(counts=0) for op in self._ops[start:stop]]
                self._ops[start:stop] = rest
        return [_joined(values) for values in zip(*results, strict=True)]

    def _flops(self, start: int, stop: int) -> int:
        return sum(op.flops for op in self._ops[start:stop])

    def _shard_map(self, eqn: Any, inputs: Any, around: _Around) -> Any:
        """The body is what one device does; all of them do."""
        counts = around.counts * devices_of(eqn)
        return self._called(eqn, inputs, around._replace(counts=counts))


_RULES: Mapping[str, Any] = {
    **dict.fromkeys((*CALLS, "custom_lin"), _Walk._called),
    "scan": _Walk._scan,
    "while": _Walk._while,
    "cond": _Walk._cond,
    "shard_map": _Walk._shard_map,
}


def _joined(values: Sequence[tuple[Value, ...]]) -> tuple[Value, ...]:
    return tuple(dict.fromkeys(itertools.chain.from_iterable(values)))


def _within(around: _Around, eqn: Any, walk: int) -> _Around:
    """What surrounds the body of an equation, and the equation itself."""
    own = names_of(eqn)
    found, _ = marks(own)
    calls = (*around.calls, *((walk, number) for number in found))
    return around._replace(names=f"{around.names}/{own}", calls=calls)


def _named(around: _Around, eqn: Any) -> _Around:
    """Notes the name of a function under `jit`, if it is the outermost in its scope."""
    if around.name and around.named_in == _last(around):
        return around
    name = str(eqn.params.get("name", ""))
    return around._replace(name=name, named_in=_last(around))


def _last(around: _Around) -> int:
    """The number of the innermost call."""
    return around.calls[-1][1] if around.calls else -1
