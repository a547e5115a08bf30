"""What is wrong with a bundle is said by file and tensor, and nothing wrong is read."""

import random

import numpy as np
import pytest

import scopejax as sj
from scopejax.checkpoints._tensorflow import Bundle
from scopejax.checkpoints._tensorflow.table import table
from scopejax.checkpoints._tensorflow.wire import put, varint

from ..helpers.bundles import (
    EXPECTED,
    HEADER,
    Files,
    block,
    bundle,
    digest,
    entry,
    files,
    header,
    message,
    table_of,
)

ONE = np.arange(6, dtype=np.float32)
GOOD = entry(ONE)


def read_all(prefix):
    """All arrays of a bundle."""
    with Bundle(prefix) as read:
        return {name: read.read(name) for name in read.tensors}


def index_of(*pairs, head=HEADER):
    """A bundle of one tensor's data whose index has these entries."""
    return Files(table([(b"", head), *pairs]), (ONE.tobytes(),))


def one(**changes):
    """A bundle of one tensor, of which the index says something else."""
    return bundle({b"v": GOOD._replace(**changes)}, ONE.tobytes())


SECOND = message(GOOD)
# The case -> the files, and what the error says.
DAMAGES = {
    # the header
    "other byte order": (index_of(head=header(order=1)), "other byte order"),
    "newer": (index_of(head=header(version=b"\x08\x02\x10\x02")), "newer readers"),
    "excluded": (index_of(head=header(version=b"\x1a\x01\x01")), "newer readers"),
    "no shards": (index_of(head=header(shards=0)), "no data files"),
    "minus one shard": (index_of(head=header(shards=2**64 - 1)), "no data files"),
    "too many shards": (index_of(head=header(shards=2**40)), "num_shards is too great"),
    "no header": (Files(table([(b"v", message(GOOD))]), ()), "no header"),
    "nothing": (Files(table([]), ()), "no header|one restart"),
    "format V1": (index_of(head=b"\x0a\x02\x08\x01"), "old format V1"),
    # the entry
    "no shard": (one(shard=1), "v: it lies in a data file that there is not"),
    "negative shard": (one(shard=-1), "its shard is negative"),
    "negative offset": (one(offset=-4), "its offset is negative"),
    "negative size": (one(size=-24), "its size is negative"),
    "beyond the file": (one(offset=1), "data-00000-of-00001, tensor v.*too short"),
    "far beyond": (one(offset=2**63 - 25), "too short"),
    "short": (one(size=20), r"shape \(6,\) and dtype float32 do not fit its size"),
    "other shape": (one(shape=(7,)), r"shape \(7,\)"),
    "other dtype": (one(dtype=2), "dtype float64 do not fit"),
    "negative size of axis": (one(shape=(-2, -3)), r"negative size"),
    "endless": (one(shape=(2**62, 2**62)), "no array can have its shape"),
    "endless nothing": (one(shape=(2**62, 2**62, 0), size=0), "no array can have"),
    "too many axes": (one(shape=(1,) * 255), "too many axes"),
    "other checksum": (one(crc=1), "data-00000-of-00001, tensor v: the checksum"),
    "no dtype": (one(dtype=0), r"v: there are no arrays of its dtype, unknown\(0\)"),
    "dtype too great": (one(dtype=2**31), "dtype is too great"),
    "rank unknown": (index_of((b"v", put(2, put(3, 1)))), "rank is not known"),
    "field twice": (index_of((b"v", put(1, 1) + put(1, 1))), "dtype comes twice"),
    "other wire type": (index_of((b"v", put(2, 3))), "shape is of another kind"),
    "group": (index_of((b"v", b"\x0b\x0c")), "field of no kind"),
    "field zero": (index_of((b"v", b"\x00\x00")), "field of no kind"),
    "cut short": (index_of((b"v", message(GOOD)[:-1])), "v: a record is cut short"),
    "endless number": (
        index_of((b"v", b"\x08" + b"\xff" * 10)),
        "longer than 10 bytes",
    ),
    "number too great": (
        index_of((b"v", b"\x08" + b"\xff" * 9 + b"\x7f")),
        "too great",
    ),
    # several entries
    "overlap": (
        bundle({b"a": GOOD, b"b": GOOD._replace(offset=4)}, bytes(99)),
        "tensor b: it lies over another tensor",
    ),
    "no UTF-8": (
        index_of((b"\xff", message(GOOD))),
        r"tensor \\xff: its name is no UTF-8",
    ),
    "stray slice": (index_of((b"\0v\0\1", message(GOOD))), "a slice of v: no variable"),
    "twice": (
        Files(table_of([(b"z", block([(b"", HEADER), *[(b"v", SECOND)] * 2]))]), ()),
        "keys are not in order",
    ),
    "unsorted": (
        Files(
            table_of([(b"z", block([(b"", HEADER), (b"w", SECOND), (b"v", SECOND)]))]),
            (),
        ),
        "keys are not in order",
    ),
    "unsorted blocks": (
        Files(
            table_of([(b"v", block([(b"", HEADER)])), (b"w", block([(b"u", SECOND)]))]),
            (),
        ),
        "keys are not in order",
    ),
    "beyond its block": (
        Files(table_of([(b"u", block([(b"", HEADER), (b"v", SECOND)]))]), ()),
        "keys are not in order",
    ),
}


