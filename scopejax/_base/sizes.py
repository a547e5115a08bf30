"""Shapes that may leave sizes open, as TF1 takes them, with the texts of its errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .tf1_errors import tf_error

Sizes = tuple[int | None, ...]
"""A shape that may leave sizes open."""


def as_sizes(shape: Any) -> Sizes | None:
    """What a caller gave as `shape`: None is unknown altogether.

    Raises:
      TypeError: it is no shape.
      ValueError: a size is negative.

    >>> as_sizes([2, None]), as_sizes(3), as_sizes(None)
    ((2, None), (3,), None)
    """
    if shape is None:
        return None
    if type(shape) in (list, tuple) and _are_plain(shape):
        return tuple(shape)
    given = shape if isinstance(shape, Iterable) else (shape,)
    return tuple(_size(size) for size in given)


def _are_plain(sizes: Any) -> bool:
    for size in sizes:  # noqa: SIM110  # faster, on the way of every variable
        if type(size) is not int or size < 0:
            return False
    return True


def _size(size: Any) -> int | None:
    size = getattr(size, "value", size)  # TF1's Dimension
    if size is None:
        return None
    if isinstance(size, bool | np.bool_) or not hasattr(size, "__index__"):
        kind = type(size).__name__
        raise tf_error(
            TypeError,
            f"Dimension value must be integer or None or have an __index__ method, got"
            f" value '{size!r}' with type '<class '{kind}'>'",
        )
    whole = int(size)
    if whole < 0:
        raise tf_error(ValueError, f"Dimension {whole} must be >= 0")
    return whole


def is_known(sizes: Sizes | None) -> bool:
    """Whether no size is left open."""
    return sizes is not None and None not in sizes


def known(sizes: Any) -> tuple[int, ...]:
    """Sizes of which `is_known` holds."""
    whole: tuple[int, ...] = sizes
    return whole


def agree(sizes: Sizes | None, found: tuple[int, ...]) -> bool:
    """Whether a shape that may leave sizes open is the one found."""
    if sizes is None:
        return True
    return len(sizes) == len(found) and all(
        size in (None, there) for size, there in zip(sizes, found, strict=True)
    )


def text(sizes: Sizes | None) -> str:
    """As TF1 prints a shape."""
    return "<unknown>" if sizes is None else str(tuple(sizes))
