"""Changes at random of the bundles that TensorFlow wrote.

Those of bytes alone are found by the checksums. Others mend the checksums, to come
further.
"""

import math

from scopejax.checkpoints._tensorflow.crc import masked_crc
from scopejax.checkpoints._tensorflow.messages import read_entry
from scopejax.checkpoints._tensorflow.table import table
from scopejax.checkpoints._tensorflow.types import numpy_dtype

from .bundles import MAGIC, Files, append, block, compressed, items, message, table_of

NUMBERS = [0, 1, 2, 3, 7, 127, 128, 255, 2**15, 2**31 - 1, 2**31, 2**32, 2**40, 2**62]
NUMBERS += [2**63 - 1, 2**63, 2**64 - 1, -1, -2, -(2**31), -(2**63)]

# Changes of bytes.


def flip(rng, data):
    """A few bits."""
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 8])):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwrite(rng, data):
    """A run of bytes becomes zeros, ones or noise."""
    start, size = span(rng, data)
    kind = rng.choice([b"\0", b"\xff", b"\x80", None])
    run = rng.randbytes(size) if kind is None else kind * size
    return data[:start] + run + data[start + size :]


def cut(rng, data):
    """The end is missing."""
    return data[: rng.randrange(len(data) + 1)]


def remove(rng, data):
    """A run of bytes is missing."""
    start, size = span(rng, data)
    return data[:start] + data[start + size :]


def insert(rng, data):
    """There are bytes that do not belong there."""
    start, size = span(rng, data)
    return data[:start] + rng.randbytes(size) + data[start:]


def splice(rng, data):
    """A run of bytes is another one of the same."""
    start, size = span(rng, data)
    other = rng.randrange(len(data) + 1)
    return data[:start] + data[other : other + size] + data[start + size :]


def span(rng, data):
    """Where a run starts, and how long it is."""
    start = rng.randrange(len(data) + 1)
    return start, min(len(data) - start, rng.choice([1, 1, 2, 4, 8, 30, 200]))


CHANGES = (flip, flip, overwrite, cut, remove, insert, splice)


def changed(rng, data):
    """One change, or a few."""
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        data = rng.choice(CHANGES)(rng, data)
    return data


# Changes of bundles whose checksums are not mended.


def raw_index(rng, original):
    """The bytes of the index."""
    return original._replace(index=changed(rng, original.index))


def raw_compressed(rng, original):
    """The bytes of an index in compressed blocks."""
    return original._replace(index=changed(rng, compressed(original.index)))


def raw_data(rng, original):
    """The bytes of one data file."""
    shards = list(original.shards)
    i = rng.randrange(len(shards))
    shards[i] = changed(rng, shards[i])
    return original._replace(shards=tuple(shards))


# Changes whose checksums are mended.


def mended_block(rng, original):
    """The contents of the block that holds all, with the checksum they have then."""
    pairs = items(original.index)
    contents = changed(rng, block(pairs))
    limit = pairs[-1][0] + b"\xff"
    return original._replace(index=table_of([(limit, contents)], rng.random() < 0.3))


def mended_index(rng, original):
    """The block that says where the others are, and sometimes the footer."""
    pairs, data = items(original.index), bytearray()
    handle = append(data, block(pairs))
    about = append(data, block([]))
    index = append(data, changed(rng, block([(pairs[-1][0], handle)], 1)))
    footer = (about + index).ljust(40, b"\0")
    if rng.random() < 0.3:
        footer = changed(rng, footer)[:40].ljust(40, b"\0")
    return original._replace(index=bytes(data) + footer + MAGIC)


def mended_values(rng, original):
    """What the index says of some tensors, byte by byte."""
    pairs = items(original.index)
    for _ in range(rng.choice([1, 1, 2, 5])):
        i = rng.randrange(len(pairs))
        pairs[i] = (pairs[i][0], changed(rng, pairs[i][1]))
    return original._replace(index=table(pairs))


