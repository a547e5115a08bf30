"""Tables: a file of sorted keys and values, in blocks that are found by an index.

After each block stand its kind, one byte, and a checksum. The file ends with a footer
of 48 bytes: where a block about the file and the index lie, and a magic number. The
index holds, for each block, a key that is not before its last and before those of the
next, and where it lies.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .block import BlockWriter, Item, read_block, shared_length
from .crc import masked_crc, require_crc
from .damage import Damage
from .snappy import decompress
from .wire import Cursor, varint

_MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
_FOOTER = 48
_TRAILER = 5
_PLAIN, _SNAPPY = 0, 1
_BLOCK_SIZE = 1 << 18
_INTERVAL = 16  # each 16th key is written in full; in the index each
# Keys that share their beginnings are longer than the block that holds them: at most
# 16 times in what TensorFlow writes, more often where it is compressed.
_GREATEST_RATIO = 64


class Handle(NamedTuple):
    """Where a block lies, without kind and checksum."""

    offset: int
    size: int

    def encoded(self) -> bytes:
        """As it stands in the index and in the footer."""
        return varint(self.offset) + varint(self.size)


def is_table(path: str | os.PathLike[str]) -> bool:
    """Whether a file ends as tables do."""
    with open(path, "rb") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(max(0, length - len(_MAGIC)))
        return length >= _FOOTER and file.read() == _MAGIC


def read_table(data: memoryview) -> Iterator[Item]:
    """Key and value of each entry of a whole table, checked on the way."""
    about, index = _footer(data)
    _contents(data, about)
    end, last = 0, None  # of the blocks so far
    for limit, value in _items(data, index):
        handle = _handle(Cursor(value))
        if handle.offset < end:
            raise Damage("its blocks overlap", f"one from byte {end} on", f"{handle}")
        end = handle.offset + handle.size
        for key, item in _items(data, handle):
            if (last is not None and key <= last) or key > limit:
                raise Damage(
                    "its keys are not in order",
                    f"one from {last!r} to {limit!r}",
                    f"{key!r}",
                )
            yield key, item
        last = limit


def _handle(cursor: Cursor) -> Handle:
    return Handle(cursor.varint(), cursor.varint())


def _footer(data: memoryview) -> tuple[Handle, Handle]:
    magic = bytes(data[-len(_MAGIC) :])
    if len(data) < _FOOTER or magic != _MAGIC:
        raise Damage(
            "it is no index of a TensorFlow checkpoint, or its end is missing",
            f"{_MAGIC.hex()} at its end",
            magic.hex() or "an empty file",
        )
    cursor = Cursor(bytes(data[-_FOOTER:]))
    return _handle(cursor), _handle(cursor)


def _items(data: memoryview, handle: Handle) -> Iterator[Item]:
    return read_block(_contents(data, handle), _GREATEST_RATIO * handle.size)


def _contents(data: memoryview, handle: Handle) -> bytes:
    """What a block holds, of which no bit was changed."""
    offset, size = handle
    end = offset + size
    if end + _TRAILER > len(data) - _FOOTER:
        raise Damage(
            "a block reaches beyond the end",
            f"at most {len(data) - _FOOTER} bytes",
            f"{size} bytes from byte {offset} on",
        )
    kind = data[end]
    stored = int.from_bytes(data[end + 1 : end + _TRAILER], "little")
    require_crc(data[offset : end + 1], stored, f"the block at {offset}")
    if kind not in (_PLAIN, _SNAPPY):
        raise Damage("a block is compressed in no way that is known", found=f"{kind}")
    contents = bytes(data[offset:end])
    return decompress(contents) if kind == _SNAPPY else contents


def table(items: Iterable[Item]) -> bytes:
    """A table of the entries, whose keys are in order, as TensorFlow would write it."""
    data, index = bytearray(), BlockWriter(interval=1)
    block, last, handle = BlockWriter(_INTERVAL), b"", None
    for key, value in items:
        if len(key) + len(value) >= 2 * _BLOCK_SIZE and block.filled:
            handle, block = _append(data, block), BlockWriter(_INTERVAL)
        if handle:
            index.add(_between(last, key), handle.encoded())
            handle = None
        block.add(key, value)
        last = key
        if block.size >= _BLOCK_SIZE:
            handle, block = _append(data, block), BlockWriter(_INTERVAL)
    if block.filled:
        handle = _append(data, block)
    about = _append(data, BlockWriter(_INTERVAL))
    if handle:
        index.add(_after(last), handle.encoded())
    handles = about.encoded() + _append(data, index).encoded()
    return bytes(data) + handles.ljust(_FOOTER - len(_MAGIC), b"\0") + _MAGIC


def _append(data: bytearray, block: BlockWriter) -> Handle:
    """Writes a block, its kind and its checksum."""
    contents = block.finish()
    handle = Handle(len(data), len(contents))
    contents += bytes([_PLAIN])
    data += contents + masked_crc(contents).to_bytes(4, "little")
    return handle


def _between(last: bytes, key: bytes) -> bytes:
    """A short key from `last` on and before `key`."""
    shared = shared_length(last, key)
    if shared < len(last) and last[shared] + 1 < key[shared]:
        return last[:shared] + bytes([last[shared] + 1])
    return last


def _after(last: bytes) -> bytes:
    """A short key that is not before `last`."""
    for i, byte in enumerate(last):
        if byte < 0xFF:
            return last[:i] + bytes([byte + 1])
    return last
