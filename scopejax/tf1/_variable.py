"""Variable: a named value of a graph, and the functions that create one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._spec import VariableAggregation, VariableSpec, VariableSynchronization
from .._where import user_line
from ._array_like import Indexable
from ._devices import device_named
from ._dtypes import as_dtype
from ._errors import tf_error
from ._graph import Graph, get_default_graph
from ._graph_keys import GraphKeys
from ._initial import (
    Initializer,
    InitialValue,
    as_value,
    from_function,
    require_initial_shape,
)
from ._operation import Assignment, InitializerOp, Operation
from ._shape import TensorShape
from ._values import Cell, GraphValues

_AUTO = VariableSynchronization.AUTO
_NONE = VariableAggregation.NONE


@dataclasses.dataclass(frozen=True)
class Start:
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
        "_fields",
        "_name",
        "_save_slice_info",
        "_spec",
        "_started",
        "defined_at",
        "graph",
    )

    _cell: Cell
    _name: str
    _spec: VariableSpec
    _started: bool
    _save_slice_info: SaveSliceInfo | None
    graph: Graph
    defined_at: str

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
        return create_variable(
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
    def shape(self) -> TensorShape:
        """The sizes of its axes."""
        return TensorShape(self._spec.shape)

    def get_shape(self) -> TensorShape:
        """The sizes of its axes."""
        return self.shape

    @property
    def dtype(self) -> np.dtype:
        """NumPy's dtype."""
        return self._spec.dtype

    @property
    def trainable(self) -> bool:
        """Whether it was created as trainable; optimizers go by the collection."""
        return self._spec.trainable

    @property
    def constraint(self) -> Callable[[Any], Any] | None:
        """What was given as constraint."""
        return self._spec.constraint

    @property
    def synchronization(self) -> VariableSynchronization:
        """When replicas are brought together."""
        return self._spec.synchronization

    @property
    def aggregation(self) -> VariableAggregation:
        """How replicas are combined."""
        return self._spec.aggregation

    @property
    def initializer(self) -> Operation:
        """The op that brings the initial value back, for `Session.run`."""
        return InitializerOp([self])

    @property
    def initial_value(self) -> Any:
        """What it starts with; in a model an object that other variables can start from."""
        if isinstance(self.graph.values, GraphValues):
            return getattr(self._cell, "initial", None)
        if not callable(self._spec.initializer):
            return jnp.asarray(self._spec.initializer)
        return InitialValue(self._spec.name, self._spec.shape, self._spec.dtype)

    def initialized_value(self) -> Any:
        """The same as `initial_value`: there is no value before it."""
        return self.initial_value

    def __repr__(self) -> str:
        return (
            f"<tf.Variable '{self.name}' shape={tuple(self._spec.shape)}"
            f" dtype={self.dtype.name}>"
        )

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def _get_save_slice_info(self) -> SaveSliceInfo | None:
        """Where it lies within the partitioned variable that it is a shard of."""
        return self._save_slice_info

    # Its value

    def value(self) -> jax.Array:
        """The array, of use in the current trace."""
        self.graph.asked()
        return self._cell.read()

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
          use_locking, name, read_value: without effect.

        Returns:
          What stands for the value after it. `Session.run` of it assigns again.

        Raises:
          ValueError: `value` has another shape or dtype.
          ScopeUsageError: the variable is a param of a model that runs.
        """
        del use_locking, name, read_value
        return Assignment(self, lambda: value)

    def assign_add(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Assignment:
        """Adds to the value; see `assign`."""
        del use_locking, name, read_value
        return Assignment(self, lambda: self.value() + self._converted(delta))

    def assign_sub(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Assignment:
        """Subtracts from the value; see `assign`."""
        del use_locking, name, read_value
        return Assignment(self, lambda: self.value() - self._converted(delta))

    def load(self, value: Any, session: Any = None) -> None:
        """Another value, at once."""
        del session
        self.assign(value)

    def _converted(self, value: Any) -> jax.Array:
        """A value that is assigned or added: of this shape and dtype."""
        array = jnp.asarray(as_value(value, self.dtype))
        if array.shape != self._spec.shape:
            raise tf_error(
                ValueError,
                f"Cannot assign value to variable '{self.name}': Shape mismatch.The"
                f" variable shape {tuple(self._spec.shape)}, and the assigned value"
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
        return array


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


# Creation


def create_variable(**arguments: Any) -> Any:
    """Asks the variable creators in force, the innermost first."""
    arguments.setdefault("experimental_enable_variable_lifting", None)
    create: Callable[..., Any] = _default_creator
    for creator in get_default_graph().thread.creators:
        create = _bound(creator, create)
    return create(**arguments)


def _bound(creator: Callable[..., Any], following: Callable[..., Any]) -> Any:
    return lambda **arguments: creator(following, **arguments)


def _default_creator(
    initial_value: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    name: str | None = None,
    dtype: Any = None,
    constraint: Any = None,
    synchronization: Any = _AUTO,
    aggregation: Any = _NONE,
    shape: Any = None,
    **without_effect: Any,
) -> Variable:
    if without_effect.get("variable_def") is not None and initial_value is not None:
        raise tf_error(
            ValueError,
            "The variable_def and initial_value args to `tf.Variable` are mutually"
            " exclusive, but got both:"
            f" variable_def={without_effect['variable_def']},\n"
            f"initial_value={initial_value}",
        )
    if initial_value is None:
        raise tf_error(
            ValueError,
            "The `initial_value` arg to `tf.Variable` must be specified except when you"
            " are not providing a `variable_def`. You provided neither.",
        )
    synchronization, aggregation, trainable = checked_modes(
        synchronization, aggregation, trainable, name
    )
    keys = _collections(collections, trainable)
    if constraint is not None and not callable(constraint):
        raise tf_error(
            ValueError,
            "Argument `constraint` must be None or a callable. a callable. Got a"
            f" {type(constraint)}:  {constraint}",
        )
    device_named(caching_device)  # there must be one, though it is only noted
    graph = get_default_graph()
    graph.asked()
    with graph.lock:
        op_name = _claim(graph, name)
        with graph.unnoticed():
            start, source = _start(initial_value, shape, dtype)
        variable = object.__new__(Variable)
        variable.graph, variable._name, variable._started = graph, op_name, False
        variable._save_slice_info = start.info
        variable.defined_at = user_line()
        place = op_name if start.cell else graph.places.add(op_name)
        variable._spec = VariableSpec(
            name=place,
            shape=start.shape,
            dtype=np.dtype(start.dtype),
            initializer=start.initializer,
            trainable=trainable,
            collections=tuple(dict.fromkeys(keys)),
            constraint=constraint,
            caching_device=caching_device,
            synchronization=synchronization,
            aggregation=aggregation,
            where=variable.defined_at.partition(", called at ")[0],
        )
        if start.cell is None:
            device = graph.thread.device
            with graph.unnoticed():
                variable._cell = graph.values.create(variable._spec, device, source)
            if not graph.eager:
                graph.placed[place] = variable
        else:
            variable._cell = start.cell
        if not graph.eager:
            collect(graph, variable)
    graph.changed()
    return variable


def collect(graph: Graph, variable: Variable) -> None:
    """Adds a variable to its collections."""
    for key in variable._spec.collections:
        graph.collections.setdefault(key, []).append(variable)


def _claim(graph: Graph, name: str | None) -> str:
    """The op name of a new variable."""
    _, text = graph.open_name("Variable" if name is None else name)
    op_name = text[:-1]
    if not graph.eager:
        if op_name in graph.nodes:
            raise tf_error(ValueError, f"Duplicate node name in graph: '{op_name}'")
        graph.nodes.add(op_name)
    return op_name


def _collections(given: Any, trainable: bool) -> list[Any]:
    keys = [GraphKeys.GLOBAL_VARIABLES] if given is None else given
    if not isinstance(keys, list | tuple | set):
        raise tf_error(
            ValueError,
            "collections argument to Variable constructor must be a list, tuple, or"
            f" set. Got {keys} of type {type(keys)}",
        )
    keys = list(keys)
    if trainable and GraphKeys.TRAINABLE_VARIABLES not in keys:
        keys.append(GraphKeys.TRAINABLE_VARIABLES)
    return keys


def _start(value: Any, shape: Any, dtype: Any) -> tuple[Start, InitialValue | None]:
    """How a variable with this initial value begins, and what it is a copy of."""
    dtype = None if dtype is None else as_dtype(dtype)
    if isinstance(value, Start):
        return value, None
    if callable(value):
        initializer, found = from_function(value, dtype)
        start = Start(initializer, tuple(found.shape), found.dtype)
    else:
        value = as_value(value, dtype)
        found = jnp.asarray(value) if isinstance(value, np.ndarray) else value
        start = Start(value, tuple(found.shape), found.dtype)
    require_initial_shape(start.shape, shape)
    if isinstance(value, InitialValue):
        return dataclasses.replace(start, initializer=value.initializer), value
    return start, None


def checked_modes(
    synchronization: Any, aggregation: Any, trainable: Any, name: Any
) -> tuple[VariableSynchronization, VariableAggregation, bool]:
    """The two modes as members of their enums, and what `trainable` is by default."""
    checked: dict[str, Any] = {}
    for what, given, kind in (
        ("aggregation", aggregation, VariableAggregation),
        ("synchronization", synchronization, VariableSynchronization),
    ):
        try:
            checked[what] = given if isinstance(given, kind) else kind(given or 0)
        except ValueError:
            raise tf_error(
                ValueError,
                f"Invalid variable {what} mode: {given} for variable: {name}",
            ) from None
    if trainable is None:
        on_read = VariableSynchronization.ON_READ
        trainable = checked["synchronization"] is not on_read
    return checked["synchronization"], checked["aggregation"], trainable


def copy_of(variable: Variable) -> Variable:
    """A variable of the same name and kind that has the present value."""
    copy: Variable = _default_creator(
        initial_value=variable.value(),
        trainable=variable.trainable,
        collections=[],
        name=variable.op.name,
        constraint=variable.constraint,
        synchronization=variable.synchronization,
        aggregation=variable.aggregation,
    )
    return copy
