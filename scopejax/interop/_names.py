"""The names of a library's variables as full names of scopejax.

A variable keeps its own name. Where that is taken, by one of a collection that comes
first, it lies below ``@collection``: a variable ``w`` of ``stats`` beside a parameter
``w`` is ``@stats/w``. The collections are in alphabetical order, params first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from .._base.names import Path, split


class Slot(NamedTuple):
    """One variable of a library.

    Attributes:
      collection: what it is one of; parameters are of the collection ``params``.
      path: its name there.
    """

    collection: str
    path: Path

    @property
    def trainable(self) -> bool:
        """Whether it is a parameter."""
        return self.collection == PARAMS


PARAMS = "params"


def paths_of(slots: Sequence[Slot]) -> list[Path]:
    """Where the variables lie in our tree, in their order."""
    taken: dict[Path, bool] = {}  # whether it is a variable; else it is a scope
    found = {}
    for slot in sorted(slots, key=lambda slot: (not slot.trainable, slot.collection)):
        path = slot.path
        if _is_taken(path, taken):
            path = (f"@{slot.collection}", *path)
        taken |= dict.fromkeys((path[:i] for i in range(1, len(path))), False)
        taken[path] = True
        found[slot] = path
    return [found[slot] for slot in slots]


def _is_taken(path: Path, taken: dict[Path, bool]) -> bool:
    return path in taken or any(taken.get(path[:i]) for i in range(1, len(path)))


def path_of(keys: Iterable[Any]) -> Path:
    """A path of `jax.tree_util` as one of ours; ``layers[0].weight`` is three steps."""
    path: list[str] = []
    for key in keys:
        for attribute in _ATTRIBUTES:
            if hasattr(key, attribute):
                path.extend(split(str(getattr(key, attribute))))
                break
    return tuple(path)


# Of DictKey and FlattenedIndexKey, SequenceKey, GetAttrKey.
_ATTRIBUTES = ("key", "idx", "name")
