"""TensorShape: a tuple with the methods that TF1 code calls on shapes."""

from __future__ import annotations

import math


class TensorShape(tuple[int, ...]):
    """The shape of a variable: a tuple that also answers as TF1's shapes do.

    >>> shape = TensorShape((2, 3))
    >>> shape.as_list(), shape.ndims, shape.num_elements(), shape == (2, 3)
    ([2, 3], 2, 6, True)
    """

    __slots__ = ()

    def as_list(self) -> list[int]:
        """The sizes as a list."""
        return list(self)

    @property
    def ndims(self) -> int:
        """The number of axes."""
        return len(self)

    rank = ndims

    @property
    def dims(self) -> list[int]:
        """The sizes as a list."""
        return list(self)

    def num_elements(self) -> int:
        """The product of the sizes."""
        return math.prod(self)

    def is_fully_defined(self) -> bool:
        """True: an array has no unknown sizes."""
        return True
