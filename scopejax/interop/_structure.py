"""What is known of a module before it runs: its variables, and how they start."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import jax

from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.names import Path
from .._jax.jaxprs import is_var
from .._spec.sameness import Opaque, lasting
from ._foreign import Foreign, Made, NeedsKey
from ._names import Slot, paths_of
from ._origins import Origins
from ._program import Program, only
from ._trace import Keyed, Rest, Static, Traced, apart, trace


class Call(NamedTuple):
    """A run of a module, as a program of variables, keys and arguments.

    Attributes:
      program: what runs.
      streams: names of the keys that it uses.
      written: numbers of the variables that it writes.
      out: its result without the arrays.
      numbers: those of the arrays in the result.
    """

    program: Program
    streams: tuple[str, ...]
    written: tuple[int, ...]
    out: Rest
    numbers: tuple[int, ...]


class Structure:
    """The variables of a module, for arguments of some shapes.

    Attributes:
      slots: they in the library's words.
      paths: their names in ours.
      avals: abstract arrays.
      origins: where their initial values come from.
      rest: what a run needs besides.
    """

    def __init__(self, foreign: Foreign, rest: Rest, traced: Traced) -> None:
        self.avals, static = traced.out
        made: Made = static.value
        self.slots: Sequence[Slot] = made.slots
        self.paths: list[Path] = paths_of(made.slots)
        self.rest = made.rest
        self.origins = Origins(traced.program)
        self._foreign = foreign
        self._arguments = rest
        self._streams = list(made.streams)
        self._run = Keyed(None if traced.same is None else self, self._ran)

    def _ran(self, argument: Any) -> Any:
        arrays, keys, arguments = argument
        args, kwargs = self._arguments.having(arguments)
        ran = self._foreign.run(self.rest, arrays, keys, args, kwargs)
        out, rest = apart(ran.out)
        return list(ran.arrays), out, Static(rest)

    def call(
        self, arrays: Sequence[Any], key: Any, arguments: Mapping[int, Any]
    ) -> Call:
        """The program that runs the module.

        Args:
          arrays: the variables.
          key: an abstract random key.
          arguments: the module's arrays.
        """
        while True:
            keys = dict.fromkeys(self._streams, key)
            try:
                with abstract(self._foreign):
                    traced = trace(self._run, (list(arrays), keys, dict(arguments)))
                return _call(traced, len(arrays), sorted(keys))
            except NeedsKey as error:
                self._streams.append(error.stream)


def _call(traced: Traced, n: int, streams: Sequence[str]) -> Call:
    program = traced.program
    _, out, static = traced.out
    variables, keys = program.inputs[:n], program.inputs[n : n + len(streams)]
    used = {atom for eqn in program.jaxpr.eqns for atom in eqn.invars if is_var(atom)}
    used.update(filter(is_var, program.outputs))
    written = [i for i, var in enumerate(variables) if program.outputs[i] is not var]
    return Call(
        only(program, lambda var: var in used or var not in keys),
        tuple(s for s, var in zip(streams, keys, strict=True) if var in used),
        tuple(written),
        static.value,
        tuple(out),
    )


def structure_of(
    foreign: Foreign, rest: Rest, key: Any, arguments: Mapping[int, Any]
) -> Structure:
    """What is known of a module, found out once for modules that are alike."""

    def made(argument: Any) -> Any:
        key, arguments = argument
        args, kwargs = rest.having(arguments)
        made = foreign.init(key, args, kwargs)
        return list(made.arrays), Static(made._replace(arrays=()))

    with abstract(foreign):
        traced = trace(Keyed(_facts(foreign, rest), made), (key, dict(arguments)))
    build = functools.partial(Structure, foreign, rest, traced)
    return build() if traced.same is None else _kept(Keyed(traced.same, build))


@functools.lru_cache(maxsize=512)
def _kept(keyed: Keyed) -> Structure:
    structure: Structure = keyed.function()
    return structure


def _facts(foreign: Foreign, rest: Rest) -> Hashable:
    """A key for what does the same; None where that cannot be told."""
    try:
        facts = (
            lasting(foreign.facts),
            lasting(rest.leaves),
            rest.structure,
        )
        hash(facts)
    except (Opaque, TypeError):
        return None
    return foreign.library, facts


class abstract:
    """Says so where a module decides in Python on values that are not known."""

    def __init__(self, foreign: Foreign) -> None:
        self._foreign = foreign

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, _CONCRETE):
            raise InvalidArgumentError(
                f"The {self._foreign.library} module {self._foreign.name} decides in"
                " Python on the values of arrays, which are abstract here:"
                f" {str(error).splitlines()[0]}",
                expected="a module that does the same whatever the values are",
                found=type(error).__name__,
                where=user_line(),
                remedy="Use jax.lax.cond or jnp.where in it, or pass what decides as a"
                " Python value.",
            ) from error


_CONCRETE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.NonConcreteBooleanIndexError,
)
