"""TF1's partitioners: ``(shape=, dtype=) -> number of shards for each axis``."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .._base.sizes import as_sizes, is_known
from .._base.tf1_errors import tf_error

Partitioner = Callable[..., list[int]]


def variable_axis_size_partitioner(
    max_shard_bytes: int,
    axis: int = 0,
    bytes_per_string_element: int = 16,
    max_shards: int | None = None,
) -> Partitioner:
    """As many shards along `axis` as keep each of them under `max_shard_bytes`.

    Args:
      max_shard_bytes: bytes of the largest shard.
      axis: what is split.
      bytes_per_string_element: checked, and without effect: there are no strings.
      max_shards: no more than this; 0 and None are no limit.

    Raises:
      ValueError: a number is not positive.

    >>> variable_axis_size_partitioner(1024)(shape=[1000, 4], dtype="float32")
    [16, 1]
    """
    if max_shard_bytes < 1 or bytes_per_string_element < 1:
        raise tf_error(
            ValueError,
            "Both max_shard_bytes and bytes_per_string_element must be positive."
            f" Currently, max_shard_bytes is {max_shard_bytes} and"
            f"bytes_per_string_element is {bytes_per_string_element}",
        )
    if max_shards and max_shards < 1:
        raise tf_error(ValueError, "max_shards must be positive.")
    return partial(_of_bytes, max_shard_bytes, axis, max_shards)


def _of_bytes(
    max_shard_bytes: int, axis: int, max_shards: int | None, /, shape: Any, dtype: Any
) -> list[int]:
    sizes = _known(shape)
    partitions = [1] * len(sizes)
    row = math.prod(sizes) // max(1, sizes[axis]) * np.dtype(dtype).itemsize
    rows = max(1, math.floor(max_shard_bytes / row)) if row else sizes[axis]
    count = max(1, math.ceil(sizes[axis] / max(1, rows)))
    partitions[axis] = min(count, max_shards) if max_shards else count
    return partitions


def min_max_variable_partitioner(
    max_partitions: int = 1,
    axis: int = 0,
    min_slice_size: int = 256 << 10,
    bytes_per_string_element: int = 16,
) -> Partitioner:
    """As many shards along `axis` as have `min_slice_size` bytes each, within limits.

    Args:
      max_partitions: no more than this.
      axis: what is split.
      min_slice_size: bytes that a shard should have.
      bytes_per_string_element: without effect: there are no strings.

    >>> min_max_variable_partitioner(50, min_slice_size=500)(
    ...     shape=[1000, 3], dtype="float32"
    ... )
    [24, 1]
    """
    del bytes_per_string_element
    return partial(_within, max_partitions, axis, min_slice_size)


def _within(
    max_partitions: int, axis: int, min_slice_size: int, /, shape: Any, dtype: Any
) -> list[int]:
    sizes = _known(shape)
    if axis >= len(sizes):
        raise tf_error(
            ValueError,
            f"Cannot partition variable along axis {axis} when shape is only"
            f" {tuple(sizes)}",
        )
    nbytes = math.prod(sizes) * np.dtype(dtype).itemsize
    wanted = -(-nbytes // min_slice_size)
    partitions = [1] * len(sizes)
    partitions[axis] = max(1, min(sizes[axis], max_partitions, wanted))
    return partitions


def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Partitioner:
    """`num_shards` along `axis`, and never more than it is long.

    >>> fixed_size_partitioner(2)(shape=[5, 3], dtype="float32")
    [2, 1]
    """
    return partial(_fixed, num_shards, axis)


def _fixed(num_shards: int, axis: int, /, shape: Any, **unused: Any) -> list[int]:
    del unused
    sizes = _known(shape)
    partitions = [1] * len(sizes)
    partitions[axis] = min(num_shards, sizes[axis])
    return partitions


def _known(shape: Any) -> list[int]:
    sizes = as_sizes(shape)
    if sizes is None or not is_known(sizes):
        raise tf_error(ValueError, f"shape is not fully defined: {shape}")
    return [size for size in sizes if size is not None]
