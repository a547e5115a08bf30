"""Cells: the value of one variable, wherever it lives."""

from __future__ import annotations

import dataclasses
import random
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np

from ..._base.errors import ScopeUsageError
from ..._base.lines import CallPath, innermost_line, user_line
from ..._jax.memory import moved
from ..._scope.replicas import summand
from ..._scope.scope import Scope
from ..._spec.spec import (
    Combining,
    VariableAggregation,
    VariableSpec,
    VariableSynchronization,
)
from .._words.recipes import recipe_of


class Plan(NamedTuple):
    """What is known of a variable when it is made; see `VariableSpec`.

    Attributes:
      name: its place in the nested dict of variables.
      steps: the user's lines that make it.
      partition: what its partitioner answered, or None.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    initializer: Any
    trainable: bool
    collections: tuple[str, ...]
    regularizer: Any
    constraint: Any
    caching_device: Any
    synchronization: VariableSynchronization
    aggregation: VariableAggregation
    steps: CallPath
    partition: Any = None

    def spec(self) -> VariableSpec:
        """The same as the core's specification."""
        fields = self._asdict()
        where = innermost_line(fields.pop("steps"))
        return VariableSpec(**fields, where=where)


class Cell(Protocol):
    """The value of one variable."""

    def read(self, inside: bool) -> jax.Array:
        """The value, of use in the current trace.

        Args:
          inside: whether that lies within the graph's own trace.
        """

    def own(self) -> jax.Array:
        """What a change of the value begins with: that of the replica alone."""

    def write(self, value: jax.Array) -> None:
        """Another value, of the same shape and dtype."""


@dataclasses.dataclass(eq=False)
class ArrayCell:
    """A value that exists.

    Attributes:
      array: it.
      initial: what an initializer op brings back.
      device: where it is to stay; None leaves it to JAX.
      caching_device: where it is brought to be read, once for each value; None leaves
        it where it is.
      stamp: a number for the value; 0 stands for the initial one.
      seen: the stamp of the value that was read last; None before any was.
    """

    array: jax.Array
    initial: jax.Array
    device: Any = None
    caching_device: Any = None
    stamp: int = 0
    seen: int | None = None
    _cached: tuple[jax.Array, jax.Array] | None = None

    def read(self, inside: bool) -> jax.Array:
        """The value."""
        self.seen = self.stamp
        if self.caching_device is None:
            return self.array
        if self._cached is None or self._cached[0] is not self.array:
            with jax.ensure_compile_time_eval():
                copy = moved(self.array, self.caching_device)
            self._cached = self.array, copy
        return self._cached[1]

    def own(self) -> jax.Array:
        """The value, wherever it is read."""
        return self.array

    def write(self, value: jax.Array) -> None:
        """Another value, which must exist too."""
        if isinstance(value, jax.core.Tracer):
            raise ScopeUsageError(
                "A variable of a graph was assigned a value that JAX is tracing.",
                where=user_line(),
                remedy="Assign outside of jit and grad, or make a pure function of the"
                " model with tf1.transform_with_state.",
            )
        if value is self.array:
            return
        self.stamp = 0 if value is self.initial else random.getrandbits(64)
        if self.device is not None:
            value = jax.device_put(value, self.device)
        self.array = value if recipe_of(value) is None else _another(value)


def _another(array: jax.Array) -> jax.Array:
    """An array of the same memory: how `array` was computed is not how this is."""
    parts = [shard.data for shard in array.addressable_shards]
    return jax.make_array_from_single_device_arrays(array.shape, array.sharding, parts)


class ParamCell:
    """A value that a core scope holds, read in whatever trace is current."""

    __slots__ = ("_array", "_plan", "_scope")

    def __init__(self, scope: Scope, plan: Plan, inside: bool) -> None:
        self._scope, self._plan = scope, plan
        array = self._ask()
        self._array = None if inside else array

    def _ask(self, how: Combining | None = None) -> jax.Array:
        plan = self._plan
        how = how or Combining(plan.synchronization, plan.aggregation)
        value = not callable(plan.initializer)
        return self._scope.get_variable(
            plan.name,
            None if value else plan.shape,
            plan.dtype,
            plan.initializer,
            regularizer=plan.regularizer,
            constraint=plan.constraint,
            trainable=plan.trainable,
            collections=plan.collections,
            partitioner=None if plan.partition is None else self._partition,
            caching_device=plan.caching_device,
            synchronization=how.synchronization,
            aggregation=how.aggregation,
        )

    def _partition(self, shape: Any, dtype: Any) -> Any:
        """The partitioner for the core: it was asked before."""
        del shape, dtype
        return self._plan.partition

    def read(self, inside: bool) -> jax.Array:
        """The value; in a trace within the model's own it is asked for anew."""
        if self._array is None or inside:
            return self._ask()
        return self._array

    def own(self) -> jax.Array:
        """The value before replicas are combined."""
        plan = self._plan
        how = Combining(plan.synchronization, plan.aggregation)
        return summand(self._ask(Combining(VariableSynchronization.NONE)), how)

    def write(self, value: jax.Array) -> None:
        """Params do not change."""
        raise ScopeUsageError(
            f"Variable {self._plan.name} was assigned, but params do not change while a"
            " model runs.",
            name=self._plan.name,
            where=user_line(),
            remedy="Use tf1.transform_with_state, whose state holds the variables that"
            " are not trainable; create this one with trainable=False.",
        )


class StateCell(ParamCell):
    """State of a model: what a core scope assigns, right inside of JAX's loops."""

    __slots__ = ()

    def __init__(self, scope: Scope, plan: Plan, inside: bool) -> None:
        super().__init__(scope, plan, inside=True)  # a value that is kept may be old

    def write(self, value: jax.Array) -> None:
        """The value from here on.

        Raises:
          ScopeUsageError: JAX cannot write it here.
        """
        self._scope.assign(self._plan.name, value)


class SliceCell:
    """A part of another cell's value."""

    __slots__ = ("_slices", "whole")

    def __init__(self, whole: Cell, slices: tuple[slice, ...]) -> None:
        self.whole, self._slices = whole, slices

    @property
    def initial(self) -> Any:
        """The part of the initial value, where that exists."""
        initial = getattr(self.whole, "initial", None)
        return None if initial is None else initial[self._slices]

    def read(self, inside: bool) -> jax.Array:
        """The part."""
        return self.whole.read(inside)[self._slices]

    def own(self) -> jax.Array:
        """The part, before replicas are combined."""
        return self.whole.own()[self._slices]

    def write(self, value: jax.Array) -> None:
        """Another part; the rest stays."""
        self.whole.write(self.whole.own().at[self._slices].set(value))
