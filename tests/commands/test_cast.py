"""``python -m scopejax convert --cast``: to 64 bits, and what does not fit."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

import scopejax.__main__ as command
from scopejax import checkpoints

from .test_convert import BITS, NAMES, TREE, contents


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The same tree in each format."""
    found = tmp_path_factory.mktemp("folder")
    for name in NAMES.values():
        checkpoints.save(found / name.format("a"), TREE)
    return found


def cast(source, target, dtype):
    """Runs the command; its status."""
    return command.main(["convert", str(source), str(target), "--cast", dtype])


@pytest.mark.smoke
@pytest.mark.parametrize(("one", "two"), list(itertools.product(NAMES, NAMES)))
def test_floats_may_become_wide(folder, tmp_path, one, two):
    """No array of JAX's is made, so its mode does not matter, and no bit is lost."""
    target = tmp_path / NAMES[two].format("b")
    assert cast(folder / NAMES[one].format("a"), target, "float64") == 0
    found = contents(target)
    wide = BITS.view(np.float32).astype(np.float64)
    assert found["net/w"] == ("float64", (2, 2), wide.tobytes())
    assert found["half"][0] == found["net/h"][0] == "float64"
    assert found["bytes"][0] == "uint8"
    assert jnp.ones(1).dtype == "float32"


def test_integers_may_become_wide(folder, path):
    """Signed and unsigned ones."""
    assert cast(folder / "a", path, "int64") == 0
    found = contents(path)
    assert found["step"] == ("int64", (), np.int64(2**53 + 1).tobytes())
    assert found["bytes"] == ("int64", (5,), np.arange(5).tobytes())


def test_a_dtype_that_the_format_has_not_is_refused(folder, path, capsys):
    """With the option that would help."""
    assert cast(folder / "a", path, "complex128") == 2
    error = capsys.readouterr().err
    assert "net/z cannot be saved: safetensors has no such dtype complex128" in error
    assert "Cast it with --cast, or write --to orbax." in error


def test_numbers_that_would_be_infinite_are_refused(folder, path, capsys):
    """float8 ends at 448; NaN and infinity themselves would pass."""
    assert cast(folder / "a", path, "float8_e4m3fn") == 2
    error = capsys.readouterr().err
    assert "half has numbers that do not fit into float8_e4m3fn" in error
    assert "found     1 of 2, such as 65504.0" in error
    assert not path.exists()
