"""PartitionedVariable: one array, and the shards that TF1 code sees of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._base.tf1_errors import tf_error
from .._words.array_like import ArrayLike
from .._words.dtypes import DType
from .._words.shape import TensorShape
from .operation import is_function
from .start import SaveSliceInfo
from .variable import Variable


@dataclasses.dataclass(frozen=True)
class PartitionInfo:
    """What an initializer that asks for it is told of its shard.

    >>> PartitionInfo([5, 2], [3, 0]).single_offset([2, 2])
    3
    """

    full_shape: Sequence[int]
    var_offset: Sequence[int]

    def single_slice_dim(self, shape: Sequence[int]) -> int | None:
        """The axis that is sliced, for a shard of `shape`; None where none is."""
        pairs = enumerate(zip(shape, self.full_shape, strict=True))
        sliced = [axis for axis, (part, full) in pairs if part != full]
        if len(sliced) > 1:
            raise tf_error(
                ValueError,
                f"Cannot use single_slice_dim() with shape {shape} and full_shape"
                f" {self.full_shape} since slice dim could be either dimension"
                f" {sliced[0]} or {sliced[1]}.",
            )
        return sliced[0] if sliced else None

    def single_offset(self, shape: Sequence[int]) -> int:
        """The offset along the axis that is sliced."""
        axis = self.single_slice_dim(shape)
        return 0 if axis is None else self.var_offset[axis]


class PartitionedVariable(ArrayLike):
    """A variable in shards: iterating gives them, in operators it is their whole.

    The shards are variables named ``part_0``, ``part_1``, ... below its name, and stand
    in the graph's collections; the values are one array at its name.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     table = tf1.get_variable(
    ...         "table", [5, 2], partitioner=tf1.fixed_size_partitioner(2)
    ...     )
    >>> [part.name for part in table], [part.shape for part in table]
    (['table/part_0:0', 'table/part_1:0'], [(3, 2), (2, 2)])
    >>> table.as_tensor().shape
    (5, 2)
    """

    __slots__ = ("_dtype", "_parts", "_shape", "name", "partitions")

    def __init__(
        self,
        name: str,
        shape: Any,
        dtype: Any,
        variable_list: Any,
        partitions: Any,
    ) -> None:
        for what, given in (
            ("variable_list", variable_list),
            ("partitions", partitions),
        ):
            if not isinstance(given, list | tuple):
                raise tf_error(TypeError, f"{what} is not a list or tuple: {given}")
        if any(count < 1 for count in partitions):
            raise tf_error(
                ValueError, f"partition values must be positive: {partitions}"
            )
        if not variable_list:
            raise tf_error(ValueError, "variable_list may not be empty")
        parts = list(variable_list)
        bare = [p.name for p in parts if p._get_save_slice_info() is None]
        if bare:
            raise tf_error(
                ValueError,
                f"All variables must have a save_slice_info available: {bare}",
            )
        self.name, self.partitions = name, list(partitions)
        self._shape, self._dtype = TensorShape(shape), np.dtype(dtype)
        self._parts = sorted(parts, key=lambda p: p._get_save_slice_info().var_offset)

    @property
    def shape(self) -> TensorShape:
        """The sizes of the whole."""
        return self._shape

    def get_shape(self) -> TensorShape:
        """The sizes of the whole."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """That of its numbers."""
        return DType(self._dtype)

    def __iter__(self) -> Iterator[Variable]:
        return iter(self._parts)

    def __len__(self) -> int:
        axes = self._partition_axes()
        if len(axes) > 1:
            raise tf_error(
                ValueError,
                "Cannot get a length for > 1 partition axes",
            )
        return len(self._parts)

    def _partition_axes(self) -> list[int]:
        axes = [axis for axis, count in enumerate(self.partitions) if count > 1]
        return axes or [0]

    def _get_partitions(self) -> list[int]:
        """How many shards there are along each axis."""
        return self.partitions

    def _get_variable_list(self) -> list[Variable]:
        """The shards."""
        return self._parts

    _live = True

    def value(self) -> jax.Array:
        """The whole array."""
        first = self._parts[0]
        array: jax.Array = first._cell.whole.read(first.graph.asked())
        return array

    as_tensor = value

    def assign(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> list[Any]:
        """Another value for the whole; what each shard's assignment gives."""
        return self._each("assign", value)

    def assign_add(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> list[Any]:
        """Adds to the whole; what each shard's assignment gives."""
        return self._each("assign_add", value)

    def assign_sub(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> list[Any]:
        """Subtracts from the whole; what each shard's assignment gives."""
        return self._each("assign_sub", value)

    def _each(self, method: str, value: Any) -> list[Any]:
        if not isinstance(value, list):
            value = [_part_of(value, slices_of(part)) for part in self._parts]
        pairs = zip(self._parts, value, strict=True)
        return [getattr(part, method)(piece) for part, piece in pairs]

    def __repr__(self) -> str:
        return (
            f"<tf.PartitionedVariable '{self.name}' shape={tuple(self._shape)}"
            f" dtype={self._dtype.name} parts={len(self._parts)}>"
        )


def _part_of(value: Any, where: tuple[slice, ...]) -> Any:
    """A part of a value, and where that is computed again, as a function."""
    if is_function(value):
        return lambda: jnp.asarray(value())[where]
    if isinstance(value, ArrayLike):
        return lambda: value.value()[where]
    return (value if isinstance(value, jax.Array) else np.asarray(value))[where]


def slices_of(part: Variable) -> tuple[slice, ...]:
    """Where a shard lies in its whole."""
    info = part._get_save_slice_info()
    assert info is not None
    return slices(info)


def slices(info: SaveSliceInfo) -> tuple[slice, ...]:
    """The ranges along each axis."""
    pairs = zip(info.var_offset, info.var_shape, strict=True)
    return tuple(slice(start, start + size) for start, size in pairs)


def shards(
    name: str, shape: tuple[int, ...], partitions: Sequence[int]
) -> list[SaveSliceInfo]:
    """Where each shard lies: sizes ``n // k``, the first ``n % k`` one larger.

    Raises:
      ValueError: there are more shards than rows.
    """
    axis = next((axis for axis, count in enumerate(partitions) if count > 1), 0)
    count = partitions[axis]
    least, larger = divmod(shape[axis], count)
    infos, offset = [], 0
    for i in range(count):
        start, sizes = [0] * len(shape), list(shape)
        start[axis], sizes[axis] = offset, least + (i < larger)
        infos.append(SaveSliceInfo(name, list(shape), start, sizes))
        _require_inside(infos[-1])
        offset += sizes[axis]
    return infos


def _require_inside(info: SaveSliceInfo) -> None:
    for start, size in zip(info.var_offset, info.full_shape, strict=True):
        if not 0 <= start < size:
            raise tf_error(
                ValueError,
                f"Expected 0 <= offset < shape but found offset={start}, shape={size}"
                f" for var_offset={info.var_offset}, full_shape={info.full_shape}",
                name=info.full_name,
                remedy="There are more shards than rows: split into fewer.",
            )
