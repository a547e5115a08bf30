"""Which scope an operation is in, and by which call of it.

The calls around an equation say it: see `_calls`. Two things lead further down.

- An operation that reads a variable from below is in that variable's scope. A value
  that depends on variables of one scope alone, a cast kernel, stands for them.
- Names that `Scope.named` has entered within the call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from .._base.names import Path, split
from .._jax.jaxprs import plain_names
from ._trace import Traced


class Visit(NamedTuple):
    """One pass through a scope.

    Attributes:
      path: of the scope.
      call: two visits of one scope differ in it.
    """

    path: Path
    call: tuple[Any, ...]


class Owners:
    """The scopes of the values seen so far that depend on variables alone."""

    def __init__(self, traced: Traced) -> None:
        self._traced = traced
        self._owners: dict[int, Path] = {}
        self._variables: dict[int, str] = {}
        self._constants: dict[int, Any] = {}  # as keys
        self._known = {
            spec.path[:depth]
            for spec in traced.manifest.values()
            for depth in range(len(spec.path))
        }
        self._known.update(
            path[:depth]
            for path in traced.calls.paths
            for depth in range(len(path) + 1)
        )

    def begin(self, variables: dict[int, str], constants: dict[int, Any]) -> None:
        """Tells of the values that are variables, by full name, or constants."""
        self._variables, self._constants = variables, dict.fromkeys(constants)
        self._owners = {v: split(name)[:-1] for v, name in variables.items()}

    def take(
        self,
        eqn: Any,
        calls: Sequence[tuple[int, int, Path]],
        tail: str,
        inputs: Sequence[tuple[int, ...]],
        outputs: Iterable[int],
    ) -> tuple[tuple[Visit, ...], list[int], bool]:
        """The visits that an operation is part of, and the variables that it reads.

        The third is whether it depends on variables and constants alone.

        Args:
          eqn: its equation.
          calls: those around it: `(walk, number, path)`.
          tail: the names within the last.
          inputs, outputs: its values.
        """
        path = self._inner(calls[-1][2] if calls else (), tail)
        values = [v for choice in inputs for v in choice if v not in self._constants]
        owned = [self._owners[value] for value in values if value in self._owners]
        gradient = self._gradient_of(eqn)
        path = _deeper(path, [*owned, *gradient])
        is_fixed = len(owned) == len(values)
        if is_fixed:
            known = self._owners if owned else self._constants
            known.update(dict.fromkeys(outputs, path))
        read = [value for value in dict.fromkeys(values) if value in self._variables]
        return tuple(_visits(path, calls)), read, is_fixed

    def _gradient_of(self, eqn: Any) -> list[Path]:
        """The scopes of the variables whose gradients an equation makes."""
        names = self._traced.gradients
        return [split(names[v])[:-1] for v in eqn.outvars if v in names]

    def _inner(self, path: Path, tail: str) -> Path:
        """The scope that entered names lead to, from the one of a call."""
        names = plain_names(tail)
        for depth in range(len(path), -1, -1):
            for end in range(len(names), 0, -1):
                inner = (*path[:depth], *names[:end])
                if inner in self._known and inner[: len(path)] == path:
                    return inner
        return path


def _deeper(path: Path, owners: list[Path]) -> Path:
    """The scope that has all `owners` in it, if that is below `path`."""
    if not owners:
        return path
    shared = common(owners)
    return shared if shared[: len(path)] == path else path


def common(paths: Sequence[Path]) -> Path:
    """The longest path that all begin with."""
    first, last = min(paths), max(paths)
    depth = 0
    while depth < min(len(first), len(last)) and first[depth] == last[depth]:
        depth += 1
    return first[:depth]


def _visits(path: Path, calls: Sequence[tuple[int, int, Path]]) -> Iterable[Visit]:
    """The root, and each scope on the way to `path`, with the call that entered it."""
    for depth in range(len(path) + 1):
        yield Visit(path[:depth], _entered(path[:depth], calls))


def _entered(path: Path, calls: Sequence[tuple[int, int, Path]]) -> tuple[Any, ...]:
    """The first of the calls that was given a scope, or the last of those around it."""
    around: tuple[Any, ...] = ()
    for walk, number, given in calls:
        if given == path:
            return walk, number
        if given == path[: len(given)]:
            around = ("in", walk, number)
    return around
