"""get_variable and get_local_variable: the variables of the current scope."""

from __future__ import annotations

from typing import Any

from ..._spec.spec import VariableAggregation, VariableSynchronization
from .._words.arguments import Arguments
from .._words.graph_keys import GraphKeys
from .scope import get_variable_scope


def get_variable(
    name: Any,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Any:
    """The variable `name` of the current variable scope: shared, or made.

    Args:
      name: its name in the scope.
      shape: sizes of its axes; left out where `initializer` is a value.
      dtype: the scope's where it is None, float32 at the root.
      initializer: TF1's ``init(shape, dtype=, partition_info=)``, JAX's ``init(key,
        shape, dtype)``, a class of either, a function without arguments, or a value.
      regularizer: ``variable -> loss or None``; the loss goes to REGULARIZATION_LOSSES.
      trainable: True unless `synchronization` is ON_READ.
      collections: the graph's collections to add it to; the global variables.
      caching_device: kept in the manifest.
      partitioner: ``(shape=, dtype=) -> shards for each axis``.
      validate_shape, use_resource: accepted and without effect.
      custom_getter: replaces those of the scopes.
      constraint: ``array -> array``, applied by `Manifest.project`.
      synchronization, aggregation: kept in the manifest.

    Returns:
      A `Variable`, a `PartitionedVariable`, or what a custom getter returns.

    Raises:
      ValueError, TypeError: as TF1, with its words.

    Source: `tf.compat.v1.get_variable`.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default(), tf1.variable_scope("foo"):
    ...     v = tf1.get_variable("v", [1])
    >>> v
    <tf.Variable 'foo/v:0' shape=(1,) dtype=float32>
    """
    arguments = Arguments(
        name,
        shape,
        dtype,
        initializer,
        regularizer,
        None,
        trainable,
        collections,
        caching_device,
        partitioner,
        validate_shape,
        use_resource,
        constraint,
        synchronization,
        aggregation,
    )
    return get_variable_scope()._get_variable(arguments, custom_getter)


def get_local_variable(
    name: Any,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = False,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Any:
    """`get_variable` of a variable that is local and not trainable.

    It goes to LOCAL_VARIABLES in place of the global ones; `trainable` is ignored, as
    in TF1. The caller's list of collections is left as it is; TF1 appends to it.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     v = tf1.get_local_variable("total", [])
    ...     tf1.local_variables() == [v], tf1.global_variables()
    (True, [])
    """
    del trainable
    local = [GraphKeys.LOCAL_VARIABLES]
    return get_variable(
        name,
        shape,
        dtype,
        initializer,
        regularizer,
        False,
        collections + local if collections else local,
        caching_device,
        partitioner,
        validate_shape,
        use_resource,
        custom_getter,
        constraint,
        synchronization,
        aggregation,
    )
