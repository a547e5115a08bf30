"""Blocks of a table: sorted keys and values, each key without what it shares.

An entry is three numbers (how many bytes the key shares with the one before, how many
it has of its own, how long the value is), the key's own bytes and the value. At
"restarts" nothing is shared; the block ends with their places and their number.
https://github.com/google/leveldb/blob/main/doc/table_format.md
"""

from __future__ import annotations

from collections.abc import Iterator

from .damage import Damage
from .wire import Cursor, varint

Item = tuple[bytes, bytes]


def read_block(block: bytes, allowed: int) -> Iterator[Item]:
    """Key and value of each entry; the keys are in order, and each comes once.

    Args:
      block: its contents.
      allowed: how long all keys together may be.
    """
    cursor = Cursor(_without_restarts(block))
    last = None
    while cursor.left:
        key, value = _entry(cursor, last or b"")
        if last is not None and key <= last:
            raise Damage("its keys are not in order", f"one after {last!r}", f"{key!r}")
        allowed -= len(key)
        if allowed < 0:
            raise Damage("its keys are far longer than the block that holds them")
        yield key, value
        last = key


def _without_restarts(block: bytes) -> bytes:
    """The entries; the places of the restarts are for those who search."""
    count = int.from_bytes(block[-4:], "little")
    tail = 4 * count + 4
    if not count or tail > len(block):
        raise Damage(
            "a block's end is damaged", "one restart at least", f"{count} restarts"
        )
    return block[:-tail]


def _entry(cursor: Cursor, last: bytes) -> Item:
    shared, own, size = (cursor.varint(32) for _ in range(3))
    if shared > len(last):
        raise Damage(
            "a key shares more than the one before it has",
            f"at most {len(last)} bytes",
            f"{shared} bytes",
        )
    return last[:shared] + cursor.take(own), cursor.take(size)


def shared_length(one: bytes, two: bytes) -> int:
    """How many bytes both begin with.

    >>> shared_length(b"h10/w", b"h12/w")
    2
    """
    both = min(len(one), len(two))
    differ = (i for i in range(both) if one[i] != two[i])
    return next(differ, both)


class BlockWriter:
    """Puts together one block.

    Args:
      interval: each which key is written in full.
    """

    def __init__(self, interval: int) -> None:
        self._interval = interval
        self._data = bytearray()
        self._restarts = [0]
        self._since = 0
        self._last = b""

    def add(self, key: bytes, value: bytes) -> None:
        """Adds an entry, whose key comes after all before it."""
        shared = 0
        if self._since < self._interval:
            shared = shared_length(self._last, key)
        else:
            self._restarts.append(len(self._data))
            self._since = 0
        sizes = (shared, len(key) - shared, len(value))
        self._data += b"".join(map(varint, sizes)) + key[shared:] + value
        self._since += 1
        self._last = key

    @property
    def filled(self) -> bool:
        """Whether there is an entry."""
        return bool(self._data)

    @property
    def size(self) -> int:
        """How long the block is by now."""
        return len(self._data) + 4 * len(self._restarts) + 4

    def finish(self) -> bytes:
        """The block."""
        tail = [*self._restarts, len(self._restarts)]
        return bytes(self._data) + b"".join(n.to_bytes(4, "little") for n in tail)
