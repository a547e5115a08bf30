"""Small files that claim to be large take neither memory nor time."""

import tracemalloc

import numpy as np
import pytest

import scopejax as sj
from scopejax.checkpoints._tensorflow import Bundle
from scopejax.checkpoints._tensorflow.crc import masked_crc
from scopejax.checkpoints._tensorflow.ordered_code import slice_key
from scopejax.checkpoints._tensorflow.table import table
from scopejax.checkpoints._tensorflow.wire import put, varint

from ..helpers.bundles import (
    HEADER,
    MAGIC,
    Files,
    append,
    block,
    bundle,
    entry,
    message,
    slice_message,
    table_of,
)

ONE = np.arange(6, dtype=np.float32)
MIB = 1 << 20


def peak_of(prefix, message):
    """The memory that it takes to refuse a bundle; `prefix` was read before."""
    refuse(prefix, message)  # the first time, modules are imported
    tracemalloc.start()
    refuse(prefix, message)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def refuse(prefix, message):
    with pytest.raises(sj.CheckpointError, match=message):
        read_all(prefix)


def read_all(prefix):
    with Bundle(prefix) as read:
        for name in read.tensors:
            read.read(name)


def shared_keys():
    """One long key, and many that share all of it: together 5 GB."""
    long, count = 100_000, 50_000
    pairs = b"\0\0" + varint(len(HEADER)) + HEADER
    pairs += b"\0" + varint(long) + b"\0" + b"k" * long
    pairs += (varint(long) + b"\1\0" + b"k") + b"".join(
        varint(long + i) + b"\1\0" + b"k" for i in range(1, count)
    )
    return table_of([(b"z", pairs + bytes(4) + b"\1\0\0\0")])


def compressed_block(size, contents=b""):
    """A block that claims to hold `size` bytes."""
    data = bytearray(varint(size) + contents)
    handle = varint(0) + varint(len(data))
    data += b"\1"
    data += masked_crc(bytes(data)).to_bytes(4, "little")
    about = append(data, block([]))
    index = append(data, block([(b"z", handle)], 1))
    return bytes(data) + (about + index).ljust(40, b"\0") + MAGIC


def same_block():
    """An index that names one block of a megabyte ten thousand times."""
    data = bytearray()
    first = append(data, block([(b"", HEADER)]))
    handle = append(data, block([(b"v", put(15, bytes(MIB)))]))
    about = append(data, block([]))
    handles = [(b"", first)] + [(b"w%05d" % i, handle) for i in range(10_000)]
    index = append(data, block(handles, 1))
    return bytes(data) + (about + index).ljust(40, b"\0") + MAGIC


def same_slice():
    """A variable of a long name that lists one slice ten thousand times."""
    name, cut = b"n" * 100_000, ((0, 3),)
    whole = message(entry(ONE, size=0, crc=0)) + put(7, slice_message(cut)) * 10_000
    part = message(entry(ONE[:3]))
    pairs = [(b"", HEADER), (slice_key(name, cut), part), (name, whole)]
    return table(pairs)


def many_sizes():
    """A shape of a hundred thousand huge sizes, whose product has a million digits."""
    shape = put(2, put(1, 2**62)) * 100_000
    return table([(b"", HEADER), (b"v", put(1, 1) + put(2, shape))])


INDICES = {
    "keys that share": (shared_keys(), "far longer"),
    "compressed to nothing": (compressed_block(2**32 - 1), "more than it can"),
    "compressed too well": (compressed_block(100, b"\0"), "more than it can"),
    "compressed wrongly": (compressed_block(20, b"\0"), "cannot be read"),
    "one block many times": (same_block(), "blocks overlap"),
    "one slice many times": (same_slice(), "overlap or leave gaps"),
    "a long shape": (many_sizes(), "too many axes"),
}


@pytest.mark.smoke
@pytest.mark.parametrize(("index", "message"), INDICES.values(), ids=INDICES)
def test_a_bomb_is_refused(tmp_path, index, message):
    """An index that unfolds is refused with memory in proportion to its size."""
    prefix = Files(index, (ONE.tobytes(),)).save(tmp_path / "x")
    assert peak_of(prefix, message) < 100 * len(index) + MIB


def test_a_shape_is_no_reason_to_allocate(tmp_path):
    """A tensor of a terabyte without its data is refused first."""
    huge = entry(ONE, shape=(2**38,), size=2**40)
    prefix = bundle({b"v": huge}, ONE.tobytes()).save(tmp_path / "x")
    assert peak_of(prefix, "too short") < MIB


def test_slices_are_no_reason_to_allocate(tmp_path):
    """A partitioned variable of a terabyte is refused before it is put together."""
    half, cuts = 2**37, (((0, 2**37),), ((2**37, 2**37),))
    entries = {b"v": entry(ONE, shape=(2 * half,), size=0, slices=cuts)}
    for i, cut in enumerate(cuts):
        entries[slice_key(b"v", cut)] = entry(
            ONE, shape=(half,), size=4 * half, offset=4 * half * i
        )
    prefix = bundle(entries, ONE.tobytes()).save(tmp_path / "x")
    assert peak_of(prefix, "too short") < MIB


def test_slices_do_not_share_their_data(tmp_path):
    """Many slices that are all the same bytes are refused: they would multiply them."""
    cuts = tuple(((i, 1), (0, -1)) for i in range(100))
    row = np.zeros(1 << 12, np.float32)
    entries = {b"v": entry(row, shape=(100, row.size), size=0, slices=cuts)}
    for cut in cuts:
        entries[slice_key(b"v", cut)] = entry(row, shape=(1, row.size))
    prefix = bundle(entries, row.tobytes()).save(tmp_path / "x")
    assert peak_of(prefix, "a slice of v: it lies over another") < MIB
