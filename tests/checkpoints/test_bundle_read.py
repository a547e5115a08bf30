"""Bundles that TensorFlow wrote are read as TensorFlow reads them."""

import sys

import ml_dtypes
import numpy as np
import pytest

import scopejax as sj
from scopejax.checkpoints._tensorflow import Bundle, Tensor

from ..helpers.bundles import DATA, EXPECTED, bundle, compressed, digest, entry, files

ALL = pytest.mark.parametrize("name", EXPECTED)
NO_ARRAYS = DATA / "no_arrays" / "model.ckpt"


@pytest.mark.smoke
@ALL
def test_every_tensor_is_listed(name):
    """Names, shapes and dtypes are those that TensorFlow reads, sorted by name."""
    with Bundle(DATA / name) as read:
        found = {
            tensor.name: {"dtype": tensor.dtype, "shape": list(tensor.shape)}
            for tensor in read.tensors.values()
        }
    expected = {
        tensor: {field: value[field] for field in ("dtype", "shape")}
        for tensor, value in EXPECTED[name].items()
    }
    assert found == expected
    assert list(found) == sorted(expected, key=str.encode)


@ALL
def test_every_value_is_read(name):
    """Shape, dtype and bytes of each array are those that TensorFlow reads."""
    with Bundle(DATA / name) as read:
        for tensor, expected in EXPECTED[name].items():
            if "sha256" in expected:
                array = read.read(tensor)
                assert list(array.shape) == expected["shape"]
                assert array.dtype.name == expected["dtype"]
                assert digest(array) == expected["sha256"]
                assert array.nbytes == read.tensors[tensor].nbytes
                assert array.flags.aligned
                assert not array.flags.writeable


@ALL
def test_compressed_blocks_are_read(tmp_path, name):
    """An index in several blocks that Snappy compressed says the same."""
    whole = files(name)
    prefix = whole._replace(index=compressed(whole.index)).save(tmp_path / "x")
    with Bundle(prefix) as read, Bundle(DATA / name) as original:
        assert read.tensors == original.tensors
        for tensor, expected in EXPECTED[name].items():
            if "sha256" in expected:
                assert digest(read.read(tensor)) == expected["sha256"]


def test_an_array_is_a_view_of_the_file(tmp_path):
    """Where the numbers are aligned nothing is copied; elsewhere only they are."""
    one, two = np.arange(6, dtype=np.float32), np.arange(5, dtype=np.int16)
    odd = entry(one, offset=one.nbytes + two.nbytes)
    entries = {b"one": entry(one), b"two": entry(two, offset=one.nbytes), b"odd": odd}
    data = one.tobytes() + two.tobytes() + one.tobytes()
    with Bundle(bundle(entries, data).save(tmp_path / "x")) as read:
        arrays = {name: read.read(name) for name in read.tensors}
        again = {name: read.read(name) for name in read.tensors}
    np.testing.assert_array_equal(arrays["one"], one)
    np.testing.assert_array_equal(arrays["two"], two)
    np.testing.assert_array_equal(arrays["odd"], one)
    shared = [name for name in arrays if np.shares_memory(arrays[name], again[name])]
    assert shared == ["one", "two"]


def test_arrays_outlive_the_bundle(tmp_path):
    """What was read stays when the bundle is closed and the file deleted."""
    values = np.arange(1000.0)
    prefix = bundle({b"v": entry(values)}, values.tobytes()).save(tmp_path / "x")
    with Bundle(prefix) as read:
        array = read.read("v")
    for file in tmp_path.iterdir():
        file.unlink()
    np.testing.assert_array_equal(array, values)


def test_nothing_is_read_from_a_closed_bundle():
    """Reading after `close` is an error; closing again is none."""
    read = Bundle(DATA / "training" / "model.ckpt-4")
    read.close()
    read.close()
    with pytest.raises(sj.ScopeUsageError, match=r"model.ckpt-4 is closed"):
        read.read("global_step")
    assert read.tensors["global_step"] == Tensor("global_step", (), "int64", 8)


