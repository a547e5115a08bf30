"""How a variable begins, and where a shard lies within its whole."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import jax
import numpy as np

from .._graph.cells import Cell
from .._initial.values import Initializer


@dataclasses.dataclass(frozen=True)
class SaveSliceInfo:
    """Where a shard lies within its partitioned variable.

    >>> SaveSliceInfo("v", [5, 4], [3, 0], [2, 4]).spec
    '5 4 3,2:0,4'
    """

    full_name: str
    full_shape: list[int]
    var_offset: list[int]
    var_shape: list[int]

    @property
    def spec(self) -> str:
        """TF1's text for it: the full shape, and offset and size of each axis."""
        parts = zip(self.var_offset, self.var_shape, strict=True)
        sizes = " ".join(map(str, self.full_shape))
        return f"{sizes} {':'.join(f'{start},{size}' for start, size in parts)}"


class Start(NamedTuple):
    """How a variable begins: what `get_variable` knows before a creator is asked.

    It is the `initial_value` that creators see, a callable, as in TF1.

    Attributes:
      initializer: of the core, ``(key, shape, dtype) -> array``.
      shape, dtype: of the variable.
      cell: of a shard, which is a part of a variable that exists.
      info: where a shard lies.
    """

    initializer: Initializer
    shape: tuple[int, ...]
    dtype: np.dtype
    cell: Cell | None = None
    info: SaveSliceInfo | None = None

    def __call__(self) -> jax.Array:
        """The value, drawn from key 0: for creators that want to look at one."""
        return self.initializer(jax.random.key(0), self.shape, self.dtype)
