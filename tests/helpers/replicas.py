"""Models of state that run on several devices, and what their values come to."""

import jax
import numpy as np
from jax.sharding import PartitionSpec as P

import scopejax as sj
from scopejax import VariableAggregation as Aggregation
from scopejax import VariableSynchronization as Synchronization

from .meshes import mesh_of

COMBINED = {
    Aggregation.SUM: lambda values: np.sum(values, 0),
    Aggregation.MEAN: lambda values: np.mean(values, 0),
    Aggregation.ONLY_FIRST_REPLICA: lambda values: values[0],
}
ON_WRITE, ON_READ = Synchronization.ON_WRITE, Synchronization.ON_READ


def variable(scope, name="v", shape=(), dtype="float32", **how):
    """A variable of state."""
    zeros = jax.nn.initializers.zeros
    return scope.get_variable(name, shape, dtype, zeros, trainable=False, **how)


WHOLE = P()


def over(devices, function, *arrays, out=WHOLE, check=True, jit=True):
    """`function` by shard_map, each array split along its first axis."""
    mapped = jax.shard_map(
        function,
        mesh=mesh_of(devices),
        in_specs=tuple(P("data") for _ in arrays),
        out_specs=out,
        check_vma=check,
    )
    return (jax.jit(mapped) if jit else mapped)(*arrays)


def stateful(model):
    """`apply` of a model of state alone, from zeros: ``x -> (out, state)``."""
    net = sj.transform_with_state(model)

    def apply(x):
        _, state = net.init(jax.random.key(0), jax.typeof(x))
        return net.apply({}, state, x)

    return apply