def test_a_tensor_that_is_not_there():
    """A name that is not in the file is an error with the nearest that are."""
    with (
        Bundle(DATA / "training" / "model.ckpt-4") as read,
        pytest.raises(sj.VariableNotFoundError, match="no tensor model/h0/W") as info,
    ):
        read.read("model/h0/W")
    assert "model/h0/w" in info.value.nearest
    assert "test_bundle_read.py" in info.value.where


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("text", "string"), ("quantized", "qint8"), ("variant", "variant")],
)
def test_what_is_no_array_is_refused_by_name(name, dtype):
    """Text and the like are listed and not read; the rest of the file is."""
    with Bundle(NO_ARRAYS) as read:
        assert read.tensors[name].dtype == dtype
        with pytest.raises(sj.CheckpointError, match=f"{name}.*{dtype}") as info:
            read.read(name)
        assert "Leave it out" in info.value.remedy
        np.testing.assert_array_equal(read.read("plain"), [0, 1, 2])


def test_an_unknown_dtype_is_refused_by_number(tmp_path):
    """A dtype that came after this version is listed and not read."""
    one = np.arange(3.0)
    entries = {b"new": entry(one, dtype=99), b"old": entry(one, offset=one.nbytes)}
    with Bundle(bundle(entries, 2 * one.tobytes()).save(tmp_path / "x")) as read:
        assert read.tensors["new"] == Tensor("new", (3,), "unknown(99)", 24)
        with pytest.raises(sj.CheckpointError, match=r"new.*unknown\(99\)"):
            read.read("new")
        np.testing.assert_array_equal(read.read("old"), one)


def test_more_axes_than_numpy_has(tmp_path):
    """An array of 65 axes is refused by name, and 64 are read."""
    one = np.ones((1,), np.float32)
    entries = {
        b"many": entry(one, shape=(1,) * 64),
        b"too many": entry(one, shape=(1,) * 65, offset=4),
    }
    with Bundle(bundle(entries, 2 * one.tobytes()).save(tmp_path / "x")) as read:
        assert read.read("many").ndim == 64
        with pytest.raises(sj.CheckpointError, match="too many: no array has so many"):
            read.read("too many")


@pytest.mark.parametrize(
    ("dtype", "bad"),
    [
        (np.bool_, 2),
        (ml_dtypes.int4, 0x1F),
        (ml_dtypes.int4, 0x08),
        (ml_dtypes.uint4, 0x10),
        (ml_dtypes.int2, 0x03),
        (ml_dtypes.uint2, 0x04),
        (ml_dtypes.float4_e2m1fn, 0x10),
    ],
)
def test_bytes_that_are_no_value_are_refused(tmp_path, dtype, bad):
    """A byte that no value of a narrow dtype has is damage, checksum or not."""
    whole = np.zeros(3, dtype)
    changed = np.array([0, bad, 0], np.uint8)
    described = entry(changed)._replace(dtype=entry(whole).dtype)
    prefix = bundle({b"v": described}, changed.tobytes()).save(tmp_path / "x")
    with (
        Bundle(prefix) as read,
        pytest.raises(sj.CheckpointError, match="v: it has a byte that stands for no"),
    ):
        read.read("v")


def test_a_checkpoint_that_is_not_there(tmp_path):
    """Opening what does not exist is Python's own error."""
    with pytest.raises(FileNotFoundError, match=r"x\.index"):
        Bundle(tmp_path / "x")


@pytest.mark.parametrize("module", ["google_crc32c", "cramjam"])
def test_a_missing_extra_is_named(tmp_path, monkeypatch, module):
    """Without the libraries of the extra, the error says how to install them."""
    whole = files("training/model.ckpt-4")
    prefix = whole._replace(index=compressed(whole.index)).save(tmp_path / "x")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"scopejax\[tf1\]"):
        Bundle(prefix)
