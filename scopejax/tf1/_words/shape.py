"""TensorShape: a tuple with the methods that TF1 code calls on shapes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ..._base.tf1_errors import tf_error


class Dimension(int):
    """One size of a shape: a number whose `value` is the number.

    >>> size = Dimension(3)
    >>> size.value, size + 1, (2 * size).value
    (3, 4, 6)
    """

    __slots__ = ()

    def __new__(cls, value: Any) -> Dimension:
        """A size of a number."""
        return super().__new__(cls, int(value))

    @property
    def value(self) -> int:
        """The number."""
        return int(self)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether it is the same size; None stands for any."""
        return other is None or self == int(other)

    def _kept(name: str) -> Any:  # type: ignore[misc]  # makes the methods below
        def method(self: Dimension, other: Any) -> Any:
            result = getattr(int, name)(self, other)
            return result if result is NotImplemented else Dimension(result)

        return method

    __add__, __radd__ = _kept("__add__"), _kept("__radd__")
    __sub__, __rsub__ = _kept("__sub__"), _kept("__rsub__")
    __mul__, __rmul__ = _kept("__mul__"), _kept("__rmul__")
    __floordiv__, __mod__ = _kept("__floordiv__"), _kept("__mod__")
    del _kept


class TensorShape(tuple[int, ...]):
    """The shape of a variable or tensor: a tuple that also answers as TF1's shapes do.

    >>> shape = TensorShape((2, 3))
    >>> shape.as_list(), shape.ndims, shape.num_elements(), shape == (2, 3)
    ([2, 3], 2, 6, True)
    >>> shape[-1].value, shape[:1].concatenate([4]).as_list()
    (3, [2, 4])
    """

    __slots__ = ()

    def __new__(cls, dims: Any = ()) -> TensorShape:
        """A shape of sizes; one number is one size."""
        sizes = (dims,) if isinstance(dims, int) else dims
        return super().__new__(cls, map(int, sizes))

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        kind: Any = TensorShape if isinstance(index, slice) else Dimension
        return kind(found)

    def __iter__(self) -> Iterator[Dimension]:
        return map(Dimension, super().__iter__())

    def as_list(self) -> list[int]:
        """The sizes as a list."""
        return list(super().__iter__())

    @property
    def ndims(self) -> int:
        """The number of axes."""
        return len(self)

    rank = ndims

    @property
    def dims(self) -> list[Dimension]:
        """The sizes as a list."""
        return [Dimension(size) for size in self.as_list()]

    def num_elements(self) -> int:
        """The product of the sizes."""
        return math.prod(self.as_list())

    def is_fully_defined(self) -> bool:
        """True: an array has no unknown sizes."""
        return True

    def assert_is_fully_defined(self) -> None:
        """Does nothing: an array has no unknown sizes."""

    def is_compatible_with(self, other: Any) -> bool:
        """Whether the other shape is this one; None there stands for any size."""
        sizes = _sizes(other)
        if sizes is None:
            return True
        pairs = zip(self.as_list(), sizes, strict=False)
        return len(self) == len(sizes) and all(b in (None, a) for a, b in pairs)

    def assert_is_compatible_with(self, other: Any) -> None:
        """Refuses a shape that is another.

        Raises:
          ValueError: it is.
        """
        if not self.is_compatible_with(other):
            shown = None if _sizes(other) is None else tuple(_sizes(other) or ())
            raise tf_error(
                ValueError,
                f"Shapes {tuple(self.as_list())} and {shown} are incompatible",
            )

    def merge_with(self, other: Any) -> TensorShape:
        """This shape, where the other one does not contradict it.

        Raises:
          ValueError: it does.
        """
        self.assert_is_compatible_with(other)
        return self

    def concatenate(self, other: Any) -> TensorShape:
        """The sizes of both, one after the other."""
        return TensorShape((*self.as_list(), *TensorShape(other).as_list()))

    def with_rank(self, rank: int) -> TensorShape:
        """This shape, where it has as many axes.

        Raises:
          ValueError: it has not.
        """
        return self._with(len(self) == rank, f"must have rank {rank}")

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """This shape, where it has as many axes or more.

        Raises:
          ValueError: it has not.
        """
        return self._with(len(self) >= rank, f"must have rank at least {rank}")

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """This shape, where it has as many axes or fewer.

        Raises:
          ValueError: it has not.
        """
        return self._with(len(self) <= rank, f"must have rank at most {rank}")

    def assert_has_rank(self, rank: int) -> None:
        """Refuses a shape with another number of axes.

        Raises:
          ValueError: it has.
        """
        self.with_rank(rank)

    def _with(self, holds: bool, what: str) -> TensorShape:
        if not holds:
            raise tf_error(ValueError, f"Shape {tuple(self.as_list())} {what}")
        return self


def _sizes(shape: Any) -> list[int | None] | None:
    if shape is None:
        return None
    if isinstance(shape, int):
        return [shape]
    return [None if size is None else int(size) for size in shape]
