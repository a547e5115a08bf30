"""Where the values of variables live: in a graph, in a model's params, in its state.

A variable asks the values of its graph for a `Cell` when it is created and reads from
that cell whenever it is used. Everything else about a variable is the same wherever its
value lives.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np

from .._errors import InitializerError, ScopeUsageError
from .._manifest import Manifest
from .._options import AUTO_REUSE
from .._scope import Scope
from .._spec import VariableAggregation, VariableSpec, VariableSynchronization
from .._tree import to_flat
from .._where import CallPath, innermost_line, user_line
from ._caches import trace_state
from ._errors import tf_error
from ._initial import InitialValue


class Plan(NamedTuple):
    """What is known of a variable when it is made; see `VariableSpec`.

    Attributes:
      name: its place in the nested dict of variables.
      steps: the user's lines that make it.
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

    def write(self, value: jax.Array) -> None:
        """Another value, of the same shape and dtype."""


class Values(Protocol):
    """Makes the cells of one graph, and knows its random key."""

    def create(self, plan: Plan, device: Any, source: InitialValue | None) -> Cell:
        """A cell for a variable that is new to the graph.

        Args:
          plan: of the variable.
          device: what to make it on; None leaves it to JAX.
          source: where its initial value is copied from.
        """

    def key(self, path: str, name: str, index: Any) -> jax.Array:
        """The random key `name` of the scope `path`."""


# A graph: the values are there as the line runs


@dataclasses.dataclass
class ArrayCell:
    """A value that exists; `initial` is what an initializer op brings back."""

    array: jax.Array
    initial: jax.Array

    def read(self, inside: bool) -> jax.Array:
        """The value."""
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
        self.array = value


class GraphValues:
    """Values that are made as soon as their variable is created.

    Attributes:
      specs: what was created so far, by its place.
      root: the random key that all initial values depend on.
    """

    def __init__(self, root: jax.Array) -> None:
        self.specs: dict[str, VariableSpec] = {}
        self.root = root

    def create(self, plan: Plan, device: Any, source: InitialValue | None) -> ArrayCell:
        """Makes the value, also inside of a JAX transform."""
        assert source is None  # a graph's initial values are arrays
        spec = plan.spec()
        with _outside_of_traces(), _on(device):
            array = self._array(spec)
        self.specs[spec.name] = spec
        return ArrayCell(array, array)

    def _array(self, spec: VariableSpec) -> jax.Array:
        try:
            tree = Manifest([spec]).initialize(self.root)
        except InitializerError as error:
            raise _own(error) from None
        array: jax.Array
        (array,) = to_flat(tree).values()
        return array

    def key(self, path: str, name: str, index: Any) -> jax.Array:
        """The random key `name` of the scope `path`."""
        return _key(Scope({}, key=self.root), path, name, index)


def _own(error: InitializerError) -> BaseException:
    """What an initializer raised is what the caller sees, as in TF1."""
    cause = error.__cause__
    if cause is None or type(cause).__module__.startswith("scopejax"):
        return tf_error(ValueError, error.headline, name=error.name)
    return cause


@contextlib.contextmanager
def _outside_of_traces() -> Iterator[None]:
    with jax.ensure_compile_time_eval():
        yield


def _on(device: Any) -> AbstractContextManager[Any]:
    if device is None:
        return contextlib.nullcontext()
    context: AbstractContextManager[Any] = jax.default_device(device)
    return context


def _key(scope: Scope, path: str, name: str, index: Any) -> jax.Array:
    return (scope / path if path else scope).key(name, index)


# A model: the values are its params, or zeros while it is recorded


class ParamCell:
    """A value that a core scope holds, read in whatever trace is current."""

    __slots__ = ("_array", "_plan", "_scope")

    def __init__(self, scope: Scope, plan: Plan, inside: bool) -> None:
        self._scope, self._plan = scope, plan
        array = self._ask()
        self._array = None if inside else array

    def _ask(self) -> jax.Array:
        plan = self._plan
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
            caching_device=plan.caching_device,
            synchronization=plan.synchronization,
            aggregation=plan.aggregation,
        )

    def read(self, inside: bool) -> jax.Array:
        """The value; in a trace within the model's own it is asked for anew."""
        if self._array is None or inside:
            return self._ask()
        return self._array

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


class RecordedState(ParamCell):
    """State of a model that is being recorded: a write is checked and forgotten."""

    __slots__ = ()

    def write(self, value: jax.Array) -> None:
        """Nothing: there are no values yet."""


class RefCell:
    """State of a model that runs: a mutable array of JAX, right inside its loops."""

    __slots__ = ("_name", "_ref")

    def __init__(self, name: str, ref: Any) -> None:
        self._name, self._ref = name, ref

    def read(self, inside: bool) -> jax.Array:
        """The present value."""
        array: jax.Array = self._ref[...]
        return array

    def write(self, value: jax.Array) -> None:
        """The value from here on.

        Raises:
          ScopeUsageError: JAX cannot write it here.
        """
        try:
            self._write(value)
        except Exception as error:
            raise ScopeUsageError(
                f"Variable {self._name} cannot be assigned here: {error}",
                name=self._name,
                where=user_line(),
                remedy="Under vmap, assign what is the same for all items: a mean or a"
                " sum, taken outside or by jax.lax.pmean over its axis_name.",
            ) from error

    def _write(self, value: jax.Array) -> None:
        try:
            self._ref[...] = value
        except Exception:
            # JAX refuses a value that the model itself is differentiating. As in TF1
            # no gradient flows through an assignment; but JAX's backward pass fails on
            # references that were written so, thus only here.
            self._ref[...] = jax.lax.stop_gradient(value)


class ParamValues:
    """Values that come from the scope of a model.

    Attributes:
      devices: place -> the device that a variable is to be made on.
      copies: place -> the place whose initial value it starts from.
    """

    def __init__(
        self,
        scope: Scope,
        refs: Mapping[str, Any] | None = None,
        stateful: bool = False,
    ) -> None:
        self._scope = scope.with_options(reuse=AUTO_REUSE)
        self._model_trace = trace_state()
        self._refs = refs or {}
        self._stateful = stateful
        self.devices: dict[str, Any] = {}
        self.copies: dict[str, str] = {}

    def create(self, plan: Plan, device: Any, source: InitialValue | None) -> Cell:
        """Notes the variable, or looks it up."""
        if device is not None:
            self.devices[plan.name] = device
        if source is not None:
            self.copies[plan.name] = source.source
        inside = trace_state() != self._model_trace
        if self._stateful and not plan.trainable:
            found = RecordedState(self._scope, plan, inside)
            ref = self._refs.get(plan.name)
            return found if ref is None else RefCell(plan.name, ref)
        return ParamCell(self._scope, plan, inside)

    def key(self, path: str, name: str, index: Any) -> jax.Array:
        """The random key `name` of the scope `path`."""
        return _key(self._scope.with_options(reuse=False), path, name, index)


# A shard: a part of another variable's value


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

    def write(self, value: jax.Array) -> None:
        """Another part; the rest stays."""
        self.whole.write(self.whole.read(inside=True).at[self._slices].set(value))
