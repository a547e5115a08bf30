"""Dtypes on their way into a model: cast where that loses nothing unseen."""

import re

import jax.numpy as jnp
import numpy as np
import pytest
from safetensors import numpy as tensors

import scopejax as sj
from scopejax import checkpoints

from ..helpers.refusals import refusal


def dtypes(tree):
    """The dtype of each variable, by full name."""
    return {name: str(leaf.dtype) for name, leaf in sj.to_flat(tree).items()}


NUMBERS = {"f": np.float32([1.5]), "i": np.int32([300]), "b": np.array([True])}
CAST = {
    "False": (False, {"f": "float32", "i": "int32", "b": "bool"}),
    "floats": ("bfloat16", {"f": "bfloat16", "i": "int32", "b": "bool"}),
    "integers": (jnp.int16, {"f": "float32", "i": "int16", "b": "bool"}),
    "table": ({"f": "float16"}, {"f": "float16", "i": "int32", "b": "bool"}),
    "the first wins": ({"i": "int16", re.compile("."): None}, {"i": "int16"}),
}


@pytest.mark.smoke
@pytest.mark.parametrize(("cast", "expected"), CAST.values(), ids=CAST)
def test_each_way_to_cast(path, cast, expected):
    """A dtype is for numbers of its kind, a table for those that it names."""
    checkpoints.save(path, NUMBERS)
    loaded = checkpoints.load(path, cast=cast)
    assert dtypes(loaded).items() >= expected.items()
    for name, numbers in NUMBERS.items():
        np.testing.assert_array_equal(np.asarray(loaded[name], numbers.dtype), numbers)


def test_casts_to_the_target(path):
    """True takes the target's dtypes, and what is of another kind still differs."""
    checkpoints.save(path, {"f": np.float32([1]), "i": np.int32([1])})
    want = {"f": jnp.ones(1, "bfloat16"), "i": jnp.ones(1, "int8")}
    assert dtypes(checkpoints.load(path, want, cast=True)) == dtypes(want)
    want = {"f": jnp.ones(1, "int32"), "i": jnp.ones(1, "float32")}
    with pytest.raises(sj.VariableMismatchError, match="in 2 places"):
        checkpoints.load(path, want, cast=True)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int4"])
@pytest.mark.parametrize("number", [300, -200])
def test_integers_that_do_not_fit_are_refused(path, number, dtype):
    """No integer is wrapped."""
    checkpoints.save(path, {"a": {"i": np.int32([1, number])}})
    error = refusal(
        sj.VariableMismatchError,
        lambda: checkpoints.load(path, cast=dtype),
        f"a/i has numbers that do not fit into {dtype}",
        name="a/i",
    )
    assert str(number) in error.found


FLOATS = {
    "float16": ("float32", 7e4),
    "bfloat16": ("float64", 1e300),
    "float8_e4m3fn": ("float16", 500),
    "float8_e5m2": ("float32", -1e5),
    "complex64": ("complex128", 1e300j),
}


@pytest.mark.parametrize(("dtype", "stored"), FLOATS.items(), ids=FLOATS)
def test_floats_that_do_not_fit_are_refused(tmp_path, dtype, stored):
    """No finite number becomes infinite or NaN, and NumPy does not warn."""
    path, (wide, number) = tmp_path / "net.ckpt-1", stored
    numbers = np.array([number, 1, np.nan, np.inf, number], wide)
    checkpoints.save(path, {"a": {"w": numbers}})
    error = refusal(
        sj.VariableMismatchError,
        lambda: checkpoints.load(path, cast=dtype),
        f"a/w has numbers that do not fit into {dtype}",
        name="a/w",
    )
    assert error.found == f"2 of 5, such as {np.array(number, wide)}"


def test_infinities_and_nan_are_cast(path):
    """They are what they were; a number that is too small becomes zero."""
    tensors.save_file({"w": np.array([np.inf, -np.inf, np.nan, 1e-30])}, path)
    found = checkpoints.load(path, cast="float16")["w"]
    np.testing.assert_array_equal(found, [np.inf, -np.inf, np.nan, 0])


def test_a_cast_to_the_target_needs_one(path):
    """Without a target there are no dtypes to cast to."""
    checkpoints.save(path, NUMBERS)
    error = refusal(
        sj.InvalidArgumentError,
        lambda: checkpoints.load(path, cast=True),
        "cast=True casts to the dtypes of a target, and there is none",
    )
    assert error.remedy == "Pass target, or the dtype: cast='bfloat16'."


UNCAST = {
    "another kind": ({"f": "int32"}, "cast: f is of dtype float32, int32 of another"),
    "no match": ({"g": "float16"}, "No variable matches 'g'"),
    "no dtype": ({"f": "flout16"}, "not a dtype"),
    "no numbers": ("str", "A variable holds numbers"),
    "64 bits": ("float64", "needs 64-bit mode"),
}


@pytest.mark.parametrize(("cast", "message"), UNCAST.values(), ids=UNCAST)
def test_bad_casts_are_refused(path, cast, message):
    """What makes no sense is an error before anything is read."""
    checkpoints.save(path, NUMBERS)
    with pytest.raises(sj.InvalidArgumentError, match=message):
        checkpoints.load(path, cast=cast)


# 64 bits


@pytest.mark.parametrize("number", [np.float64(1.5), np.int64(7), np.uint64(7)])
def test_the_remedy_for_64_bits_works(path, number):
    """An array of 64 bits is refused with a cast that is taken as it stands."""
    tensors.save_file({"a/w": np.array([number]), "b": np.ones(1, np.float32)}, path)
    error = refusal(
        sj.VariableMismatchError,
        lambda: checkpoints.load(path),
        "a/w has 64 bits in the file",
        name="a/w",
    )
    cast = re.match(r"cast=\{'a/w': '(\w+)'\}", error.remedy)
    loaded = checkpoints.load(path, cast={"a/w": cast[1]})
    assert loaded["a"]["w"] == number.astype(cast[1])
    assert list(checkpoints.load(path, select="b")) == ["b"]
