"""What the index of a bundle says of itself and of each tensor.

The messages BundleHeaderProto, VersionDef, BundleEntryProto, TensorShapeProto and
TensorSliceProto of
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/tensor_bundle.proto
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from .damage import Damage
from .wire import BYTES, FIXED32, VARINT, Cursor, Field, parse, put, put_fixed32

_VERSION = 1  # of the format that is read and written here
_MOST_AXES = 254  # that TensorFlow allows
_HEADER = {
    1: Field("num_shards", VARINT, 32),
    2: Field("endianness", VARINT, 32),
    3: Field("version", BYTES),
}
_VERSIONS = {
    1: Field("producer", VARINT, 32),
    2: Field("min_consumer", VARINT, 32),
    3: Field("bad_consumers", BYTES),
}
_ENTRY = {
    1: Field("dtype", VARINT, 32),
    2: Field("shape", BYTES),
    3: Field("shard", VARINT, 32),
    4: Field("offset", VARINT),
    5: Field("size", VARINT),
    6: Field("crc", FIXED32),
    7: Field("slices", BYTES, repeated=True),
}
_SHAPE = {
    2: Field("dims", BYTES, repeated=True),
    3: Field("unknown_rank", VARINT, 32),
}
_DIM = {1: Field("size", VARINT)}
_SLICE = {1: Field("extents", BYTES, repeated=True)}
_EXTENT = {1: Field("start", VARINT), 2: Field("length", VARINT)}

_ENDIANNESS = {"little": 0, "big": 1}
FULL = (0, -1)
"""The extent of a slice along an axis that is not cut, as TensorFlow has it."""

Shape = tuple[int, ...]
Slice = tuple[tuple[int, int], ...]
"""Start and length along each axis, or `FULL`."""


class Entry(NamedTuple):
    """What the index says of a tensor, or of a slice of one.

    Attributes:
      dtype: TensorFlow's number of it.
      shape: of the tensor or of the slice.
      shard, offset, size: where its bytes lie; without meaning where there are slices.
      crc: the masked checksum of the bytes.
      slices: which slices it was cut into; none for most.
    """

    dtype: int
    shape: Shape
    shard: int = 0
    offset: int = 0
    size: int = 0
    crc: int = 0
    slices: tuple[Slice, ...] = ()


def read_header(data: bytes) -> int:
    """How many shards there are; a bundle that this version cannot read is damage."""
    if data[:1] == put(1, b"")[:1]:
        raise Damage(
            "it is a checkpoint of TensorFlow's old format V1, in one file",
            "a bundle, of format V2",
            remedy="Where TensorFlow is installed, restore it and save it again with"
            " tf.compat.v1.train.Saver(), which writes V2.",
        )
    header = parse(data, _HEADER)
    _require_version(parse(header.get("version", b""), _VERSIONS))
    if header.get("endianness", 0) != _ENDIANNESS[sys.byteorder]:
        raise Damage(
            "it was written on a machine of the other byte order",
            f"{sys.byteorder}-endian numbers",
            remedy="Restore and save it with TensorFlow on a machine like this one.",
        )
    shards: int = header.get("num_shards", 0)
    if shards < 1:
        raise Damage("it has no data files", "one shard at least", f"{shards}")
    return shards


def _require_version(version: dict[str, Any]) -> None:
    wanted = version.get("min_consumer", 0)
    cursor, excluded = Cursor(version.get("bad_consumers", b"")), set()
    while cursor.left:
        excluded.add(cursor.varint())
    if wanted > _VERSION or _VERSION in excluded:
        raise Damage(
            "it was written for newer readers",
            f"one for version {_VERSION} of the format",
            f"one for version {wanted}, without {sorted(excluded)}",
            remedy="Load it with the TensorFlow that wrote it, and save it from there.",
        )


def header() -> bytes:
    """The header of a bundle of one shard."""
    order = _ENDIANNESS[sys.byteorder]
    return put(1, 1) + put(2, order) + put(3, put(1, _VERSION))


def read_entry(data: bytes) -> Entry:
    """The entry that was written as `data`; its numbers are in range."""
    found = parse(data, _ENTRY)
    slices = tuple(map(_read_slice, found.pop("slices", ())))
    shape = _read_shape(found.pop("shape", b""))
    entry = Entry(found.pop("dtype", 0), shape, slices=slices, **found)
    for name in ("shard", "offset", "size"):
        if getattr(entry, name) < 0:
            raise Damage(f"its {name} is negative", found=f"{getattr(entry, name)}")
    return entry


def _read_shape(data: bytes) -> Shape:
    found = parse(data, _SHAPE)
    if found.get("unknown_rank"):
        raise Damage("its rank is not known")
    axes = found.get("dims", ())
    if len(axes) > _MOST_AXES:
        raise Damage("it has too many axes", f"at most {_MOST_AXES}", f"{len(axes)}")
    dims = tuple(parse(axis, _DIM).get("size", 0) for axis in axes)
    if min(dims, default=0) < 0:
        raise Damage("its shape has a negative size", found=f"{dims}")
    return dims


def _read_slice(data: bytes) -> Slice:
    return tuple(map(_read_extent, parse(data, _SLICE).get("extents", ())))


def _read_extent(data: bytes) -> tuple[int, int]:
    found = parse(data, _EXTENT)
    extent = found.get("start", 0), found.get("length", -1)
    if extent != FULL and (extent[0] < 0 or extent[1] < 1):
        raise Damage(
            "a slice has no such extent", found="start {}, length {}".format(*extent)
        )
    return extent


def entry(described: Entry) -> bytes:
    """An entry without slices as it stands in the index."""
    dims = b"".join(put(2, put(1, size)) for size in described.shape)
    return b"".join(
        (
            put(1, described.dtype),
            put(2, dims),
            put(3, described.shard),
            put(4, described.offset),
            put(5, described.size),
            put_fixed32(6, described.crc),
        )
    )
