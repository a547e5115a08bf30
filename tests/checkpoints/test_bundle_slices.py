"""Partitioned variables are put together, however they were cut."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj
from scopejax.checkpoints._tensorflow import Bundle, Tensor
from scopejax.checkpoints._tensorflow.messages import read_entry
from scopejax.checkpoints._tensorflow.ordered_code import (
    number,
    signed,
    slice_key,
    string,
)

from ..helpers.bundles import EXPECTED, FULL, bundle, files, items, message, partitioned


def cuts(shape):
    """Ways to cut an array: boxes, start and length by axis, never all of it."""

    @st.composite
    def draw_cuts(draw):
        boxes = [tuple((0, size) for size in shape)]
        for _ in range(draw(st.integers(1, 5))):
            box = boxes.pop(draw(st.integers(0, len(boxes) - 1)))
            axis = draw(st.sampled_from(range(len(shape))))
            start, size = box[axis]
            first = draw(st.integers(0, size))
            halves = (start, first), (start + first, size - first)
            boxes += [changed(box, axis, extent) for extent in halves if extent[1]]
        return [as_written(box, shape) for box in boxes]

    return draw_cuts()


def as_written(box, shape):
    """TensorFlow writes an axis that is not cut as `FULL`."""
    return tuple(
        FULL if extent == (0, size) else extent
        for extent, size in zip(box, shape, strict=True)
    )


def spelled_out(box, shape):
    """The same with the numbers."""
    return tuple(
        (0, size) if extent == FULL else extent
        for extent, size in zip(box, shape, strict=True)
    )


def changed(box, axis, extent):
    """A box with another extent along an axis."""
    return (*box[:axis], extent, *box[axis + 1 :])


SHAPES = st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple)
CUT = SHAPES.flatmap(lambda shape: st.tuples(st.just(shape), cuts(shape)))


def numbered(shape):
    """An array whose elements differ."""
    return np.arange(np.prod(shape), dtype=np.int16).reshape(shape)


@pytest.mark.smoke
@given(cut=CUT)
def test_any_cut_is_put_together(tmp_path_factory, cut):
    """However an array is cut along its axes, reading gives the whole."""
    shape, boxes = cut
    array, prefix = numbered(shape), tmp_path_factory.mktemp("cut") / "x"
    with Bundle(partitioned(array, boxes).save(prefix)) as read:
        assert list(read.tensors) == ["v"]
        assert read.tensors["v"] == Tensor("v", shape, "int16", array.nbytes)
        found = read.read("v")
    np.testing.assert_array_equal(found, array)
    assert not found.flags.writeable


@given(cut=CUT, data=st.data())
def test_no_other_cut_is(tmp_path_factory, cut, data):
    """With a slice left out, twice, moved or of another size there is no array."""
    shape, boxes = cut
    boxes = [spelled_out(box, shape) for box in boxes]
    i = data.draw(st.integers(0, len(boxes) - 1))
    axis = data.draw(st.integers(0, len(shape) - 1))
    start, size = boxes[i][axis]
    others = {
        "left out": [],
        "twice": [boxes[i], boxes[i]],
        "moved": [changed(boxes[i], axis, (start + 1, size))],
        "longer": [changed(boxes[i], axis, (start, size + 1))],
        "shorter": [changed(boxes[i], axis, (start, size - 1))] * (size > 1),
    }
    other = data.draw(st.sampled_from(sorted(others)))
    wrong = [*boxes[:i], *others[other], *boxes[i + 1 :]]
    if not wrong:  # no slices at all: it is a tensor that is not partitioned
        return
    larger = numbered([n + 1 for n in shape])
    whole = partitioned(larger, wrong)
    entries = read_entries(whole)
    entries[b"v"] = entries[b"v"]._replace(shape=shape)
    prefix = bundle(entries, whole.shards[0]).save(tmp_path_factory.mktemp("c") / "x")
    with pytest.raises(
        sj.CheckpointError, match=r"tensor v: (its slices overlap|a slice reaches)"
    ):
        Bundle(prefix)


def read_entries(whole):
    """Key -> entry of a bundle."""
    return {key: read_entry(value) for key, value in items(whole.index)[1:]}


PAIR = (((0, 1), FULL), ((1, 2), FULL))
MATRIX = numbered((3, 2))
FIRST = slice_key(b"v", PAIR[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({FIRST: {"shape": (2, 1)}}, "one of its slices is of another kind"),
        ({FIRST: {"dtype": 17}}, "one of its slices is of another kind"),
        ({FIRST: {"slices": PAIR}}, "one of its slices is of another kind"),
        ({FIRST: {"crc": 1}}, "tensor v: the checksum of its data"),
        ({b"v": {"dtype": 17}}, "one of its slices is of another kind"),
        ({b"v": {"shape": (3, 3)}}, "one of its slices is of another kind"),
        ({b"v": {"shape": (3,)}}, "a slice has another rank"),
        ({b"v": {"slices": ((FULL, FULL),)}}, "one of its slices is missing"),
        ({b"v": {"slices": (((-1, 4), FULL),)}}, "a slice has no such extent"),
        ({b"v": {"slices": (((0, 0), FULL),)}}, "a slice has no such extent"),
        ({b"v": {"slices": (((0, 2**63 - 1), FULL),)}}, "reaches beyond the whole"),
        ({b"v": {"slices": ()}}, "tensor v: its shape"),
    ],
)
def test_slices_that_do_not_fit(tmp_path, change, message):
    """What the index says of a variable and of its slices has to agree."""
    whole = partitioned(MATRIX, PAIR)
    entries = read_entries(whole)
    for key, fields in change.items():
        entries[key] = entries[key]._replace(**fields)
    prefix = bundle(entries, whole.shards[0]).save(tmp_path / "x")
    with pytest.raises(sj.CheckpointError, match=message):
        read_v(prefix)


def read_v(prefix):
    with Bundle(prefix) as read:
        return read.read("v")


def test_a_missing_slice(tmp_path):
    """A slice that is listed and has no entry is an error."""
    whole = partitioned(MATRIX, PAIR)
    entries = read_entries(whole)
    del entries[FIRST]
    prefix = bundle(entries, whole.shards[0]).save(tmp_path / "x")
    with pytest.raises(sj.CheckpointError, match="v: one of its slices is missing"):
        Bundle(prefix)


def test_too_many_axes_are_cut(tmp_path):
    """A cut along nine axes is refused, for checking it takes long."""
    array = np.arange(512, dtype=np.float32).reshape((2,) * 9)
    boxes = [tuple((i, 1) for i in at) for at in itertools.product((0, 1), repeat=9)]
    prefix = partitioned(array, boxes).save(tmp_path / "x")
    with pytest.raises(sj.CheckpointError, match="cut along too many axes"):
        Bundle(prefix)


# The keys of slices.

INTEGERS = st.integers(-(2**63), 2**63 - 1)


@given(ones=st.lists(INTEGERS, min_size=2, max_size=9))
def test_signed_numbers_are_in_order(ones):
    """The codes of numbers are sorted as the numbers are."""
    assert sorted(ones) == sorted(ones, key=signed)
    assert len({signed(one) for one in ones}) == len(set(ones))


@given(ones=st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=9))
def test_numbers_are_in_order(ones):
    """So are those of numbers from 0 on."""
    assert sorted(ones) == sorted(ones, key=number)


TEXTS = st.lists(st.sampled_from([b"\0", b"\1", b"\xfe", b"\xff", b"a"])).map(b"".join)


@given(ones=st.lists(TEXTS, min_size=2, max_size=9), ends=st.lists(TEXTS, max_size=1))
def test_texts_are_in_order_whatever_comes_after(ones, ends):
    """So are those of bytes, of which none begins another one."""
    after = string(ends[0]) if ends else b""
    assert sorted(ones) == sorted(ones, key=lambda one: string(one) + after)
    codes = {string(one) for one in ones}
    assert not any(a != b and a.startswith(b) for a in codes for b in codes)


def test_keys_are_those_of_tensorflow():
    """All keys of slices that TensorFlow wrote are made here as well."""
    for name in ("partitioned", "sharded", "tiles"):
        found = read_entries(files(f"{name}/model.ckpt"))
        made = {
            slice_key(key, cut)
            for key, described in found.items()
            for cut in described.slices
        }
        assert made == {key for key in found if key.startswith(b"\0")}
        assert made


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, "80"),
        (63, "bf"),
        (64, "c040"),
        (-1, "7f"),
        (-64, "40"),
        (-65, "3fbf"),
        (8191, "dfff"),
        (8192, "e02000"),
        (0x424242, "f0424242"),
        (-0x800, "3800"),
        (2**63 - 1, "ffc07fffffffffffffff"),
        (-(2**63), "003f8000000000000000"),
    ],
)
def test_codes_of_signed_numbers(value, code):
    """The codes are those that the format's description has, and its limits."""
    assert signed(value).hex() == code


def test_an_empty_array_may_be_cut(tmp_path):
    """A variable of no elements that is cut along another axis has none still."""
    array = np.zeros((4, 0), np.float32)
    boxes = [((0, 3), FULL), ((3, 1), FULL)]
    prefix = partitioned(array, boxes).save(tmp_path / "x")
    assert read_v(prefix).shape == (4, 0)


def test_one_slice_may_be_all(tmp_path):
    """A slice that says where it starts and ends, and is all, is the variable."""
    prefix = partitioned(MATRIX, [((0, 3), (0, 2))]).save(tmp_path / "x")
    np.testing.assert_array_equal(read_v(prefix), MATRIX)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_helper_writes_entries_as_tensorflow_does(name):
    """Entries, with slices and without, are put together to the same bytes."""
    for key, value in items(files(name).index)[1:]:
        assert message(read_entries(files(name))[key]) == value
