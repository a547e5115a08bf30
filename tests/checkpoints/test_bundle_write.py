"""Bundles are written as TensorFlow writes them, and read back as they were."""

import hashlib
import json
import os
import tracemalloc

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import scopejax as sj
from scopejax.checkpoints._tensorflow import Bundle, find, write
from scopejax.checkpoints._tensorflow.types import NAMES, numpy_dtype

from ..helpers.bundles import DATA, EXPECTED, Files, files

DTYPES = [dtype for dtype in map(numpy_dtype, NAMES) if dtype is not None]


def arrays_of(prefix):
    """All arrays of a bundle."""
    with Bundle(prefix) as read:
        return {name: read.read(name) for name in read.tensors}


def written(prefix):
    """The files of a bundle."""
    shards = prefix.with_name(prefix.name + ".data-00000-of-00001").read_bytes()
    return Files(prefix.with_name(prefix.name + ".index").read_bytes(), (shards,))


@pytest.mark.smoke
@pytest.mark.parametrize("name", ["dtypes/model.ckpt", "training/model.ckpt-4"])
def test_the_bytes_are_those_of_tensorflow(tmp_path, name):
    """Writing what was read makes both files again, bit for bit."""
    write(tmp_path / "x", arrays_of(DATA / name))
    assert written(tmp_path / "x") == files(name)


def test_long_indices_are_those_of_tensorflow(tmp_path):
    """So does an index of several blocks, whose hashes TensorFlow's have."""
    arrays = {
        f"stack/{i // 100:03d}/layer_{i % 100}/scale": np.float32(i)
        for i in range(24_000)
    }
    write(tmp_path / "x", arrays)
    index, (data,) = written(tmp_path / "x")
    assert len(index) > 2 * (1 << 18)  # so it has three blocks
    hashes = [[len(b), hashlib.sha256(b).hexdigest()] for b in (index, data)]
    assert hashes == json.loads((DATA / "many.json").read_text())["files"]
    with Bundle(tmp_path / "x") as read:
        assert list(read.tensors) == sorted(arrays)
        assert all(read.read(name) == arrays[name] for name in list(arrays)[::1000])


@pytest.mark.parametrize("name", EXPECTED)
def test_what_was_read_can_be_written(tmp_path, name):
    """Reading, writing and reading again gives the same arrays, pieces merged."""
    with Bundle(DATA / name) as read:
        arrays = {
            tensor: read.read(tensor)
            for tensor, expected in EXPECTED[name].items()
            if "sha256" in expected
        }
    write(tmp_path / "x", arrays)
    again = arrays_of(tmp_path / "x")
    assert list(again) == sorted(arrays, key=str.encode)
    for tensor, array in arrays.items():
        assert again[tensor].dtype == array.dtype
        assert again[tensor].shape == array.shape
        assert again[tensor].tobytes() == array.tobytes()


def values(dtype):
    """Arrays of a dtype, of any bits that a value may have."""
    shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    if dtype.itemsize == 1:
        numbers = hnp.arrays(np.int8, shapes, elements=st.integers(-2, 1))
        return numbers.map(lambda array: np.abs(array).astype(dtype))
    size = dtype.itemsize
    raw = shapes.flatmap(lambda shape: hnp.arrays(np.uint8, (*shape, size)))
    return raw.map(lambda array: array.view(dtype)[..., 0])


NAMES_OF_TENSORS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: not name.startswith("\0")
)


@given(data=st.data())
def test_any_arrays_survive(tmp_path_factory, data):
    """Arrays of all dtypes, shapes, orders and names are read back bit for bit."""
    arrays = data.draw(
        st.dictionaries(
            NAMES_OF_TENSORS, st.sampled_from(DTYPES).flatmap(values), max_size=8
        )
    )
    turned = {name: array.T for name, array in arrays.items()}
    for kind in (arrays, turned):
        prefix = tmp_path_factory.mktemp("any") / "x"
        write(prefix, kind)
        again = arrays_of(prefix)
        assert list(again) == sorted(kind, key=str.encode)
        for name, array in kind.items():
            assert (again[name].dtype, again[name].shape) == (array.dtype, array.shape)
            assert again[name].tobytes() == array.tobytes()


