"""Checkpoints and the disk: what it is told in writing, and what is its own."""

import os

import jax
import numpy as np
import pytest

from scopejax import checkpoints
from scopejax._base import files

TREE = {"a": np.arange(64.0, dtype=np.float32), "b": np.ones(3, np.float32)}


@pytest.fixture
def advised(monkeypatch):
    """The pieces that are handed over, where 256 bytes are much."""
    if not hasattr(os, "posix_fadvise"):
        pytest.skip("this system takes no advice")
    pieces = []
    monkeypatch.setattr(files, "_MUCH", 256)
    monkeypatch.setattr(
        os,
        "posix_fadvise",
        lambda file, start, size, what: pieces.append((start, size)),
    )
    return pieces


@pytest.mark.smoke
def test_much_is_handed_over_at_once(path, advised):
    """The header and the first array; what is little waits for the end."""
    checkpoints.save(path, TREE)
    ((start, size),) = advised
    assert (start, size) == (0, path.stat().st_size - 12)


def test_pieces_follow_one_another(path, advised):
    """Each byte is handed over once."""
    checkpoints.save(path, {f"w{i}": TREE["a"] for i in range(9)})
    ends = [start + size for start, size in advised]
    assert [start for start, _ in advised] == [0, *ends[:-1]]
    assert ends[-1] == path.stat().st_size


def test_advice_may_be_refused(path, advised, monkeypatch):
    """A file system that takes none has the file as well."""

    def refuse(*_):
        raise OSError("no advice")

    monkeypatch.setattr(os, "posix_fadvise", refuse)
    checkpoints.save(path, TREE)
    np.testing.assert_array_equal(checkpoints.load(path)["a"], TREE["a"])


def test_a_system_without_advice_will_do(path, monkeypatch):
    """It syncs at the end alone."""
    monkeypatch.setattr(files, "_MUCH", 0)
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    checkpoints.save(path, TREE)
    np.testing.assert_array_equal(checkpoints.load(path)["a"], TREE["a"])


def on_device(device):
    """A target for one array."""
    sharding = jax.sharding.SingleDeviceSharding(device)
    return jax.ShapeDtypeStruct((64,), "float32", sharding=sharding)


@pytest.mark.parametrize("device", [None, 0, 3])
@pytest.mark.parametrize("length", range(1, 65, 8))
def test_arrays_share_no_memory_with_the_file(path, length, device):
    """Wherever they lie in it: JAX takes memory at some places as its own."""
    name = "n" * length
    checkpoints.save(path, {name: TREE["a"]})
    target = None if device is None else {name: on_device(jax.devices()[device])}
    loaded = checkpoints.load(path, target)[name]
    assert loaded.devices() == {jax.devices()[device or 0]}
    assert loaded.committed == (device is not None)
    with path.open("rb+") as file:
        file.write(b"\xff" * path.stat().st_size)
    np.testing.assert_array_equal(loaded, TREE["a"])
