"""Variable: a named value of a graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._base.tf1_errors import tf_error
from ..._spec.spec import VariableAggregation, VariableSynchronization
from .._graph.cells import Cell, Plan
from .._graph.current import get_default_graph
from .._graph.graph import Graph
from .._graph.values import GraphValues
from .._initial.values import InitialValue, as_value
from .._words.array_like import Indexable, plain_operand
from .._words.dtypes import DType
from .._words.recipes import Again, remember
from .._words.shape import TensorShape
from .creation import create_variable
from .operation import Assignment, InitializerOp, Operation
from .start import SaveSliceInfo

_AUTO = VariableSynchronization.AUTO
_NONE = VariableAggregation.NONE


class Variable(Indexable):
    """A named value, created at each call and never shared; see `get_variable`.

    Its name follows the name scope and is made unique. It acts as an array in jax.numpy
    and in operators; `==` is identity, as in TF1; `jax.lax` wants its `value()`.

    Args:
      initial_value: an array, a number, nested lists, or a function without arguments.
      trainable: whether optimizers change it; True unless `synchronization` is ON_READ.
      collections: the graph's collections to add it to; the global variables.
      validate_shape, variable_def, expected_shape, import_scope, use_resource: accepted
        and without effect: arrays have a shape, and there is one kind of them.
      caching_device: a device that exists; kept in the manifest.
      name: "Variable" where it is None.
      dtype: what `initial_value` is converted to.
      constraint: ``array -> array``, applied by `Manifest.project`.
      synchronization, aggregation: kept in the manifest.
      shape: what the value's shape has to be.

    Raises:
      ValueError, TypeError: as TF1.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default(), tf1.name_scope("a"):
    ...     v, w = tf1.Variable(1.0, name="v"), tf1.Variable(2.0, name="v")
    >>> v.name, w.name, float(v + w)
    ('a/v:0', 'a/v_1:0', 3.0)
    """

    __slots__ = (
        "__weakref__",
        "_cell",
        "_name",
        "_plan",
        "_save_slice_info",
        "graph",
    )

    _cell: Cell
    _name: str
    _plan: Plan
    _save_slice_info: SaveSliceInfo | None
    graph: Graph

    def __new__(
        cls,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: Any = None,
        constraint: Callable[[Any], Any] | None = None,
        use_resource: bool | None = None,
        synchronization: VariableSynchronization | None = _AUTO,
        aggregation: VariableAggregation | None = _NONE,
        shape: Any = None,
    ) -> Variable:
        """Asks the creators in force; the last of them makes the variable."""
        graph = get_default_graph()
        graph.asked()
        variable = create_variable(
            cls,
            initial_value=initial_value,
            trainable=trainable,
            collections=collections,
            validate_shape=validate_shape,
            caching_device=caching_device,
            name=name,
            variable_def=variable_def,
            dtype=dtype,
            expected_shape=expected_shape,
            import_scope=import_scope,
            constraint=constraint,
            use_resource=use_resource,
            synchronization=synchronization,
            aggregation=aggregation,
            shape=shape,
        )
        graph.changed()
        return variable  # type: ignore[no-any-return]  # a creator's, whatever it is

    # What it is

    @property
    def name(self) -> str:
        """The op name and ``":0"``: ``"foo/bar/v:0"``."""
        return self._name + ":0"

    @property
    def op(self) -> Operation:
        """An object whose `name` is the name in a checkpoint, ``"foo/bar/v"``."""
        return Operation(self._name)

    @property
    def defined_at(self) -> str:
        """The user's lines that created it."""
        return str(self._plan.steps)

    @property
    def shape(self) -> TensorShape:
        """The sizes of its axes."""
        return TensorShape(self._plan.shape)

    def get_shape(self) -> TensorShape:
        """The sizes of its axes."""
        return self.shape

    @property
    def dtype(self) -> DType:
        """That of its numbers."""
        return DType(self._plan.dtype)

    @property
    def trainable(self) -> bool:
        """Whether it was created as trainable; optimizers go by the collection."""
        return self._plan.trainable

    @property
    def constraint(self) -> Callable[[Any], Any] | None:
        """What was given as constraint."""
        constraint: Callable[[Any], Any] | None = self._plan.constraint
        return constraint

    @property
    def synchronization(self) -> VariableSynchronization:
        """When replicas are brought together."""
        return self._plan.synchronization

    @property
    def aggregation(self) -> VariableAggregation:
        """How replicas are combined."""
        return self._plan.aggregation

    @property
    def initializer(self) -> Operation:
        """The op that brings the initial value back, for `Session.run`."""
        return InitializerOp([self])

    @property
    def initial_value(self) -> Any:
        """What it starts with; in a model an object that others can start from."""
        if isinstance(self.graph.values, GraphValues):
            return getattr(self._cell, "initial", None)
        if not callable(self._plan.initializer):
            return jnp.asarray(self._plan.initializer)
        return InitialValue(self._plan.name, self._plan.shape, self._plan.dtype)

    def initialized_value(self) -> Any:
        """The same as `initial_value`: there is no value before it."""
        return self.initial_value

    def __repr__(self) -> str:
        return (
            f"<tf.Variable '{self.name}' shape={tuple(self._plan.shape)}"
            f" dtype={self.dtype.name}>"
        )

    def _get_save_slice_info(self) -> SaveSliceInfo | None:
        """Where it lies within the partitioned variable that it is a shard of."""
        return self._save_slice_info

    # Its value

    _live = True

    @property
    def _started(self) -> bool:
        """Whether an initializer was run for it, or it was assigned."""
        return self._name in self.graph.values.started

    @_started.setter
    def _started(self, started: bool) -> None:
        assert started
        self.graph.values.started.add(self._name)

    def _again(self, run: Again) -> jax.Array:
        """The value, which goes to a session and not into the program's arrays."""
        return self._own()

    def _computed(self, function: Callable[..., Any], *operands: Any) -> Any:
        """What an operator gives; in a graph a session can compute it again."""
        result = super()._computed(function, *operands)
        if isinstance(self.graph.values, GraphValues):
            remember(plain_operand(result), function, *operands)
        return result

    def value(self) -> jax.Array:
        """The array, of use in the current trace."""
        return self._cell.read(self.graph.asked())

    read_value = value

    def numpy(self) -> np.ndarray:
        """The value as a NumPy array."""
        return np.asarray(self.value())

    def eval(self, session: Any = None) -> np.ndarray:
        """The value as a NumPy array."""
        del session  # values belong to graphs
        return self.numpy()

    def assign(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Assignment:
        """Another value, at once.

        Args:
          value: of the shape and dtype of the variable; Python's numbers are converted.
            A function without arguments computes it, now and at each later run.
          use_locking, name, read_value: without effect.

        Returns:
          What stands for the value after it. `Session.run` of it assigns again.

        Raises:
          ValueError: `value` has another shape or dtype.
          ScopeUsageError: the variable is a param of a model that runs.
        """
        del use_locking, name, read_value
        return Assignment(self, value)

    def assign_add(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Assignment:
        """Adds to the value; see `assign`."""
        del use_locking, name, read_value
        return Assignment(self, delta, lambda x: self._own() + self._converted(x))

    def assign_sub(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Assignment:
        """Subtracts from the value; see `assign`."""
        del use_locking, name, read_value
        return Assignment(self, delta, lambda x: self._own() - self._converted(x))

    def load(self, value: Any, session: Any = None) -> None:
        """Another value, at once."""
        del session
        if isinstance(self.graph.values, GraphValues):
            self.graph.values.changed_by_hand()
        self._write(value)

    def _own(self) -> jax.Array:
        """What a change begins with, on each replica."""
        self.graph.asked()
        return self._cell.own()

    def _converted(self, value: Any) -> jax.Array:
        """A value that is assigned or added: of this shape and dtype."""
        dtype = self._plan.dtype
        array = jnp.asarray(as_value(value, dtype), dtype)
        if array.shape != self._plan.shape:
            raise tf_error(
                ValueError,
                f"Cannot assign value to variable '{self.name}': Shape mismatch.The"
                f" variable shape {tuple(self._plan.shape)}, and the assigned value"
                f" shape {tuple(array.shape)} are incompatible.",
                name=self._name,
                first=self.defined_at,
            )
        return array

    def _write(self, value: Any) -> jax.Array:
        array = self._converted(value)
        self.graph.asked()
        self._cell.write(array)
        self._started = True
        self.graph.changed()
        combines = self._plan.aggregation is not VariableAggregation.NONE
        return self.value() if combines else array
