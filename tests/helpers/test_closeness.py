"""The comparison that the tests make of what different programs have computed."""

import jax.numpy as jnp
import numpy as np
import pytest

from .closeness import assert_close

EPS = {"float16": 2**-10, "bfloat16": 2**-7, "float32": 2**-23, "float64": 2**-52}


@pytest.mark.smoke
@pytest.mark.parametrize("dtype", EPS)
def test_the_bound_is_in_last_places_of_the_dtype(dtype):
    """So many ulps of 1 are accepted, and one more is refused."""
    one = np.ones(3, jnp.dtype(dtype))
    near, far = one.copy(), one.copy()
    near[1] += 4 * EPS[dtype]
    far[1] += 5 * EPS[dtype]
    assert_close(near, one, ulps=4)
    assert_close(near, np.ones(3), ulps=4)
    with pytest.raises(AssertionError, match=r"the result is off by .* at \(1,\)"):
        assert_close(far, one, ulps=4)


@pytest.mark.parametrize("dtype", EPS)
def test_there_is_a_bound_for_each_dtype(dtype):
    """Without a number of ulps half precision is allowed two, the others 64."""
    one, ulps = np.ones(3, jnp.dtype(dtype)), 2 if "16" in dtype else 64
    assert_close(one + one.dtype.type(ulps * EPS[dtype]), one)
    with pytest.raises(AssertionError, match="the result is off by"):
        assert_close(one + one.dtype.type((ulps + 1) * EPS[dtype]), one)


def test_it_is_absolute():
    """A sum near zero may be off by what its neighbours may, and they by no more."""
    assert_close(np.float32(3.7e-7), np.float32(0), ulps=4)
    assert_close(np.float32([1000.0, 3e-4]), np.float32([1000.0, 0.0]), ulps=4)
    with pytest.raises(AssertionError, match=r"off by 0\.001 where 0\.000477"):
        assert_close(np.float32([1000.0, 1e-3]), np.float32([1000.0, 0.0]), ulps=4)


def test_the_scale_is_that_of_the_terms():
    """Larger terms that cancelled leave more, smaller ones less."""
    assert_close(np.float32(1e-4), 0.0, ulps=4, scale=1000.0)
    assert_close(np.float32(1e-10), 0.0, ulps=4, scale=1e-3)
    with pytest.raises(AssertionError, match=r"where 4.77e-10 is allowed"):
        assert_close(np.float32(1e-9), 0.0, ulps=4, scale=1e-3)


def test_leaves_have_scales_of_their_own():
    """A large leaf does not excuse a small one, which is named in the message."""
    expected = {"large": jnp.float32(1e6), "small": [jnp.zeros(2)]}
    assert_close({"large": jnp.float32(1e6 + 1), "small": [jnp.zeros(2)]}, expected)
    found = {"large": jnp.float32(1e6), "small": [jnp.array([0.0, -1.0])]}
    message = r"\['small'\]\[0\] is off by 1 where 7.63e-06 .* at \(1,\) it is -1.0"
    with pytest.raises(AssertionError, match=message):
        assert_close(found, expected)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_itself(value):
    """NaN equals NaN, an infinity itself, and neither widens the bound of the rest."""
    expected = np.float32([1.0, value])
    assert_close(expected, expected)
    for other in (0.0, np.nan, np.inf, -np.inf):
        if not np.array_equal(other, value, equal_nan=True):
            with pytest.raises(AssertionError, match=r"off by (inf|nan) .* at \(1,\)"):
                assert_close(np.float32([1.0, other]), expected)
    with pytest.raises(AssertionError, match=r"at \(0,\) it is 2.0, not 1.0"):
        assert_close(np.float32([2.0, value]), expected)


@pytest.mark.parametrize(("found", "other"), [(2**31 - 2, 2**31 - 1), (False, True)])
def test_whole_numbers_are_equal(found, other):
    """Counts and flags have no rounding."""
    assert_close(jnp.array(found), jnp.array(found))
    with pytest.raises(AssertionError, match=r"'n'.* is not equal"):
        assert_close({"n": jnp.array(found)}, {"n": jnp.array(other)}, ulps=2**40)


@pytest.mark.parametrize(
    ("found", "expected", "message"),
    [
        (jnp.ones(2), jnp.ones((2, 1)), r"shape \(2,\), not \(2, 1\)"),
        (jnp.ones(2), 1.0, r"shape \(2,\), not \(\)"),
        (jnp.ones(2), jnp.ones(2, "bfloat16"), "is float32, not bfloat16"),
        (jnp.ones(2), jnp.ones(2, "int32"), "is float32, not int32"),
        (jnp.ones(2, "int32"), jnp.ones(2), "is int32, not float32"),
        ({"a": jnp.ones(2)}, {"b": jnp.ones(2)}, "the structure is .*'a'.*'b'"),
        ([jnp.ones(2)], (jnp.ones(2),), "the structure is "),
        (jnp.ones(2), None, "the structure is "),
    ],
)
def test_structures_shapes_and_dtypes_are_the_same(found, expected, message):
    """Nothing is broadcast or cast, but for a reference in doubles."""
    with pytest.raises(AssertionError, match=message):
        assert_close(found, expected)


def test_empty_arrays_are_close():
    """Without numbers there is nothing to be off."""
    assert_close((np.zeros((0, 2)), {}), (np.zeros((0, 2)), {}))
