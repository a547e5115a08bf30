"""Threefry, written out, is JAX's."""

import hypothesis.strategies as st
import jax
import numpy as np
import pytest
from hypothesis import given

from scopejax._base.names import fold_words as fold_key
from scopejax._base.names import path_words
from scopejax._making.threefry import fold_in, fold_words, item_keys, threefry2x32

word = st.integers(0, 2**32 - 1)


def as_words(*numbers):
    """Arrays of one word each."""
    return tuple(np.array([number], np.uint32) for number in numbers)


# From Random123's file of known answers, for 20 rounds.
ANSWERS = [
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((2**32 - 1, 2**32 - 1), (2**32 - 1, 2**32 - 1), (0x1CB996FC, 0xBB002BE7)),
    (
        (0x13198A2E, 0x03707344),
        (0x243F6A88, 0x85A308D3),
        (0xC4923A9C, 0x483DF7A0),
    ),
]


@pytest.mark.smoke
@pytest.mark.parametrize(("key", "counter", "answer"), ANSWERS)
def test_known_answers(key, counter, answer):
    """The authors' own."""
    words = threefry2x32(as_words(*key), as_words(*counter))
    assert tuple(int(word[0]) for word in words) == answer


@given(key=st.tuples(word, word), data=word)
def test_fold_in(key, data):
    """As jax.random.fold_in, for NumPy's arrays and for JAX's."""
    raw = jax.numpy.array(key, jax.numpy.uint32)
    expected = np.asarray(jax.random.fold_in(raw, np.uint32(data)))
    for words in (as_words(*key), tuple(map(jax.numpy.asarray, as_words(*key)))):
        folded = np.stack(fold_in(words, np.uint32(data)), -1)
        np.testing.assert_array_equal(folded[0], expected)


def test_keys_of_names(key):
    """Those of `fold_words` of the core, all at once."""
    paths = [("a",), ("a", "b"), ("encoder", "h0", "kernel")]
    raw = np.asarray(jax.random.key_data(key))
    words = np.stack(list(map(path_words, paths)))
    keys = np.stack(fold_words((raw[:1], raw[1:]), words), -1)
    for path, found in zip(paths, keys, strict=True):
        expected = jax.random.key_data(fold_key(key, path_words(path)))
        np.testing.assert_array_equal(found, expected)


def test_keys_of_items(key):
    """The key folded with one index after the other."""
    raw = np.asarray(jax.random.key_data(key))
    high, low = item_keys((raw[:1], raw[1:]), (3, 2))
    assert high.shape == (1, 3, 2)
    for i, j in np.ndindex(3, 2):
        expected = jax.random.fold_in(jax.random.fold_in(key, i), j)
        found = [high[0, i, j], low[0, i, j]]
        np.testing.assert_array_equal(found, jax.random.key_data(expected))
