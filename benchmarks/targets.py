"""What figures should keep to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .contestants import BY_HAND, SCOPEJAX, installed

BEST_PEER = "best peer"

Medians = Mapping[str, float]
"""contestant -> median of its figures of one measure."""


def best_peer(medians: Medians) -> float | None:
    """The smallest median of another library, if there is one."""
    peers = [name for name, found in installed().items() if found.peer]
    return min((medians[name] for name in peers if name in medians), default=None)


class Target(NamedTuple):
    """What a median may be at most: a ratio to another, or so much beyond it.

    Attributes:
      limit: the ratio, or the difference.
      against: the contestant that is held against, or `BEST_PEER`.
      beyond: whether `limit` is a difference.
      judged: the contestant that the target is for.
    """

    limit: float
    against: str = BY_HAND
    beyond: bool = False
    judged: str = SCOPEJAX

    def other(self, medians: Medians) -> float | None:
        """What is held against; None where that has not been taken."""
        best = self.against == BEST_PEER
        return best_peer(medians) if best else medians.get(self.against)

    def figure(self, medians: Medians) -> float | None:
        """What should be `limit` at most."""
        other, own = self.other(medians), medians[self.judged]
        if other is None:
            return None
        return own - other if self.beyond else own / other

    def __str__(self) -> str:
        names = {name: found.title for name, found in installed().items()}
        against = names.get(self.against, self.against)
        return (
            f"{against} + {self.limit}" if self.beyond else f"{self.limit} of {against}"
        )
