"""Whether the slices of a partitioned variable make up the whole, each part once."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence

from .damage import Damage
from .messages import FULL, Shape, Slice

_MOST_CUT_AXES = 8


def box(extents: Slice, shape: Shape) -> tuple[slice, ...]:
    """Where in an array of `shape` a slice lies.

    >>> box(((2, 3), (0, -1)), (5, 4))
    (slice(2, 5, None), slice(0, 4, None))
    """
    if len(extents) != len(shape):
        raise Damage("a slice has another rank", f"{len(shape)}", f"{len(extents)}")
    found = tuple(
        slice(0, size) if extent == FULL else slice(extent[0], sum(extent))
        for extent, size in zip(extents, shape, strict=True)
    )
    if any(part.stop > size for part, size in zip(found, shape, strict=True)):
        raise Damage("a slice reaches beyond the whole", f"{shape}", f"{extents}")
    return found


def box_shape(where: tuple[slice, ...]) -> Shape:
    """The shape of a slice."""
    return tuple(part.stop - part.start for part in where)


def require_tiling(boxes: Sequence[tuple[slice, ...]], shape: Shape) -> None:
    """Raises `Damage` unless each element of an array lies in one box, and in one only.

    How many boxes an element lies in is a sum over the corners that are not behind it
    on any axis, each counted with its sign. So the boxes make up the whole just where
    their corners add up to those of the whole.
    """
    axes = [
        axis
        for axis, size in enumerate(shape)
        if any(where[axis] != slice(0, size) for where in boxes)
    ]
    if len(axes) > _MOST_CUT_AXES:
        raise Damage(
            "it is cut along too many axes", f"at most {_MOST_CUT_AXES}", f"{len(axes)}"
        )
    corners: Counter[Shape] = Counter()
    for where in boxes:
        _count(corners, [where[axis] for axis in axes], 1)
    _count(corners, [slice(0, shape[axis]) for axis in axes], -1)
    if any(corners.values()):
        covered = sum(math.prod(box_shape(where)) for where in boxes)
        raise Damage(
            "its slices overlap or leave gaps",
            f"{math.prod(shape)} elements, each once",
            f"{covered} elements in {len(boxes)} slices",
        )


def _count(corners: Counter[Shape], where: list[slice], sign: int) -> None:
    for corner in itertools.product(*((part.start, part.stop) for part in where)):
        ends = sum(at == part.stop for at, part in zip(corner, where, strict=True))
        corners[corner] += sign if ends % 2 == 0 else -sign