def test_numbers_of_the_other_byte_order(tmp_path):
    """They are turned; the values stay."""
    write(tmp_path / "x", {"v": np.arange(5, dtype=">f4")})
    array = arrays_of(tmp_path / "x")["v"]
    assert array.dtype.isnative
    np.testing.assert_array_equal(array, np.arange(5))


def test_arrays_of_jax(tmp_path):
    """An array of JAX is written as its NumPy array."""
    write(tmp_path / "x", {"v": jnp.arange(5, dtype=jnp.bfloat16)})
    array = arrays_of(tmp_path / "x")["v"]
    assert array.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(array, np.arange(5).astype(ml_dtypes.bfloat16))


def test_nothing_is_copied_whole(tmp_path):
    """Neither writing nor reading takes memory for a second copy of an array."""
    array = np.arange(1 << 20, dtype=np.float64)
    write(tmp_path / "warm", {"v": array[:9]})
    arrays_of(tmp_path / "warm")
    tracemalloc.start()
    write(tmp_path / "x", {"v": array})
    found = arrays_of(tmp_path / "x")["v"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < array.nbytes / 4
    np.testing.assert_array_equal(found, array)


def test_arrays_are_asked_for_one_at_a_time(tmp_path):
    """A mapping that makes its arrays when asked is asked once for each, in order."""
    asked = []

    class Made(dict):
        def __getitem__(self, name):
            asked.append(name)
            return np.float32(len(asked))

    write(tmp_path / "x", Made.fromkeys(["b", "a", "c"]))
    assert asked == ["a", "b", "c"]
    assert arrays_of(tmp_path / "x") == {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a/w": np.array(["x"])}, "a/w cannot be written.*no dtype"),
        ({"a/w": np.array([None])}, "a/w cannot be written.*no dtype object"),
        ({"a/w": np.zeros(2, ml_dtypes.float8_e3m4)}, "no dtype float8_e3m4"),
        ({"a/w": np.zeros(2, "M8[s]")}, "no dtype datetime64"),
        ({"": np.zeros(2)}, "cannot be called ''"),
        ({"\0a": np.zeros(2)}, r"cannot be called '\\x00a'"),
        ({"\ud800": np.zeros(2)}, r"cannot be called '\\ud800'"),
        ({0: np.zeros(2)}, "cannot be called 0"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, arrays, message):
    """A bad name or dtype is an error that names it, and no file is left."""
    with pytest.raises(sj.InvalidArgumentError, match=message) as info:
        write(tmp_path / "x", {"good": np.zeros(9), **arrays})
    assert "test_bundle_write.py" in info.value.where
    assert os.listdir(tmp_path) == []


def test_an_existing_checkpoint_is_not_replaced(tmp_path):
    """A prefix that is taken is refused with a remedy, and stays as it was."""
    write(tmp_path / "x", {"v": np.zeros(3)})
    before = written(tmp_path / "x")
    with pytest.raises(sj.CheckpointError, match=r"x\.index exists") as info:
        write(tmp_path / "x", {"v": np.ones(3)})
    assert "another prefix" in info.value.remedy
    assert written(tmp_path / "x") == before
    assert sorted(os.listdir(tmp_path)) == ["x.data-00000-of-00001", "x.index"]


def test_one_that_appears_meanwhile_is_not_replaced(tmp_path):
    """A checkpoint that another process wrote in the same time stays whole."""

    class Slow(dict):
        def __getitem__(self, name):
            write(tmp_path / "x", {"theirs": np.zeros(3)})
            return np.ones(3)

    with pytest.raises(sj.CheckpointError, match=r"x\.index exists"):
        write(tmp_path / "x", Slow(ours=None))
    np.testing.assert_array_equal(arrays_of(tmp_path / "x")["theirs"], np.zeros(3))
    assert len(os.listdir(tmp_path)) == 2


def test_a_data_file_alone_is_replaced(tmp_path):
    """What is left of a write that was cut off is no checkpoint, and in no way."""
    (tmp_path / "x.data-00000-of-00001").write_bytes(b"left over")
    assert find(tmp_path / "x") is None
    write(tmp_path / "x", {"v": np.zeros(3)})
    np.testing.assert_array_equal(arrays_of(tmp_path / "x")["v"], np.zeros(3))


def test_a_folder_that_is_not_there(tmp_path):
    """Writing below a folder that does not exist is Python's own error."""
    with pytest.raises(FileNotFoundError, match="No such file"):
        write(tmp_path / "below" / "x", {"v": np.zeros(3)})
