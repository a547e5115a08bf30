"""The figures of arrays, held against NumPy's own."""

import json
import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors import numpy as tensors

import scopejax.__main__ as command
from scopejax.commands import _numbers
from scopejax.commands._numbers import difference, is_array, stats

FLOATS = ("float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2")
INTEGERS = ("int8", "uint8", "int32", "uint32", "int64", "uint64")
DTYPES = (*FLOATS, *INTEGERS, "bool", "complex64", "complex128")


@st.composite
def arrays(draw):
    """Any bits of any dtype, NaN and infinities among them."""
    dtype = jnp.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(hnp.array_shapes(min_dims=0, min_side=0))
    if dtype == np.bool_:
        return draw(hnp.arrays(bool, shape))
    bits = draw(st.binary(min_size=64, max_size=64))
    special = draw(st.sampled_from([0.0, 1.0, math.inf, -math.inf, math.nan]))
    array = np.resize(np.frombuffer(bits, dtype), shape)
    if jnp.issubdtype(dtype, jnp.inexact) and array.size and draw(st.booleans()):
        with np.errstate(invalid="ignore"):
            array.reshape(-1)[:: draw(st.integers(1, 3))] = special
    return array


def wide(array):
    """The numbers as NumPy's functions know them."""
    if np.iscomplexobj(array):
        return np.abs(array.astype(np.complex128))
    return array.astype(np.float64)


@pytest.mark.smoke
@given(arrays())
def test_figures_are_numpys(array):
    """Least, mean, greatest and the count of NaN are those of NumPy, whatever the
    dtype."""
    found = stats(array)
    with np.errstate(invalid="ignore", over="ignore"):
        numbers = wide(array)
        known = numbers[~np.isnan(numbers)]
        assert found.nans == np.isnan(numbers).sum()
        if not known.size:
            assert found[:3] == (None, None, None)
            return
        plain = numbers if jnp.issubdtype(array.dtype, jnp.inexact) else array
        assert found.least == np.nanmin(plain).item()
        assert found.greatest == np.nanmax(plain).item()
        if np.isfinite(np.abs(known).sum()):
            scale = np.abs(known).max()
            assert abs(found.mean - np.nanmean(numbers)) <= 1e-9 * scale
        else:
            assert not math.isfinite(found.mean) or np.isfinite(known).all()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int16", "bool", "complex64"])
@pytest.mark.parametrize("size", [1, 6, 7, 8, 14, 20])
def test_pieces_add_up(monkeypatch, dtype, size):
    """An array that is longer than a piece has the figures of all of its pieces."""
    array = (np.arange(size) - 3).astype(jnp.dtype(dtype))
    other = array.copy()
    other[-1] = not other[-1]
    whole, apart = stats(array), difference(array, other, 0.0, 0.0)
    monkeypatch.setattr(_numbers, "_PIECE", 7)
    assert stats(array) == whole
    assert difference(array, other, 0.0, 0.0) == apart
    assert (apart.unequal, apart.size) == (1, size)


def test_a_piece_is_less_than_an_array():
    """Numbers behind the first piece count, where pieces are as long as they are."""
    array = np.zeros(_numbers._PIECE + 2, np.float32)
    array[-2:] = np.nan, 4
    assert stats(array)[0::2] == (0, 4)
    assert stats(array).nans == 1
    assert difference(array, np.zeros_like(array), 0.0, 0.0).unequal == 2


def test_arrays_without_numbers_have_no_figures():
    """An empty array has none at all; of NaN alone there is the count."""
    assert stats(np.zeros((0, 3))) == (None, None, None, 0)
    assert stats(np.full(3, np.nan)) == (None, None, None, 3)
    assert stats(np.array(2, np.int8)) == (2, 2, 2, 0)
    assert difference(np.zeros(0), np.zeros(0), 0.0, 0.0) == (0, 0, 0)


@given(
    st.sampled_from(("float32", "float64", "bfloat16")),
    st.data(),
    st.sampled_from([0.0, 1e-6, 0.1, 1.0, 2.0]),
    st.sampled_from([0.0, 1e-9, 0.5, 100.0]),
)
def test_tolerances_are_those_of_allclose(dtype, data, rtol, atol):
    """Numbers are apart where `numpy.isclose` says so, negative ones, too; NaN equals
    NaN, and an infinity is close to itself alone."""
    near = st.sampled_from([0, 1e-9, 1e-7, 0.05, 0.1, 0.5, 1, -3])
    some = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0])
    dtype = jnp.dtype(dtype)
    pairs = data.draw(st.lists(st.tuples(some, near, st.booleans()), max_size=20))
    with np.errstate(invalid="ignore"):
        two = np.array([b for b, _, _ in pairs]).astype(jnp.dtype(dtype))
        one = np.array([b + d if k else d for b, d, k in pairs]).astype(
            jnp.dtype(dtype)
        )
        close = np.isclose(wide(one), wide(two), rtol, atol, equal_nan=True)
    assert difference(one, two, rtol, atol).unequal == (~close).sum()


