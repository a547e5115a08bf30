"""What a partitioner answers, checked with TF1's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jax.sharding import PartitionSpec

from ..._base.sizes import is_known, text
from ..._base.tf1_errors import tf_error
from ..._spec.partition import Partition


def answer_of(partitioner: Any, sizes: Any, dtype: Any) -> Any:
    """What the partitioner says of a shape, which it has to be a shape of."""
    if not is_known(sizes):
        raise tf_error(
            ValueError,
            "Shape of a new partitioned variable must be fully defined, but instead was"
            f" {text(sizes)}.",
        )
    if not sizes:
        raise tf_error(
            ValueError,
            f"A partitioned Variable must have rank at least 1, shape: {sizes}",
        )
    return partitioner(shape=sizes, dtype=dtype)


def partitions_of(answer: Any, name: str, sizes: Any) -> list[int]:
    """The number of parts for each axis; those of a mesh make one of the whole."""
    if isinstance(answer, Partition | PartitionSpec):
        return [1] * len(sizes)
    if not isinstance(answer, Sequence):
        raise tf_error(
            ValueError,
            f"Partitioner must return a sequence, but saw: {answer}",
            name=name,
        )
    for wrong, message in (
        (
            len(answer) != len(sizes),
            "Partitioner returned a partition list that does not match the Variable's"
            f" rank: {answer} vs. {sizes}",
        ),
        (
            any(count < 1 for count in answer),
            f"Partitioner returned zero partitions for some axes: {answer}",
        ),
        (
            sum(count > 1 for count in answer) > 1,
            "Can only slice a variable along one dimension: shape:"
            f" {sizes}, partitioning: {answer}",
        ),
    ):
        if wrong:
            raise tf_error(ValueError, message, name=name)
    return list(answer)


def kept(answer: Any) -> Any:
    """The answer as the manifest keeps it."""
    return answer if isinstance(answer, Partition | PartitionSpec) else tuple(answer)
