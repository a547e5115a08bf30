"""What the formats have in common: what lies in a checkpoint, and how to get it."""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self


class Entry(NamedTuple):
    """One array of a checkpoint, known without reading it.

    Attributes:
      name: its full name, ``"encoder/h0/kernel"``.
      shape: as stored.
      dtype: the name of it, ``"bfloat16"``; ``"string"`` and the like cannot be read.
      nbytes: how many bytes its numbers take.
      slot: ``""`` for a variable; else what an optimizer kept under that name.
      stored: what the file calls it.
      kind: what it was before it was stored, if not an array of JAX: ``"int"``.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    slot: str = ""
    stored: str = ""
    kind: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """The components of the name; what is kept in a slot lies below that."""
        return (*([f"({self.slot})"] if self.slot else []), *self.name.split("/"))

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


class Reader(abc.ABC):
    """An open checkpoint of some format; a context manager.

    Attributes:
      kind: the format's name.
      entries: in the file's order.
      metadata: what is written beside the arrays.
    """

    kind: ClassVar[str]
    entries: Sequence[Entry]
    metadata: Mapping[str, str]

    @abc.abstractmethod
    def read(self, entry: Entry) -> Any:
        """The array, a NumPy one. It may be a view of the file: not to be kept."""

    def read_all(
        self, entries: Sequence[Entry], shardings: Sequence[Any]
    ) -> Sequence[Any] | None:
        """All at once, as JAX arrays on `shardings`, where the format is made for that.

        As arrays of NumPy where a sharding is None. All is None where the format isn't
        made for that, and `read` does as well.
        """
        return None

    @abc.abstractmethod
    def close(self) -> None:
        """Lets go of the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Source(NamedTuple):
    """An array to be written: what it is, and a call that brings it.

    Arrays come one at a time, so that a large checkpoint passes through a small memory.
    The kind is as of `Entry`.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    bring: Callable[[], Any]
    kind: str = ""
