"""create_partitioned_variables: the shards of a new variable, as a list."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._base.tf1_errors import tf_error
from .._variables.store import true_getter
from .._variables.variable import Variable
from .scopes import variable_scope


def create_partitioned_variables(
    shape: Any,
    slicing: Any,
    initializer: Any,
    dtype: Any = np.float32,
    trainable: bool = True,
    collections: Any = None,
    name: str | None = None,
    reuse: Any = None,
) -> list[Variable]:
    """The shards of a partitioned variable; use `get_variable` with a partitioner.

    Args:
      shape: of the whole.
      slicing: the number of shards for each axis, one of them above 1.
      initializer, dtype, trainable, collections: as of `get_variable`.
      name: of the variable scope it is; "PartitionedVariable" made unique by default.
      reuse: as of `variable_scope`.

    Raises:
      ValueError: lengths differ, or a custom getter is in force.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.create_partitioned_variables([3, 4], [1, 2], tf1.zeros_initializer())
    [<tf.Variable 'PartitionedVariable/part_0:0' shape=(3, 2) dtype=float32>,
     <tf.Variable 'PartitionedVariable/part_1:0' shape=(3, 2) dtype=float32>]
    """
    if len(shape) != len(slicing):
        raise tf_error(
            ValueError,
            "The 'shape' and 'slicing' of a partitioned Variable must have the length:"
            f" shape: {shape}, slicing: {slicing}",
        )
    if len(shape) < 1:
        raise tf_error(
            ValueError,
            f"A partitioned Variable must have rank at least 1: shape: {shape}",
        )
    with variable_scope(name, "PartitionedVariable", reuse=reuse) as scope:
        if scope.custom_getter is not None:
            raise tf_error(
                ValueError,
                "Private access to _get_partitioned_variable is not allowed when a"
                f" custom getter is set.  Current custom getter: {scope.custom_getter}."
                "  It is likely that you're using create_partitioned_variables.  If so,"
                " consider instead using get_variable with a non-empty partitioner"
                " parameter instead.",
            )
        whole = true_getter(
            scope.name,
            shape,
            dtype=dtype,
            initializer=scope.initializer if initializer is None else initializer,
            regularizer=scope.regularizer,
            reuse=scope.reuse,
            trainable=trainable,
            collections=collections,
            caching_device=scope.caching_device,
            partitioner=lambda **unused: list(slicing),
            constraint=scope.constraint,
        )
    return list(whole)
