"""Figures of an array, and of two side by side, a piece at a time.

Nothing here makes a second copy of an array: pieces are of a few megabytes.
`views._statistics` has figures too, of arrays where they are, by XLA in their own
width; these are of files, on the host, in the widest dtypes, and infinities count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

_PIECE = 1 << 20  # numbers

# inf - inf is no accident here, nor is a sum that is too large.
_quietly = np.errstate(invalid="ignore", over="ignore")


class Stats(NamedTuple):
    """What `inspect --stats` shows. NaN counts in none but the last.

    Attributes:
      least, greatest, mean: None where there is no number; of complex numbers, of
        their absolute values. Least and greatest of whole numbers are exact.
      nans: how many are NaN.
    """

    least: float | None
    mean: float | None
    greatest: float | None
    nans: int


@_quietly
def stats(array: np.ndarray) -> Stats:
    """The figures of one array.

    >>> stats(np.array([1.0, np.nan, 3.0]))
    Stats(least=1.0, mean=2.0, greatest=3.0, nans=1)
    """
    least, greatest, total, count, nans = np.inf, -np.inf, 0.0, 0, 0
    for (piece,) in _pieces(array):
        numbers = _plain(piece)
        known = numbers[~np.isnan(numbers)]
        nans += numbers.size - known.size
        if known.size:
            least = min(least, known.min().item())
            greatest = max(greatest, known.max().item())
            total += float(known.sum(dtype=np.float64))
            count += known.size
    if not count:
        return Stats(None, None, None, nans)
    return Stats(least, total / count, greatest, nans)


# The first that fits holds all numbers of its kind; the last one is for bools, too.
_WIDEST = (
    (jnp.complexfloating, np.complex128),
    (jnp.floating, np.float64),
    (jnp.signedinteger, np.int64),
    (np.generic, np.uint64),
)


def _plain(piece: np.ndarray) -> np.ndarray:
    """The numbers in a dtype that NumPy knows all about; complex ones' absolutes."""
    wide = next(w for kind, w in _WIDEST if jnp.issubdtype(piece.dtype, kind))
    return np.abs(piece.astype(wide)) if wide is np.complex128 else piece.astype(wide)


class Difference(NamedTuple):
    """How far two arrays of one shape are apart.

    Attributes:
      unequal: how many numbers differ by more than is tolerated.
      size: how many there are.
      greatest: the greatest difference of all, infinite where one is NaN.
    """

    unequal: int
    size: int
    greatest: float


@_quietly
def difference(
    one: np.ndarray, two: np.ndarray, rtol: float, atol: float
) -> Difference:
    """Compares number by number; two NaN are equal.

    >>> difference(np.array([1.0, 2.0]), np.array([1.0, 2.5]), 0.0, 0.0)
    Difference(unequal=1, size=2, greatest=0.5)
    """
    unequal, greatest = 0, 0.0
    for a, b in _pieces(one, two):
        apart = _apart(a, b)
        bound = atol + rtol * np.abs(_real(b)) if rtol else atol
        unequal += int(((apart > bound) | np.isinf(apart)).sum())
        greatest = max(greatest, float(apart.max(initial=0.0)))
    return Difference(unequal, one.size, greatest)


def _apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The absolute differences; 0 where both are the same, whatever they are."""
    if np.issubdtype(a.dtype, np.integer):
        return _whole_apart(a, b)
    apart = np.abs(_wide(a) - _wide(b))
    same = (a == b) | ((a != a) & (b != b))
    return np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))


def _whole_apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The same of integers: two of 64 bits may be one number in floating point."""
    unsigned = np.dtype(f"u{a.dtype.itemsize}")
    greater, less = np.maximum(a, b), np.minimum(a, b)
    apart: np.ndarray = greater.view(unsigned) - less.view(unsigned)
    return apart.astype(np.float64)


def _wide(piece: np.ndarray) -> np.ndarray:
    is_complex = np.iscomplexobj(piece)
    return piece.astype(np.complex128 if is_complex else np.float64)


def _real(piece: np.ndarray) -> np.ndarray:
    wide = _wide(piece)
    return np.abs(wide) if np.iscomplexobj(wide) else wide


def _pieces(*arrays: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    flat = [np.ascontiguousarray(array).reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, _PIECE):
        yield tuple(array[start : start + _PIECE] for array in flat)


def is_array(dtype: str) -> bool:
    """Whether `dtype` is one that arrays have: text has none."""
    try:
        return bool(jnp.dtype(dtype).itemsize)
    except TypeError:
        return False