@pytest.mark.smoke
@pytest.mark.parametrize(("damaged", "message"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_named(tmp_path, damaged, message):
    """Each kind of damage is an error that says what it is and in which file."""
    prefix = damaged.save(tmp_path / "model.ckpt")
    with pytest.raises(sj.CheckpointError, match=message) as info:
        read_all(prefix)
    assert str(prefix) in info.value.headline
    assert info.value.remedy
    assert "test_bundle_damage.py" in info.value.where


def handle(offset, size):
    """Where a block is said to lie."""
    return varint(offset) + varint(size)


LAST = block([(b"", HEADER), (b"v", SECOND)])
BLOCKS = {
    "kind": (LAST + b"\x07", "compressed in no way"),
    "no restarts": (LAST[:-4] + bytes(4), "block's end"),
    "too many restarts": (LAST[:-4] + b"\xff\xff\xff\x7f", "block's end"),
    "empty": (b"", "block's end"),
    "shares too much": (b"\x01\x00\x00" + LAST[-8:], "shares more"),
    "key too long": (b"\x00\x7f\x00" + LAST[-8:], "cut short"),
    "value too long": (b"\x00\x00\x7f" + LAST[-8:], "cut short"),
}


@pytest.mark.parametrize(("contents", "message"), BLOCKS.values(), ids=BLOCKS)
def test_damaged_blocks_are_named(tmp_path, contents, message):
    """A block that makes no sense is an error even where its checksum fits."""
    whole = table_of([(b"z", contents)])
    if message == "compressed in no way":
        whole = whole_of_kind(contents)
    with pytest.raises(sj.CheckpointError, match=message):
        read_all(Files(whole, ()).save(tmp_path / "x"))


def whole_of_kind(contents):
    """A table whose block is of the kind that its last byte says."""
    from scopejax.checkpoints._tensorflow.crc import masked_crc

    from ..helpers.bundles import MAGIC, append

    data = bytearray(contents + masked_crc(contents).to_bytes(4, "little"))
    about = append(data, block([]))
    index = append(data, block([(b"z", handle(0, len(contents) - 1))], 1))
    return bytes(data) + (about + index).ljust(40, b"\0") + MAGIC


# Files of other kinds, and files that are not whole.


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"junk",
        bytes(1000),
        b"\x10" + bytes(7) + b'{"a":{"x":[0]}}  ',
        random.Random(0).randbytes(5000),
        files("training/model.ckpt-4").shards[0],
        b"\x57\xfb\x80\x8b\x24\x75\x47\xdb",
        bytes(40) + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb",
    ],
)
def test_a_file_of_another_kind(tmp_path, content):
    """A file that is no index is an error that says so."""
    prefix = Files(content, ()).save(tmp_path / "x")
    with pytest.raises(sj.CheckpointError, match=r"x\.index: "):
        read_all(prefix)


def test_an_index_cut_short(tmp_path):
    """An index without its end is refused, wherever it was cut."""
    whole = files("training/model.ckpt-4")
    for size in range(len(whole.index)):
        prefix = whole._replace(index=whole.index[:size]).save(tmp_path / "x")
        with pytest.raises(sj.CheckpointError, match=r"x\.index: "):
            Bundle(prefix)


def test_a_data_file_cut_short(tmp_path):
    """Of a data file without its end, what is there is read, and the rest refused."""
    whole, expected = files("training/model.ckpt-4"), EXPECTED["training/model.ckpt-4"]
    for size in range(0, len(whole.shards[0]), 7):
        prefix = whole._replace(shards=(whole.shards[0][:size],)).save(tmp_path / "x")
        with Bundle(prefix) as read:
            for name, (_, _, pieces) in read._stored.items():
                ((_, described),) = pieces
                if described.offset + described.size <= size:
                    assert digest(read.read(name)) == expected[name]["sha256"]
                else:
                    with pytest.raises(sj.CheckpointError, match="too short") as info:
                        read.read(name)
                    assert info.value.name == name


def test_a_missing_data_file(tmp_path):
    """Without one of its data files, the tensors of the others are read."""
    prefix = files("sharded/model.ckpt").save(tmp_path / "x")
    (tmp_path / "x.data-00001-of-00003").unlink()
    missing = []
    with Bundle(prefix) as read:
        for name in read.tensors:
            try:
                array = read.read(name)
            except sj.CheckpointError as error:
                missing.append(name)
                text = str(error)  # of each the same
                continue
            assert digest(array) == EXPECTED["sharded/model.ckpt"][name]["sha256"]
    assert "rows" in missing
    assert len(missing) < len(EXPECTED["sharded/model.ckpt"])
    assert "x.data-00001-of-00003" in text
    assert "the file is missing" in text


@pytest.mark.parametrize("name", ["tiles/model.ckpt", "training/model.ckpt-4"])
def test_no_changed_bit_is_read(tmp_path, name):
    """Whichever byte of whichever file is changed, no array is another one."""
    rng, whole = random.Random(0), files(name)
    expected = {key: value["sha256"] for key, value in EXPECTED[name].items()}
    for i in range(len(whole.index)):
        changed = bytearray(whole.index)
        changed[i] ^= 1 << rng.randrange(8)
        require_same(whole._replace(index=bytes(changed)), tmp_path / "x", expected)
    for i in range(len(whole.shards[0])):
        changed = bytearray(whole.shards[0])
        changed[i] ^= 1 << rng.randrange(8)
        require_same(whole._replace(shards=(bytes(changed),)), tmp_path / "x", expected)


def require_same(changed, prefix, expected):
    """The files are refused, or each of their arrays is as expected."""
    try:
        read = Bundle(changed.save(prefix))
    except sj.CheckpointError:
        return
    with read:
        assert set(read.tensors) == set(expected)
        for name, sha in expected.items():
            try:
                assert digest(read.read(name)) == sha
            except sj.CheckpointError:
                continue
