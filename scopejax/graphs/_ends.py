"""Where arrays are made and taken."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

from .._base.names import Path
from ._flow import Value


@dataclasses.dataclass(eq=False)
class Segment:
    """Operations of a scope's own code, between two boxes."""

    place: Path
    words: list[str]
    number: int | None = None
    joined: Segment | None = None

    def root(self) -> Segment:
        return self if self.joined is None else self.joined.root()

    def joined_to(self, other: Segment | None) -> Segment:
        """One with another that is not an input; the two in one."""
        other = other and other.root()
        if other is None or other is self or other.number is not None:
            return self
        other.words.extend(self.words)
        self.joined = other
        return other


@dataclasses.dataclass(frozen=True)
class End:
    """Where an array is made or taken.

    Attributes:
      place: the box.
      segment: operations in it; None where the box has no parts of that kind.
      visits: the passes through all boxes around.
    """

    place: Path
    segment: Segment | None
    visits: tuple[Any, ...]
    rank: int


class Link(NamedTuple):
    """An array that one operation makes and another takes.

    Attributes:
      source, target: the two.
      value: the array.
      text: its shape and dtype, as the second takes it.
      is_parameter: whether it is a variable of the first's scope.
    """

    source: End
    target: End
    value: Value
    text: str
    is_parameter: bool = False


def shared_depth(source: End, target: End) -> int:
    """How many boxes are around both, in the same pass through each."""
    depth = 0
    for a, b in zip(source.place, target.place, strict=False):
        one, two = source.visits[depth + 1], target.visits[depth + 1]
        if a != b or (one != two and None not in (one, two)):
            break
        depth += 1
    return depth
