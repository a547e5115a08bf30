"""The index of a bundle: what it holds under which names, checked for sense."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from .damage import Damage, of_tensor
from .messages import Entry, Shape, read_entry, read_header
from .ordered_code import PREFIX, SEPARATOR, slice_key
from .slices import box, box_shape, require_tiling
from .table import read_table
from .types import name_of, numpy_dtype

_MOST_BYTES = (1 << 63) - 1


class Tensor(NamedTuple):
    """What the index says of one tensor.

    Attributes:
      name: as TensorFlow names it, ``"model/h0/attn/c_attn/w"``.
      shape: of the whole, where it is partitioned.
      dtype: TensorFlow's name of it, ``"float32"``; ``"unknown(99)"`` where this
        version knows none.
      nbytes: how many bytes it takes in the data files.
    """

    name: str
    shape: Shape
    dtype: str
    nbytes: int


class Piece(NamedTuple):
    """Bytes of a data file, and which part of a tensor they are."""

    where: tuple[slice, ...]
    entry: Entry


class Stored(NamedTuple):
    """A tensor and what it is made of.

    Attributes:
      tensor: what users see of it.
      dtype: TensorFlow's number of it.
      pieces: one for a tensor that is not partitioned.
    """

    tensor: Tensor
    dtype: int
    pieces: tuple[Piece, ...]


class Index(NamedTuple):
    """How many data files there are, and the tensors by name, in the file's order."""

    num_shards: int
    tensors: Mapping[str, Stored]


def read_index(data: memoryview) -> Index:
    """The index that an ``.index`` file holds; `Damage` where it makes no sense."""
    items = read_table(data)
    first = next(items, None)
    if first is None or first[0]:
        raise Damage("it has no header", "an entry without a key", f"{first}")
    num_shards = read_header(first[1])
    entries: dict[bytes, Entry] = {}
    for key, value in items:
        with of_tensor(_text(key)):
            entries[key] = _sound(read_entry(value), num_shards)
    _require_apart(entries)
    stored = [_stored(key, entries) for key in entries if not key.startswith(PREFIX)]
    _require_owned(entries)
    return Index(num_shards, {one.tensor.name: one for one in stored})


def _text(key: bytes) -> str:
    """What an error calls an entry."""
    if key.startswith(PREFIX):
        return f"a slice of {_text(key[1:].partition(SEPARATOR)[0])}"
    return key.decode(errors="backslashreplace")


def _name(key: bytes) -> str:
    try:
        return key.decode()
    except UnicodeDecodeError:
        raise Damage("its name is no UTF-8", name=_text(key)) from None


def _sound(entry: Entry, num_shards: int) -> Entry:
    """The entry, whose shape, size and shard fit one another."""
    if entry.shard >= num_shards:
        raise Damage(
            "it lies in a data file that there is not",
            f"at most number {num_shards - 1}",
            f"number {entry.shard}",
        )
    dtype = numpy_dtype(entry.dtype)
    if dtype is None:
        return entry
    if math.prod(size or 1 for size in entry.shape) * dtype.itemsize > _MOST_BYTES:
        raise Damage("no array can have its shape", found=f"{entry.shape}")
    size = math.prod(entry.shape) * dtype.itemsize
    if entry.size != size and not entry.slices:
        raise Damage(
            f"its shape {entry.shape} and dtype {dtype} do not fit its size",
            f"{size} bytes",
            f"{entry.size} bytes",
        )
    return entry


def _require_apart(entries: Mapping[bytes, Entry]) -> None:
    """No two tensors share bytes, so that no file stands for more than it holds."""
    end = (0, 0)
    filled = ((k, e) for k, e in entries.items() if e.size and not e.slices)
    for key, entry in sorted(filled, key=lambda pair: (pair[1].shard, pair[1].offset)):
        if (entry.shard, entry.offset) < end:
            raise Damage(
                "it lies over another tensor",
                f"bytes from {end[1]} on",
                f"bytes from {entry.offset} on",
                name=_text(key),
            )
        end = (entry.shard, entry.offset + entry.size)


def _stored(key: bytes, entries: Mapping[bytes, Entry]) -> Stored:
    entry, name = entries[key], _name(key)
    with of_tensor(name):
        pieces = _pieces(key, entries) if entry.slices else (_whole(entry),)
    nbytes = sum(piece.entry.size for piece in pieces)
    tensor = Tensor(name, entry.shape, name_of(entry.dtype), nbytes)
    return Stored(tensor, entry.dtype, pieces)


def _whole(entry: Entry) -> Piece:
    return Piece(tuple(slice(0, size) for size in entry.shape), entry)


def _pieces(key: bytes, entries: Mapping[bytes, Entry]) -> tuple[Piece, ...]:
    """The slices of a partitioned variable, which make up the whole."""
    whole = entries[key]
    boxes = [box(extents, whole.shape) for extents in whole.slices]
    require_tiling(boxes, whole.shape)
    keys = [slice_key(key, extents) for extents in whole.slices]
    pieces = (
        _piece(where, entries.get(k), whole)
        for where, k in zip(boxes, keys, strict=True)
    )
    return tuple(pieces)


def _piece(where: tuple[slice, ...], entry: Entry | None, whole: Entry) -> Piece:
    if entry is None:
        raise Damage("one of its slices is missing", f"{where}")
    expected = (whole.dtype, box_shape(where), ())
    found = (entry.dtype, entry.shape, entry.slices)
    if expected != found:
        raise Damage("one of its slices is of another kind", f"{expected}", f"{found}")
    return Piece(where, entry)


def _require_owned(entries: Mapping[bytes, Entry]) -> None:
    """Each slice is one of some variable."""
    names = [key for key in entries if not key.startswith(PREFIX)]
    owned = {slice_key(key, part) for key in names for part in entries[key].slices}
    for key in entries:
        if key.startswith(PREFIX) and key not in owned:
            raise Damage("no variable has this slice", name=_text(key))
