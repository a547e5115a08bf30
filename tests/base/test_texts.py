"""What errors show of a user's values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopejax._base.texts import LONGEST, brief, cut, printable


class Bad:
    def __repr__(self):
        raise RuntimeError("no text")


class Lines:
    def __repr__(self):
        return "first\nsecond"


BIG = np.ones((1000, 1000))
SHOWN = {
    "a string": ("text", "'text'"),
    "an array": (jnp.ones((2, 3)), "float32[2,3]"),
    "a NumPy array": (BIG, "float64[1000,1000]"),
    "a scalar": (jnp.float32(3), "float32[]"),
    "a NumPy number": (np.True_, "np.True_"),
    "an abstract array": (jax.ShapeDtypeStruct((2,), "int8"), "int8[2]"),
    "a key": (jax.random.key(0), "key<fry>[]"),
    "a tree": ({"a": {"w": BIG}}, "{'a': {'w': float64[1000,1000]}}"),
    "a tuple": ((BIG, None), "(float64[1000,1000], None)"),
    "a type": (np.float32, "<class 'numpy.float32'>"),
    "no repr": (Bad(), "<Bad>"),
    "lines": (Lines(), "first..."),
}


@pytest.mark.smoke
@pytest.mark.parametrize(("value", "text"), SHOWN.values(), ids=SHOWN)
def test_values_are_shown_short(value, text):
    """Arrays by dtype and shape, the rest by its own text."""
    assert brief(value) == text


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10**6,
        10**4000,
        {str(i): {str(j): BIG for j in range(100)} for i in range(100)},
        [[[[[[1]]]]]] * 1000,
        {"k" * 10**5: 1},
        b"\0" * 10**5,
        jnp.float32,
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_is_long(value):
    """However large the value, the text has one line of bounded length."""
    text = brief(value)
    assert len(text) <= LONGEST
    assert text.isprintable()


@given(st.text(max_size=300), st.integers(10, 200))
def test_cut_keeps_both_ends(text, longest):
    """What is short and printable stays; the rest keeps its beginning and its end."""
    found = cut(text, longest)
    assert len(found) <= longest
    assert found.isprintable()
    if len(printable(text)) <= longest:
        assert found == printable(text)
