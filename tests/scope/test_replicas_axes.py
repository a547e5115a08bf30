"""Replicas of meshes of several axes: which axes they lie along."""

import jax
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

import scopejax as sj
from scopejax import VariableAggregation as Aggregation

from ..helpers.meshes import mesh_of
from ..helpers.replicas import COMBINED, ON_READ, stateful, variable


@pytest.mark.smoke
def test_a_variable_that_is_split_is_combined_over_the_other_axis():
    """Replicas lie along the axes that the variable is not split over."""

    def model(scope, x):
        variable(scope, "v", (2,), aggregation=Aggregation.SUM)
        scope.assign("v", x[0, :, 0])

    net = sj.transform_with_state(model)
    x = np.arange(16, dtype=np.float32).reshape(4, 4, 1)  # data, of the variable, 1
    mapped = jax.shard_map(
        lambda v, x: net.apply({}, {"v": v}, x)[1]["v"],
        mesh=mesh_of(4, 2),
        in_specs=(P("model"), P("data", "model")),
        out_specs=P("model"),
    )
    np.testing.assert_array_equal(mapped(np.zeros(4, np.float32), x), x.sum(0)[:, 0])


@pytest.mark.parametrize("aggregation", COMBINED)
def test_an_axis_that_is_left_to_the_compiler(aggregation):
    """Replicas lie along the axes alone that `shard_map` takes in hand."""

    def model(scope, x):
        variable(scope, "v", (4,), aggregation=aggregation)
        scope.assign("v", x[0])

    x = np.arange(16, dtype=np.float32).reshape(4, 4)
    mapped = jax.shard_map(
        lambda x: stateful(model)(x)[1]["v"],
        mesh=mesh_of(4, 2),
        in_specs=P("data"),
        out_specs=P(),
        axis_names={"data"},
    )
    np.testing.assert_array_equal(jax.jit(mapped)(x), COMBINED[aggregation](x))


@pytest.mark.parametrize("check", [True, False])
def test_a_read_is_over_all_axes(check):
    """A value of each device of two axes is read as one of eight replicas."""

    def model(scope):
        return variable(scope, synchronization=ON_READ, aggregation=Aggregation.MEAN)

    net = sj.transform_with_state(model)
    v = np.arange(8, dtype=np.float32).reshape(4, 2)
    mapped = jax.shard_map(
        lambda v: net.apply({}, {"v": v[0, 0]})[0],
        mesh=mesh_of(4, 2),
        in_specs=P("data", "model"),
        out_specs=P(),
        check_vma=check,
    )
    assert mapped(v) == 3.5


def test_under_pmap():
    """`jax.pmap` maps over a mesh axis as well."""

    def model(scope, x):
        variable(scope, aggregation=Aggregation.MEAN)
        scope.assign("v", x)

    x = np.arange(8, dtype=np.float32)
    _, state = jax.pmap(stateful(model))(x)
    assert state["v"].tolist() == [3.5] * 8
