"""Threefry-2x32: a key and a counter -> two words, of NumPy's or JAX's arrays.

`jax.random` computes the same, on CPU in a loop. Written out, a program is compiled in
half of the time there and runs several times faster; and the keys of a thousand names
are a few calls of NumPy, with nothing to compile.

Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011), 20 rounds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Words = tuple[Any, Any]
"""Two arrays of uint32 of one shape."""

_PARITY = np.uint32(0x1BD11BDA)
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def threefry2x32(key: Words, counter: Words) -> Words:
    """The two words that `key` makes of `counter`; all arrays broadcast.

    >>> key, counter = np.zeros((2, 1), "uint32"), np.zeros((2, 1), "uint32")
    >>> [hex(word[0]) for word in threefry2x32(key, counter)]
    ['0x6b200159', '0x99ba4efe']
    """
    schedule = (*key, key[0] ^ key[1] ^ _PARITY)
    x, y = counter[0] + key[0], counter[1] + key[1]
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            x = x + y
            y = x ^ _rotated(y, rotation)
        x = x + schedule[(group + 1) % 3]
        y = y + (schedule[(group + 2) % 3] + np.uint32(group + 1))
    return x, y


def _rotated(word: Any, by: int) -> Any:
    return (word << np.uint32(by)) | (word >> np.uint32(32 - by))


def fold_in(key: Words, data: Any) -> Words:
    """`jax.random.fold_in` of many raw keys, or with many data, at once.

    >>> import jax
    >>> key = jax.random.PRNGKey(7)
    >>> words = np.array([0], "uint32"), np.array([7], "uint32")
    >>> folded = fold_in(words, np.uint32(3))
    >>> np.stack(folded, -1).tolist() == [jax.random.fold_in(key, 3).tolist()]
    True
    """
    return threefry2x32(key, (np.uint32(0), data))


def fold_words(key: Words, words: Any) -> Words:
    """The keys of names, each word `(n,)`, from their hashes, uint32 `(n, 2)`."""
    return fold_in(fold_in(key, words[:, 0]), words[:, 1])


def item_keys(key: Words, stack: tuple[int, ...]) -> Words:
    """The keys of a stack's items: a new last axis for each of `stack`."""
    for n in stack:
        high, low = (word[..., None] for word in key)
        index = np.arange(n, dtype=np.uint32)
        key = fold_in((high, low), index.reshape((1,) * (high.ndim - 1) + (n,)))
    return key


def wide_sum(one: Words, two: Words) -> Words:
    """The sum of two numbers of 64 bits.

    >>> ones = np.array([2**32 - 1], "uint32")
    >>> [word.tolist() for word in wide_sum((np.uint32(1), ones), (np.uint32(2), ones))]
    [[4], [4294967294]]
    """
    low = one[1] + two[1]
    return one[0] + two[0] + (low < two[1]).astype(low.dtype), low


def wide_product(word: Any, factor: int) -> Words:
    """64 bits of the product of a word and a number.

    >>> [int(word[0]) for word in wide_product(np.array([7], "uint32"), 2**33 + 5)]
    [14, 35]
    """
    mask, half = np.uint32(0xFFFF), np.uint32(16)
    high, low = word * np.uint32(factor >> 32 & 0xFFFFFFFF), word * np.uint32(0)
    for shift in (0, 16):
        digits = np.uint32(factor >> shift & 0xFFFF)
        upper, lower = (word >> half) * digits, (word & mask) * digits
        # upper * 2**16 + lower, and that shifted
        part = wide_sum((upper >> half, upper << half), (low * np.uint32(0), lower))
        if shift:
            part = (part[0] << half) | (part[1] >> half), part[1] << half
        high, low = wide_sum((high, low), part)
    return high, low