def mended_keys(rng, original):
    """The names: changed, doubled, left out, in another order, exchanged."""
    pairs = items(original.index)
    i, j = (rng.randrange(len(pairs)) for _ in range(2))
    kind = rng.randrange(5)
    if kind == 0:
        pairs[i] = (changed(rng, pairs[i][0]), pairs[i][1])
    elif kind == 1:
        pairs.insert(i, pairs[j])
    elif kind == 2:
        del pairs[i]
    elif kind == 3:
        pairs[i], pairs[j] = pairs[j], pairs[i]
    else:
        pairs[i], pairs[j] = (pairs[i][0], pairs[j][1]), (pairs[j][0], pairs[i][1])
    if rng.random() < 0.5:
        pairs.sort()
    return original._replace(index=table_of([(b"\xff" * 9, block(pairs))]))


def mended_fields(rng, original):
    """Single numbers of what the index says; the data's checksum often fits again."""
    pairs = items(original.index)
    for i in rng.sample(range(1, len(pairs)), rng.choice([1, 1, 2])):
        entry = other_field(rng, read_entry(pairs[i][1]))
        if rng.random() < 0.7:
            entry = with_checksum(entry, original.shards)
        pairs[i] = (pairs[i][0], message(entry))
    return original._replace(index=table(pairs))


def other_field(rng, entry):
    """An entry with one number changed."""
    near = rng.choice(NUMBERS) if rng.random() < 0.5 else None
    field = rng.choice(("dtype", "shape", "shape", "shard", "offset", "size", "slices"))
    if field == "slices":
        return entry._replace(slices=other_slices(rng, entry.slices, near))
    if field == "shape":
        shape = [*entry.shape, 1]
        i = rng.randrange(len(shape))
        shape[i] = rng.choice(NUMBERS) if near is None else shape[i] + near
        return entry._replace(shape=tuple(shape[: rng.choice([-1, len(shape)])]))
    value = rng.randrange(40) if near is None else near
    return entry._replace(**{field: value})


def other_slices(rng, slices, near):
    """The slices with a number changed, one left out, or one twice."""
    if not slices:
        return (((0, 1), (0, -1)),)
    slices = [list(map(list, one)) for one in slices]
    i = rng.randrange(len(slices))
    kind = rng.randrange(4)
    if kind == 0:
        del slices[i]
    elif kind == 1:
        slices.append(slices[i])
    elif slices[i]:
        part = rng.choice(slices[i])
        part[rng.randrange(2)] = abs(near or rng.randrange(5))
    return tuple(tuple(map(tuple, one)) for one in slices)


def with_checksum(entry, shards):
    """The entry with the checksum of the bytes that it names now."""
    data = shards[entry.shard] if 0 <= entry.shard < len(shards) else b""
    dtype = numpy_dtype(entry.dtype)
    size = entry.size
    if dtype is not None and min(entry.shape, default=0) >= 0:
        size = math.prod(entry.shape) * dtype.itemsize
    if not 0 <= size < 2**63:
        return entry
    found = data[max(0, entry.offset) :][: min(size, len(data))]
    return entry._replace(size=size, crc=masked_crc(found))


def mended_data(rng, original):
    """The data, with the checksums that its tensors have then."""
    shards = raw_data(rng, original).shards
    pairs = items(original.index)
    for i, (key, value) in enumerate(pairs[1:], 1):
        entry = read_entry(value)
        if not entry.slices:
            data = shards[entry.shard][entry.offset : entry.offset + entry.size]
            pairs[i] = (key, message(entry._replace(crc=masked_crc(data))))
    return Files(table(pairs), shards)


RAW = (raw_index, raw_index, raw_compressed, raw_data, raw_data)
MENDED = (
    mended_block,
    mended_block,
    mended_index,
    mended_values,
    mended_values,
    mended_keys,
    mended_fields,
    mended_fields,
    mended_data,
)
