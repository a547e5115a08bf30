"""Windows over the axes between the batch and the features."""

from __future__ import annotations

from collections.abc import Sequence

import jax

from ._base import require

Padding = str | Sequence[tuple[int, int]]
"""``"SAME"``, ``"VALID"``, or `(before, after)` for each axis of space."""


def each(value: int | Sequence[int], axes: int) -> tuple[int, ...]:
    """One number for each axis of space; a single one holds for all."""
    return tuple(value) if isinstance(value, Sequence) else (int(value),) * axes


def window_for(
    x: jax.Array, size: int | Sequence[int], what: str = "kernel"
) -> tuple[int, ...]:
    """The size of a window along each axis of space of `x`, `(batch, *space, in)`."""
    window = each(size, max(x.ndim - 2, 0))
    require(
        len(window) == x.ndim - 2 > 0,
        f"a {what} of size {size} does not fit an input of shape {x.shape}: it needs"
        " one size for each axis between the batch and the features, or one for all",
    )
    return window
