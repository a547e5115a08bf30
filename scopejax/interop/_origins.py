"""Where each initial value comes from, read off the program of a library's own init.

For each value the equations that it depends on are cut out. What is left is most often
a chain: from the key of the whole module a key for this value is derived, by its name,
its place or its number; then numbers are drawn; then something is done to them. By the
path law the key of a value is that of its full name. So the chain is cut once more, at
the last single key in it, and what is behind is the value's own initializer. It is the
same for all values that are drawn alike, wherever they are.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import jax
from jax.extend import core as jex

from .._jax.jaxprs import is_var
from ._draw import Text, is_key
from ._inline import inlined
from ._program import Flow, Program
from ._program_text import Writer


class Given(NamedTuple):
    """An array that the module has brought along."""

    array: Any


class Copy(NamedTuple):
    """The value of another leaf, by its number."""

    leaf: int


class Drawn(NamedTuple):
    """A value that depends on nothing, or on a random key.

    Attributes:
      text: of the program ``key -> value``, or ``-> value``.
      key: the number of its key among `Origins.keys`; None where there is none.
    """

    text: Text
    key: int | None


class Source(NamedTuple):
    """An input of what computes a value: the module's key, a leaf, or an argument."""

    kind: Literal["key", "leaf", "argument"]
    number: int = 0


class Computed(NamedTuple):
    """A value that depends on other leaves, or on the module's arguments.

    Attributes:
      program: what computes it from `sources`.
      whole: the same without a way through other leaves, from `whole_sources`.
    """

    program: Program
    sources: tuple[Source, ...]
    whole: Program
    whole_sources: tuple[Source, ...]


Origin = Given | Copy | Drawn | Computed


class Origins:
    """The initial values of ``(key, *arguments) -> leaves``.

    Attributes:
      all: where they come from.
      keys: the program ``module's key -> keys`` of those that are drawn.
    """

    def __init__(self, program: Program) -> None:
        program = inlined(program)
        self._flow = Flow(program)
        self._given = program.known()
        self._key, *arguments = program.inputs
        self._sources = {var: Source("argument", i) for i, var in enumerate(arguments)}
        self._sources[self._key] = Source("key")
        keyed = self._flow.reached([self._key])
        self._drawn: dict[Any, int] = {}  # a leaf's first number
        for i, var in enumerate(program.outputs):
            if is_var(var) and var in keyed and var not in self._sources:
                self._drawn.setdefault(var, i)
        self._writer = Writer()
        self._texts: dict[str, Text] = {}
        self._keys: dict[Any, int] = {}
        self.all = [self._origin(i, var) for i, var in enumerate(program.outputs)]
        self.keys = self._flow.behind(list(self._keys))

    def _origin(self, leaf: int, var: Any) -> Origin:
        if is_var(var):
            if var in self._given:
                return Given(self._given[var])
            if self._drawn.get(var, leaf) < leaf:
                return Copy(self._drawn[var])
        part = self._flow.behind([var], [v for v in self._drawn if v is not var])
        traced = any(isinstance(const, jax.core.Tracer) for const in part.consts)
        if traced or set(part.inputs) - {self._key}:
            return self._computed(var, part)
        if not part.inputs:
            return Drawn(self._text(part), None)
        key = _last_key(self._key, part)
        number = self._keys.setdefault(key, len(self._keys))
        return Drawn(self._text(Flow(part).behind([var], [key])), number)

    def _text(self, program: Program) -> Text:
        """One for all programs that are equal."""
        digest = self._writer.digest(program)
        if digest not in self._texts:
            self._texts[digest] = Text(digest, program, label(program))
        return self._texts[digest]

    def _computed(self, var: Any, part: Program) -> Computed:
        whole = self._flow.behind([var])
        return Computed(part, self._of_inputs(part), whole, self._of_inputs(whole))

    def _of_inputs(self, program: Program) -> tuple[Source, ...]:
        return tuple(
            self._sources.get(var) or Source("leaf", self._drawn[var])
            for var in program.inputs
        )


def _last_key(key: Any, program: Program) -> Any:
    """The last single key that everything random in a program goes through."""
    (output,) = program.outputs
    users: dict[Any, list[jex.JaxprEqn]] = {output: []}
    for eqn in program.jaxpr.eqns:
        for atom in {atom for atom in eqn.invars if is_var(atom)}:
            users.setdefault(atom, []).append(eqn)
    last = var = key
    while len(users.get(var, ())) == 1 and var is not output:
        used = [made for made in users[var][0].outvars if made in users]
        if len(used) != 1:
            break
        (var,) = used
        aval: Any = var.aval
        last = var if is_key(aval) and not aval.shape else last
    return last


def label(program: Program) -> str:
    """What a table of variables calls a program that makes one."""
    eqns, (output,) = program.jaxpr.eqns, program.outputs
    if program.inputs:
        names = (str(eqn.params.get("name", "")).strip("_") for eqn in eqns)
        return next(filter(None, names), "random")
    if len(eqns) == 1 and eqns[0].primitive.name == "broadcast_in_dim":
        (output,) = eqns[0].invars
    value = getattr(output, "val", None)  # of a literal
    return next((name for name, x in _FILLED.items() if value == x), "constant")


_FILLED = {"zeros": 0, "ones": 1}
