"""EagerVariableStore and track_tf1_style_variables: sharing in the eager world."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from ..._base.tf1_errors import tf_error
from .._graph.current import eager_world
from .._graph.state import Store
from .._variables.creation import default_creator
from .._variables.partitioned import PartitionedVariable
from .._variables.store import true_getter
from .._variables.variable import Variable


class EagerVariableStore:
    """Keeps variables between calls: within `as_default` each is made once and shared.

    Every scope then reuses as with AUTO_REUSE, and names are not made unique.

    >>> from scopejax import tf1
    >>> store = tf1.EagerVariableStore()
    >>> for _ in range(2):
    ...     with store.as_default(), tf1.variable_scope("a"):
    ...         v = tf1.get_variable("v", [1])
    >>> store.variables()
    [<tf.Variable 'a/v:0' shape=(1,) dtype=float32>]
    """

    _store: Store

    def __init__(self, store: EagerVariableStore | None = None) -> None:
        if store is not None and not isinstance(store, EagerVariableStore):
            raise tf_error(
                ValueError,
                "Cannot construct EagerVariableStore from a VariableStore object that"
                " does not hold eager variables.",
            )
        self._store = Store() if store is None else store._store

    def as_default(self) -> AbstractContextManager[Any]:
        """Within it `get_variable` finds and makes the variables of this store."""
        return eager_world(self._store)

    def variables(self) -> list[Any]:
        """All variables, sorted by name."""
        return sorted(self._store.variables.values(), key=lambda v: v.name)

    def trainable_variables(self) -> list[Any]:
        """The trainable ones, sorted by name."""
        return [v for v in self.variables() if v.trainable]

    def non_trainable_variables(self) -> list[Any]:
        """The others, sorted by name."""
        return [v for v in self.variables() if not v.trainable]

    def copy(self) -> EagerVariableStore:
        """A store with variables of its own, that have the present values.

        >>> from scopejax import tf1
        >>> tf1.EagerVariableStore().copy().variables()
        []
        """
        copied = EagerVariableStore()
        with copied.as_default():
            for name, whole in self._store.partitioned.items():
                _copy_of_partitioned(name, whole)
            for name, variable in self._store.variables.items():
                if variable._get_save_slice_info() is None:
                    copied._store.variables[name] = _copy_of(variable)
        return copied


def _copy_of(variable: Variable) -> Variable:
    """A variable of the same name and kind that has the present value."""
    copy: Variable = default_creator(
        Variable,
        initial_value=variable.value(),
        trainable=variable.trainable,
        collections=[],
        name=variable.op.name,
        constraint=variable.constraint,
        synchronization=variable.synchronization,
        aggregation=variable.aggregation,
    )
    return copy


def _copy_of_partitioned(name: str, whole: PartitionedVariable) -> None:
    first = next(iter(whole))
    true_getter(
        name,
        initializer=whole.value(),
        trainable=first.trainable,
        collections=[],
        partitioner=lambda **unused: whole.partitions,
        constraint=first.constraint,
        synchronization=first.synchronization,
        aggregation=first.aggregation,
    )


def track_tf1_style_variables(method: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator of methods: variables are kept by the object and shared by its calls.

    Args:
      method: takes the object, which may be any that has attributes, as first argument.

    Raises:
      ValueError: the first argument cannot keep variables.

    Source: `tf.compat.v1.keras.utils.track_tf1_style_variables`.

    >>> from scopejax import tf1
    >>> class Scale:
    ...     @tf1.keras.utils.track_tf1_style_variables
    ...     def __call__(self, x):
    ...         return x * tf1.get_variable("w", [], initializer=tf1.ones_initializer())
    >>> scale = Scale()
    >>> float(scale(2.0) + scale(3.0))
    5.0
    """

    @functools.wraps(method)
    def tracked(self: Any, *args: Any, **kwargs: Any) -> Any:
        with _store_of(self).as_default():
            return method(self, *args, **kwargs)

    return tracked


def _store_of(tracker: Any) -> EagerVariableStore:
    try:
        kept: EagerVariableStore = vars(tracker).setdefault(
            "_tf1_style_variable_store", EagerVariableStore()
        )
    except TypeError:
        raise tf_error(
            ValueError,
            "`@tf.compat.v1.keras.utils.track_tf1_layers_and_variables` must be applied"
            " to a method of a subclassed `tf.Module`, `tf.keras.layers.Layer`, or"
            " `tf.keras.Model` and which takes `self` as the first argument. But, the"
            f" first argument passed to the decorated method was {tracker}, which does"
            " not extend Module, Layer, or Model.",
            remedy="Any object with attributes will do here.",
        ) from None
    return kept
