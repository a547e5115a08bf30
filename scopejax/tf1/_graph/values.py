"""Where the values of variables live: in a graph, in a model's params, in its state.

A variable asks the values of its graph for a `Cell` when it is created and reads from
that cell whenever it is used. Everything else about a variable is the same wherever its
value lives.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol
from weakref import WeakSet

import jax

from ..._base.errors import InitializerError
from ..._base.tf1_errors import tf_error
from ..._base.trees import to_flat
from ..._manifest.manifest import Manifest
from ..._scope.scope import Scope
from ..._spec.options import AUTO_REUSE
from ..._spec.spec import VariableSpec
from ...initializers import InitialValueOf
from .._initial.values import InitialValue
from .cells import ArrayCell, Cell, ParamCell, Plan, StateCell


class Here(Protocol):
    """What matters here of the thread that makes a variable.

    Attributes:
      device: to make it on; None leaves it to JAX.
      inside: whether JAX is tracing within the graph's own trace.
    """

    device: Any
    inside: bool


class Values(Protocol):
    """Makes the cells of one graph, and knows its random key."""

    def create(self, plan: Plan, source: InitialValue | None, thread: Here) -> Cell:
        """A cell for a variable that is new to the graph.

        Args:
          plan: of the variable.
          source: where its initial value is copied from.
          thread: the thread that makes it.
        """

    def key(self, path: str, name: str, index: Any) -> jax.Array:
        """The random key `name` of the scope `path`."""


# A graph: the values are there as the line runs


Stamps = dict[ArrayCell, int]
"""Which value each of some cells has, or had."""


class Moment(NamedTuple):
    """How the values of a graph are at some time.

    Attributes:
      stamps: which they are.
      runs: how often a session has written any.
    """

    stamps: Stamps
    runs: int

    def has(self, stamps: Stamps) -> bool:
        """Whether the values are those of `stamps`, as far as those go."""
        return all(self.stamps.get(c, stamp) == stamp for c, stamp in stamps.items())


class Kept(NamedTuple):
    """The values of one session: each cell's, its stamp, and what was initialized."""

    arrays: dict[ArrayCell, tuple[jax.Array, int]]
    started: set[str]


class GraphValues:
    """Values that are made as soon as their variable is created.

    Attributes:
      specs: what was created so far, by its place.
      seed: of the random key that all initial values depend on.
      started: the op names of the variables that an initializer was run for.
      runs: how often a session has written any of them.
      session: whose values they are; None before any has run.
      sessions: all of the graph.
      ran: the values at the end of a run, where there are several sessions: what is
        assigned by a line of the program after it is no session's yet.
    """

    def __init__(self, seed: int = 0) -> None:
        self.specs: dict[str, VariableSpec] = {}
        self.seed = seed
        self.started: set[str] = set()
        self.runs = 0
        self.session: Any = None
        self.sessions: WeakSet[Any] = WeakSet()
        self.ran: Kept | None = None
        self._cells: WeakSet[ArrayCell] = WeakSet()

    def moment(self) -> Moment:
        """How the values are now."""
        return Moment({cell: cell.stamp for cell in self._cells}, self.runs)

    def read(self) -> Stamps:
        """What the program has read so far: an array may come from these values."""
        return {c: c.seen for c in self._cells if c.seen is not None}

    def keep(self) -> Kept:
        """The values, for the time when another session has its own."""
        arrays = {cell: (cell.array, cell.stamp) for cell in self._cells}
        return Kept(arrays, set(self.started))

    def changed_by_hand(self) -> None:
        """To be called before values are loaded: they are the present session's."""
        self.runs += 1
        self.ran = None

    def bring(self, kept: Kept | None) -> None:
        """Values that were kept, and where there are none the initial ones."""
        for cell in self._cells:
            initial = cell.initial, 0
            cell.array, cell.stamp = kept.arrays.get(cell, initial) if kept else initial
        self.started = set(kept.started) if kept else set()
        self.ran = None

    @property
    def root(self) -> jax.Array:
        """The random key; made when it is needed, since it starts JAX's backend."""
        return jax.random.key(self.seed)

    def create(
        self, plan: Plan, source: InitialValue | None, thread: Here
    ) -> ArrayCell:
        """Makes the value, also inside of a JAX transform."""
        assert source is None  # a graph's initial values are arrays
        spec, device = plan.spec(), thread.device
        if not jax.sharding.get_abstract_mesh().empty:
            device = None  # the mesh has the last word
        with _outside_of_traces():
            array = self._array(spec)
            array = array if device is None else jax.device_put(array, device)
        self.specs[spec.name] = spec
        cell = ArrayCell(array, array, device, plan.caching_device)
        self._cells.add(cell)
        return cell

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


def _key(scope: Scope, path: str, name: str, index: Any) -> jax.Array:
    return (scope / path if path else scope).key(name, index)


# A model: the values are its params, or zeros while it is recorded


class ParamValues:
    """Values that come from the scope of a model.

    Attributes:
      devices: place -> the device that a variable is to be made on.
    """

    def __init__(self, scope: Scope, stateful: bool = False) -> None:
        self._scope = scope.with_options(reuse=AUTO_REUSE)
        self._stateful = stateful
        self.devices: dict[str, Any] = {}
        self.started: set[str] = set()

    def create(self, plan: Plan, source: InitialValue | None, thread: Here) -> Cell:
        """Notes the variable, or looks it up."""
        if thread.device is not None:
            self.devices[plan.name] = thread.device
        if source is not None:
            plan = plan._replace(initializer=InitialValueOf(source.source))
        is_state = self._stateful and not plan.trainable
        cell = StateCell if is_state else ParamCell
        return cell(self._scope, plan, thread.inside)

    def key(self, path: str, name: str, index: Any) -> jax.Array:
        """The random key `name` of the scope `path`."""
        return _key(self._scope.with_options(reuse=False), path, name, index)
