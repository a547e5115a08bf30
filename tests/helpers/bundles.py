"""Bundles for tests: those that TensorFlow wrote, and any that can be put together."""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import cramjam
import numpy as np

from scopejax.checkpoints._tensorflow import messages
from scopejax.checkpoints._tensorflow.block import BlockWriter
from scopejax.checkpoints._tensorflow.crc import masked_crc
from scopejax.checkpoints._tensorflow.ordered_code import slice_key
from scopejax.checkpoints._tensorflow.table import read_table, table
from scopejax.checkpoints._tensorflow.types import number_of
from scopejax.checkpoints._tensorflow.wire import put, varint

DATA = Path(__file__).parents[1] / "data"
EXPECTED = json.loads((DATA / "expected.json").read_text())
"""Prefix -> name -> dtype, shape and hash, as TensorFlow reads them."""

MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
FULL = (0, -1)


def digest(array):
    """The SHA-256 of an array's bytes."""
    return hashlib.sha256(array.tobytes()).hexdigest()


class Files(NamedTuple):
    """The files of one bundle: the index and the data files, in order."""

    index: bytes
    shards: tuple[bytes, ...]

    @property
    def size(self):
        """How many bytes they have together."""
        return len(self.index) + sum(map(len, self.shards))

    def save(self, prefix):
        """Writes them, and returns the prefix."""
        prefix = Path(prefix)
        Path(f"{prefix}.index").write_bytes(self.index)
        count = len(self.shards)
        for i, data in enumerate(self.shards):
            Path(f"{prefix}.data-{i:05d}-of-{count:05d}").write_bytes(data)
        return prefix


def files(name):
    """A bundle that TensorFlow wrote, by its prefix in `EXPECTED`."""
    prefix = DATA / name
    shards = sorted(prefix.parent.glob(f"{prefix.name}.data-*"))
    return Files(
        Path(f"{prefix}.index").read_bytes(), tuple(s.read_bytes() for s in shards)
    )


def items(index):
    """Key and value of each entry of an index."""
    return list(read_table(memoryview(index)))


# Tables of any kind.


def block(pairs, interval=16):
    """The contents of a block."""
    writer = BlockWriter(interval)
    for key, value in pairs:
        writer.add(key, value)
    return writer.finish()


def table_of(blocks, compress=False):
    """A table of `(limit, contents)` of blocks; `compress`: by Snappy."""
    data, handles = bytearray(), []
    for limit, contents in blocks:
        handles.append((limit, append(data, contents, compress)))
    about = append(data, block([]), compress)
    index = append(data, block(handles, 1), compress)
    return bytes(data) + (about + index).ljust(40, b"\0") + MAGIC


def append(data, contents, compress=False):
    """Adds a block, its kind and its checksum; returns its encoded handle."""
    if compress:
        contents = bytes(cramjam.snappy.compress_raw(contents))
    handle = varint(len(data)) + varint(len(contents))
    contents += bytes([compress])
    data += contents + masked_crc(contents).to_bytes(4, "little")
    return handle


def compressed(index, per_block=5):
    """The same table in small blocks that Snappy has compressed."""
    pairs = items(index)
    groups = [pairs[i : i + per_block] for i in range(0, len(pairs), per_block)]
    return table_of([(group[-1][0], block(group)) for group in groups], compress=True)


# Bundles of any kind.

HEADER = messages.header()


def header(shards=1, order=0, version=b"\x08\x01"):
    """The value of the header."""
    return put(1, shards) + put(2, order) + put(3, version)


def entry(array, offset=0, shard=0, **changes):
    """What an index says of an array; `changes` of single fields."""
    described = messages.Entry(
        number_of(array.dtype),
        array.shape,
        shard,
        offset,
        array.nbytes,
        masked_crc(array.tobytes()),
    )
    return described._replace(**changes)


def message(described):
    """An entry as it stands in the index, with slices too."""
    slices = b"".join(put(7, slice_message(one)) for one in described.slices)
    signed = described._replace(
        **{
            field: getattr(described, field) % 2**64
            for field in ("dtype", "shard", "offset", "size")
        },
        shape=[size % 2**64 for size in described.shape],
    )
    return messages.entry(signed) + slices


def slice_message(extents):
    """A TensorSliceProto; a length that is 0 is written, unlike other numbers."""
    return b"".join(
        put(1, b"" if extent == FULL else put(1, extent[0] % 2**64) + length(extent[1]))
        for extent in extents
    )


def length(value):
    """The field of an extent's length."""
    return b"\x10" + varint(value % 2**64)


def bundle(entries, data, head=HEADER):
    """The files of a bundle of one shard: key -> entry, and the bytes."""
    pairs = sorted((key, message(one)) for key, one in entries.items())
    return Files(table([(b"", head), *pairs]), (data,))


def partitioned(array, boxes, name=b"v"):
    """The files of one variable that was cut into boxes, start and length by axis."""
    entries, data = {name: entry(array, slices=tuple(boxes), size=0, crc=0)}, b""
    for extents in boxes:
        part = np.ascontiguousarray(
            array[tuple(slice(i, None if n < 0 else i + n) for i, n in extents)]
        )
        entries[slice_key(name, extents)] = entry(part, offset=len(data))
        data += part.tobytes()
    return bundle(entries, data)
