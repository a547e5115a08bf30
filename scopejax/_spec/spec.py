"""What is known of one variable: a frozen record, and TF1's words for it."""

from __future__ import annotations

import dataclasses
import enum
import math
from typing import Any, Final, NamedTuple

import jax
import numpy as np

from .._base.displayed import Displayed
from .options import Constraint, Regularizer

GLOBAL_VARIABLES = "variables"
TRAINABLE_VARIABLES = "trainable_variables"
# What TF1 has collections for: one of these may be empty.
USUAL_COLLECTIONS = frozenset(
    {
        *(GLOBAL_VARIABLES, TRAINABLE_VARIABLES, "local_variables", "metric_variables"),
        *("model_variables", "moving_average_variables", "global_step", "weights"),
        *("biases", "activations", "concatenated_variables", "eval_step"),
    }
)


class VariableSynchronization(enum.Enum):
    """When the replicas of a variable are brought together (TF1's members).

    Inside of `jax.shard_map` and `jax.pmap` each device may have a value of its own.
    Under `ON_WRITE`, and `AUTO`, which is the same, they are combined when the variable
    is assigned, so that all have one. Under `ON_READ` each keeps its own, and they are
    combined whenever the variable is read; such a variable is not trainable. `NONE`
    reads the replica's own value of any variable, whatever `aggregation` stands beside
    it: it is what to count on with, ``scope.assign("n", own + 1)``. Outside of these,
    and under `jax.vmap`, there is one value and none of this does anything.

    >>> VariableSynchronization.ON_READ.name
    'ON_READ'
    """

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(enum.Enum):
    """How the replicas of a variable are combined (TF1's members).

    `SUM` and `MEAN` are `jax.lax.psum` and `pmean` over all mesh axes that the program
    is mapped over and the variable is not split over; `ONLY_FIRST_REPLICA` takes the
    value of the first device. Under `NONE` replicas that differ are an error where
    `jax.shard_map` checks (``check_vma=True``); where it does not, nobody knows, and
    what is split counts as replicas too. An axis that `shard_map` leaves to the
    compiler (``axis_names=``) is none of them. A read under `ON_READ` is over all axes,
    since a value of each device may be a replica or a part. An assignment heeds what
    the last lookup of the variable in this `apply` said; a lookup in a jitted function
    that is given the scope says it for that function alone.

    Batch normalization's moving averages are the common case:

    >>> import jax, jax.numpy as jnp, scopejax as sj
    >>> from jax.sharding import Mesh, PartitionSpec as P
    >>> def model(scope, x):
    ...     zeros, mean = jax.nn.initializers.zeros, VariableAggregation.MEAN
    ...     how = {"trainable": False, "aggregation": mean, "initializer": zeros}
    ...     scope.assign("mean", 0.5 * scope.get_variable("mean", (), **how) + x.mean())
    >>> net = sj.transform_with_state(model)
    >>> _, state = net.init(jax.random.key(0), jnp.arange(8.0))
    >>> mesh = Mesh(jax.devices(), ("data",))
    >>> step = jax.shard_map(
    ...     lambda x: net.apply({}, state, x)[1],
    ...     mesh=mesh,
    ...     in_specs=P("data"),
    ...     out_specs=P(),
    ... )
    >>> step(jnp.arange(8.0))["mean"].item()  # on any number of devices
    3.5
    >>> VariableAggregation.ONLY_FIRST_TOWER is VariableAggregation.ONLY_FIRST_REPLICA
    True
    """

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3
    ONLY_FIRST_TOWER = 3


class Combining(NamedTuple):
    """When and how the replicas of a variable are combined."""

    synchronization: VariableSynchronization = VariableSynchronization.AUTO
    aggregation: VariableAggregation = VariableAggregation.NONE


class _FromInputs(enum.Enum):
    """`FROM_INPUTS`: the model computes the initial value from its inputs."""

    FROM_INPUTS = 1

    def __repr__(self) -> str:
        return "from_inputs"


FROM_INPUTS: Final = _FromInputs.FROM_INPUTS


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VariableSpec(Displayed):
    """One row of a manifest.

    Attributes:
      name: full name, ``"encoder/h0/kernel"``.
      shape: shape of the whole array, the axes of `stack` in front.
      dtype: its NumPy dtype.
      initializer: a callable ``(key, shape, dtype) -> array``, the value itself, or
        ``from_inputs`` where the model computes it from its inputs.
      trainable: whether an optimizer should change it.
      collections: TF1's collection keys it belongs to.
      regularizer: ``array -> scalar``, or None.
      constraint: ``array -> array`` of the same shape, or None.
      axes: logical names of an item's axes, for `partitioners.by_axes`, or None.
      partition: what its partitioner answered for its shape, or None.
      caching_device: where a copy for reading should be, or None.
      synchronization, aggregation: how replicas are combined.
      stack: the sizes of the leading axes that `Scope.stack` gave it.
      where: the line that created it, ``"model.py:12 in tower"``.

    >>> import jax, scopejax as sj
    >>> net = sj.transform(lambda scope: scope.get_variable("w", (2, 3)))
    >>> spec = net.manifest()["w"]
    >>> spec.shape, str(spec.dtype), spec.size, spec.nbytes
    ((2, 3), 'float32', 6, 24)
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    initializer: Any
    trainable: bool = True
    collections: tuple[str, ...] = (GLOBAL_VARIABLES, TRAINABLE_VARIABLES)
    regularizer: Regularizer | None = None
    constraint: Constraint | None = None
    axes: tuple[str | None, ...] | None = None
    partition: Any = None
    caching_device: Any = None
    synchronization: VariableSynchronization = VariableSynchronization.AUTO
    aggregation: VariableAggregation = VariableAggregation.NONE
    stack: tuple[int, ...] = ()
    where: str = ""

    @property
    def combining(self) -> Combining:
        """How its replicas are combined."""
        return Combining(self.synchronization, self.aggregation)

    @property
    def path(self) -> tuple[str, ...]:
        """The components of the name."""
        return tuple(self.name.split("/"))

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """How many bytes it takes, before any sharding."""
        return self.size * self.dtype.itemsize

    @property
    def item_shape(self) -> tuple[int, ...]:
        """The shape of one item of the stack, which is what the initializer makes."""
        return self.shape[len(self.stack) :]

    @property
    def item_size(self) -> int:
        """How many numbers one item of the stack holds."""
        return math.prod(self.item_shape)

    def shape_dtype(self) -> jax.ShapeDtypeStruct:
        """The abstract array: shape and dtype."""
        return abstract(self.shape, self.dtype)


def abstract(
    shape: tuple[int, ...], dtype: Any, sharding: Any = None
) -> jax.ShapeDtypeStruct:
    """An array's shape, dtype and sharding without its numbers."""
    return jax.ShapeDtypeStruct(shape, dtype, sharding=sharding)  # type: ignore[no-untyped-call]
