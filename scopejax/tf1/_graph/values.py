"""Where the values of variables live: in a graph, in a model's params, in its state.

A variable asks the values of its graph for a `Cell` when it is created and reads from
that cell whenever it is used. Everything else about a variable is the same wherever its
value lives.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

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


class GraphValues:
    """Values that are made as soon as their variable is created.

    Attributes:
      specs: what was created so far, by its place.
      seed: of the random key that all initial values depend on.
    """

    def __init__(self, seed: int = 0) -> None:
        self.specs: dict[str, VariableSpec] = {}
        self.seed = seed

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
        return ArrayCell(array, array, device, plan.caching_device)

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