@given(arrays())
def test_an_array_is_equal_to_itself(array):
    """Whatever is in it, and with any tolerance."""
    for rtol, atol in ((0.0, 0.0), (0.5, 0.0), (0.0, 3.0)):
        assert difference(array, array.copy(), rtol, atol) == (0, array.size, 0)


@given(st.sampled_from(INTEGERS), st.data())
def test_integers_differ_as_whole_numbers(dtype, data):
    """Python's own integers tell how far apart two are, beyond 2**53, too."""
    info = np.iinfo(dtype)
    a = data.draw(st.integers(info.min, info.max))
    b = data.draw(
        st.integers(max(info.min, a - 3), min(info.max, a + 3))
        | st.integers(info.min, info.max)
    )
    one, two = np.array([a], dtype), np.array([b], dtype)
    found = difference(one, two, 0.0, 1.0)
    assert found.unequal == (abs(a - b) > 1)
    assert found.greatest == float(abs(a - b))


def test_neighbours_beyond_floating_point_differ():
    """2**53 and its successor are one float64, and two integers."""
    one = np.array([2**53, -(2**62)], np.int64)
    assert difference(one, one + 1, 0.0, 0.0) == (2, 2, 1.0)
    assert difference(one, one + 1, 0.0, 0.5) == (2, 2, 1.0)
    assert difference(one, one + 1, 0.0, 1.0) == (0, 2, 1.0)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_no_tolerance_makes_a_number_of_none(number):
    """NaN and infinities are infinitely far from all others."""
    one, two = np.array([number]), np.array([1.0])
    for a, b in ((one, two), (two, one), (one, np.array([0.0]))):
        assert difference(a, b, 10.0, 1e300) == (1, 1, math.inf)


def test_complex_numbers_differ_in_either_part():
    """How far they are apart is the absolute value of the difference."""
    one = np.array([1 + 1j, 3j, np.nan + 1j], np.complex64)
    two = np.array([1 - 1j, 3j, 1 + np.nan * 1j], np.complex64)
    assert difference(one, two, 0.0, 0.0) == (1, 3, 2.0)
    assert stats(one) == (math.sqrt(2), (math.sqrt(2) + 3) / 2, 3, 1)


def test_the_smallest_difference_counts():
    """Zero and the smallest number of all differ, and 0 and -0 do not."""
    tiny = np.array([5e-324, -0.0])
    assert difference(tiny, np.zeros(2), 0.0, 0.0) == (1, 2, 5e-324)


@pytest.mark.parametrize("dtype", ["string", "variant", "qint8", "F4", "F6_E2M3", ""])
def test_text_is_no_array(dtype):
    """What JAX has no dtype for has no figures."""
    assert not is_array(dtype)


@pytest.mark.parametrize("dtype", [*DTYPES, "float8_e8m0fnu"])
def test_numbers_are_arrays(dtype):
    """All dtypes of numbers have figures."""
    assert is_array(dtype)
    ones = np.ones(2, np.float32).astype(jnp.dtype(dtype))
    assert stats(ones) == (1, 1, 1, 0)


def test_whole_numbers_are_shown_exactly(path, capsys):
    """Beyond 2**53 too, where floating-point numbers have gaps."""
    numbers = {
        "i": np.array([-(2**53) - 1, 2**63 - 1], np.int64),
        "u": np.array([2**53 + 1, 2**64 - 1], np.uint64),
        "v": np.full(12345, np.nan, np.float16),
    }
    tensors.save_file(numbers, path)
    command.main(["inspect", str(path), "--stats"])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    figures = {row[0]: row[-4:] for row in rows if row and row[0] in numbers}
    assert figures["i"][::2] == ["-9007199254740993", "9223372036854775807"]
    assert figures["u"][::2] == ["9007199254740993", "18446744073709551615"]
    assert figures["v"][-1] == "12345"
    command.main(["inspect", str(path), "--stats", "--json"])
    found = json.loads(capsys.readouterr().out)["variables"]
    assert {row["max"] for row in found} == {2**63 - 1, 2**64 - 1, None}
