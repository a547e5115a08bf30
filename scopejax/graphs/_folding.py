"""Layers that are alike: `h0`, `h1`, ... are drawn as one box."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from .._base.names import Path
from ._flow import Flow
from ._owners import Visit

LEAST = 3  # layers alike to be folded
_NUMBERED = re.compile(r"(.*?)(\d+)")


class Shapes:
    """What each scope is like, name aside: its variables and its operations."""

    def __init__(self, flow: Flow) -> None:
        self._variables: dict[Path, list[Any]] = {(): []}
        self._visits: dict[Path, dict[Visit, list[Any]]] = {(): {}}
        for spec in flow.traced.manifest.values():
            for depth in range(len(spec.path)):
                like = spec.path[depth:], spec.shape, spec.dtype, spec.trainable
                self._variables.setdefault(spec.path[:depth], []).append(like)
        for op in flow.ops:
            if op.is_fixed:
                continue
            shapes = tuple(str(var.aval) for var in op.eqn.outvars)
            path = op.visits[-1].path
            for visit in op.visits:
                inner = path[len(visit.path) :]
                step = inner, op.eqn.primitive.name, shapes, op.loops, bool(op.counts)
                visits = self._visits.setdefault(visit.path, {})
                visits.setdefault(visit, []).append(step)

    def paths(self) -> list[Path]:
        """All scopes, in the order of their variables, then of their operations."""
        return list(dict.fromkeys([*self._variables, *self._visits]))

    def visits(self, path: Path) -> list[Visit]:
        """The passes through a scope, in their order."""
        return list(self._visits.get(path, {}))

    def of(self, path: Path) -> Hashable:
        """Equal for scopes that are alike."""
        passes = self._visits.get(path, {}).values()
        return tuple(self._variables.get(path, ())), tuple(map(tuple, passes))

    def of_visit(self, visit: Visit) -> Hashable:
        """Equal for passes that do the same."""
        return tuple(self._visits.get(visit.path, {}).get(visit, ()))


def folded(shapes: Shapes) -> dict[Path, str]:
    """The scopes that are folded -> the name of the box that stands for them."""
    children: dict[Path, list[str]] = {}
    for path in shapes.paths():
        if path:
            children.setdefault(path[:-1], []).append(path[-1])
    names: dict[Path, str] = {}
    for parent, inside in children.items():
        for run in _runs(parent, sorted(inside, key=_number), shapes):
            if len(run) >= LEAST:
                label = f"{run[0]} … {run[-1]}"
                names.update({(*parent, name): label for name in run})
    return names


def _number(name: str) -> tuple[str, int]:
    match = _NUMBERED.fullmatch(name)
    return (match[1], int(match[2])) if match else (name, -1)


def _runs(parent: Path, names: Iterable[str], shapes: Shapes) -> Iterator[list[str]]:
    """Names with numbers in sequence, of scopes alike."""
    run: list[str] = []
    for name in names:
        if run and not _goes_on(parent, run[-1], name, shapes):
            yield run
            run = []
        run.append(name)
    yield run


def _goes_on(parent: Path, last: str, name: str, shapes: Shapes) -> bool:
    (prefix, number), (next_prefix, next_number) = _number(last), _number(name)
    follows = number >= 0 and (next_prefix, next_number) == (prefix, number + 1)
    return follows and shapes.of((*parent, last)) == shapes.of((*parent, name))


def shown(path: Path, names: dict[Path, str], depth: int | None) -> Path:
    """Where a scope is drawn: folded, and no deeper than `depth`."""
    path = path if depth is None else path[:depth]
    return tuple(names.get(path[: i + 1], part) for i, part in enumerate(path))
