"""The static part of a scope: where it is, and when that counts as the same place.

A scope goes through `jit` as a pytree, and its static part goes into the key of JAX's
caches. Were the path compared there, a block jitted once would be traced for each of
the layers `h0 .. h95`, although the traces are equal: a body behind the boundary finds
its variables in the subtree that came with the scope, not by the path. So the path, and
the options that act on creation alone, count only once somebody has *read* them behind
the boundary (a custom getter, `scope.name`). Reading marks the very object that JAX
keeps in its cache's key, and from then on that entry equals nothing but its own place.
What equals a marked place is marked too: a hit in an inner cache makes the outer
function depend on the path just as reading does. The hash depends on none of it.
`tests/scope/test_place.py` proves each of these sentences.

While a model is recorded the `Entry` decides.
"""

from __future__ import annotations

import dataclasses
import weakref
from typing import Any, Final, NamedTuple

from .._base.names import Path, join
from .._jax.surroundings import is_compared, loops, taken_apart
from .._spec.options import Options
from .ledger import Ledger
from .record import Entry, Record


class Mark:
    """Whether a path was read behind one pytree boundary, and the boundary around."""

    __slots__ = ("outer", "read")

    def __init__(self, outer: Mark | None = None) -> None:
        self.outer = outer
        self.read = False

    def set(self) -> None:
        """Marks this boundary and all around it."""
        mark: Mark | None = self
        while mark is not None:
            mark.read = True
            mark = mark.outer


class Crossing(NamedTuple):
    """A stack on its way into a JAX transform.

    Attributes:
      axes: how many its random key has.
      loops: how many the transform is; None where it is none.
    """

    axes: int
    loops: int | None


@dataclasses.dataclass(slots=True, eq=False, repr=False)
class Place:
    """Path, options and stack of a scope, and its entry while it is recorded.

    Attributes:
      path: the components of the full name.
      options: the inherited defaults.
      base: how many components lie outside of the last pytree boundary.
      stack: the sizes of the stacks that the scope stands in, outermost first.
      entry: None unless the model is being recorded.
      ledger: what the run of a model that is not recorded has asked for, while it runs.
      mark: shared by all places on this side of the boundary.
      whole: whether it is the stack itself, not yet passed to a transform.
      loops: how many of the loops around it give it other keys at each step.
      crossing: what it was like on the other side of the boundary; see `arrived`.
    """

    path: Final[Path]
    options: Final[Options]
    base: Final[int] = 0
    stack: Final[tuple[int, ...]] = ()
    _: dataclasses.KW_ONLY
    entry: Final[Entry | None] = None
    mark: Final[Mark] = dataclasses.field(default_factory=Mark)
    whole: Final[bool] = False
    loops: Final[int] = 0
    crossing: Final[Crossing | None] = None
    ledger: Final[weakref.ref[Ledger] | None] = None
    _beyond: Mark | None = dataclasses.field(default=None, init=False)

    def child(self, path: Path) -> Place:
        """The place at `path` below this one."""
        return self._near((*self.path, *path), self.options, self.loops)

    def with_options(self, options: Options) -> Place:
        """The same place with other defaults."""
        return self._near(self.path, options, self.loops)

    def _near(self, path: Path, options: Options, loops: int) -> Place:
        """A place on this side of the last pytree boundary."""
        return Place(
            path,
            options,
            self.base,
            self.stack,
            entry=self.entry,
            mark=self.mark,
            whole=self.whole,
            loops=loops,
            ledger=self.ledger,
        )

    def at_boundary(
        self,
        stack: tuple[int, ...] = (),
        crossing: Crossing | None = None,
        barred: str = "",
    ) -> Place:
        """This place on the other side of a pytree boundary, within `stack` too."""
        if self._beyond is None:
            # One for all flattenings: `jit` flattens an argument several times for one
            # call, and keeps another result in its cache's key than the body gets.
            self._beyond = Mark(self.mark)
        entry = self.entry
        if entry is not None:
            entry = Entry(entry.record(join(self.path)), entry, barred)
        return Place(
            self.path,
            self.options,
            len(self.path),
            self.stack + stack,
            entry=entry,
            mark=self._beyond,
            whole=bool(stack),
            loops=self.loops,
            crossing=crossing,
            ledger=self.ledger,
        )

    def apart(self) -> Place:
        """This place on the other side of a boundary, its state set aside."""
        place = self.at_boundary()
        if place.entry is not None:
            place.entry.apart = self.path
        return place

    @property
    def is_apart(self) -> bool:
        """Whether it is recorded, and its state set aside."""
        return self.entry is not None and self.entry.apart == self.path

    def arrived(self, axes: int | None) -> Place:
        """This place behind the boundary, where its key has `axes` axes left.

        A stack that a loop has sliced has other keys at each of its steps. Whatever
        else comes into a loop, in its carry or by closure, has the same at all.
        """
        assert self.crossing is not None
        if axes is None or axes >= self.crossing.axes:
            return self
        gained = self.crossing.loops
        varying = loops() if gained is None else self.loops + gained
        return self._near(self.path, self.options, varying)

    def record(self) -> Record:
        """The record of the model, which is being recorded."""
        assert self.entry is not None
        return self.entry.record(join(self.path))

    def asked(self) -> Ledger | None:
        """What the run of the model has asked for; None where nobody looks."""
        return None if self.ledger is None else self.ledger()

    def counterparts(self, variable: Path) -> dict[Path, tuple[int, ...]]:
        """Where a variable below this place has to exist too.

        Returns:
          Full paths, and the stacks that they are in; see `rounds`.
        """
        found = {variable: self.stack}
        todo = [(self.entry, variable)]
        while todo:
            entry, path = todo.pop()
            if entry is None:
                continue
            todo.append((entry.parent, path))
            for own, other in entry.held_against:
                there = (*other.path, *path[len(own.path) :])
                if there not in found:
                    found[there] = other.stack + found[path][len(own.stack) :]
                    todo.append((other.entry, there))
        del found[variable]
        return found

    @property
    def below(self) -> Path:
        """The components on this side of the last pytree boundary."""
        return self.path[self.base :]

    def __hash__(self) -> int:
        return hash((Place, str(self.options.dtype), self.entry is None))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Place):
            return NotImplemented
        if self.entry is not None and other.entry is not None:
            if not self.options.acts_alike(other.options):
                return False
            if self.entry.matches(other.entry):
                if self.path != other.path and taken_apart():
                    self.entry.held_against.append((self, other))
                    other.entry.held_against.append((other, self))
                return True
            here = self.path == other.path and self.stack == other.stack
            return here and self.entry.is_of_one_run(other.entry) and is_compared()
        if self.entry is not None or other.entry is not None:
            return False
        if not (self.mark.read or other.mark.read):
            return self.options.acts_alike(other.options)
        same = self._values() == other._values()
        if same:
            self.mark.set()
            other.mark.set()
        return same

    def _values(self) -> tuple[Any, ...]:
        return self.path, self.stack, self.options

    def __repr__(self) -> str:
        return f"Place({join(self.path)!r})"

    def __reduce__(self) -> tuple[type[Place], tuple[Any, ...]]:
        return Place, (self.path, self.options, self.base, self.stack)
