"""TF1's variables on several devices: assigned on one, added to on each."""

import jax
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from scopejax import tf1

from ..helpers.meshes import mesh_of

X = np.array([1.0, 2.0, 3.0, 6.0], np.float32)
Aggregation, Synchronization = tf1.VariableAggregation, tf1.VariableSynchronization


def stepped(model, split_state=False):
    """The state after two steps on four devices, from ones."""
    net = tf1.transform_with_state(model)
    shape = (4,) if split_state else ()

    def steps(v, x):
        state = {"v": v[0] if split_state else v}
        for _ in range(2):
            out, state = net.apply({}, state, x[0])
        v = state["v"]
        return out, v[None] if split_state else v

    split = P("data") if split_state else P()
    mapped = jax.shard_map(
        steps,
        mesh=mesh_of(4),
        in_specs=(split, P("data")),
        out_specs=(P(), split),
    )
    return jax.jit(mapped)(np.ones(shape, np.float32), X)


def variable(aggregation, synchronization=Synchronization.AUTO):
    """A variable that each device changes."""
    return tf1.get_variable(
        "v",
        [],
        trainable=False,
        aggregation=aggregation,
        synchronization=synchronization,
    )


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        (Aggregation.SUM, 1 + 2 * X.sum()),
        (Aggregation.MEAN, 1 + 2 * X.mean()),
        (Aggregation.ONLY_FIRST_REPLICA, 1 + 2 * X[0]),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_added_is_combined(aggregation, expected, sign):
    """`assign_add` adds what all add, and the value stays one."""

    def model(x):
        v = variable(aggregation)
        return (v.assign_add(x) if sign > 0 else v.assign_sub(x)).value()

    out, v = stepped(model)
    np.testing.assert_array_equal(v, 1 + sign * (expected - 1))
    np.testing.assert_array_equal(out, v)


@pytest.mark.parametrize("aggregation", [Aggregation.SUM, Aggregation.MEAN])
def test_on_read_each_adds_to_its_own(aggregation):
    """Under `ON_READ` each counts by itself, and reading combines."""

    def model(x):
        v = variable(aggregation, Synchronization.ON_READ)
        v.assign_add(x)
        return v.value()

    out, v = stepped(model, split_state=True)
    np.testing.assert_array_equal(v, 1 + 2 * X)
    combine = np.sum if aggregation is Aggregation.SUM else np.mean
    np.testing.assert_array_equal(out, combine(1 + 2 * X))


def test_shards_are_summed_one_by_one():
    """A part of a partitioned variable is combined, and the rest stays."""

    def model(x):
        v = tf1.get_variable(
            "v",
            [4],
            trainable=False,
            partitioner=tf1.fixed_size_partitioner(2),
            aggregation=Aggregation.SUM,
        )
        first, _ = v
        first.assign_add(x * np.ones(2, np.float32))
        return v.as_tensor()

    net = tf1.transform_with_state(model)
    mapped = jax.shard_map(
        lambda x: net.apply({}, {"v": np.ones(4, np.float32)}, x[0])[1]["v"],
        mesh=mesh_of(4),
        in_specs=P("data"),
        out_specs=P(),
    )
    np.testing.assert_array_equal(mapped(X), [13.0, 13.0, 1.0, 1.0])


@pytest.mark.parametrize("sign", [1, -1])
def test_each_part_of_a_split_variable_is_added_to_once(sign):
    """What all replicas of a part have counts once, for every part."""

    def model(x):
        v = tf1.get_variable("v", [2], trainable=False, aggregation=Aggregation.SUM)
        v.assign_add(x) if sign > 0 else v.assign_sub(x)

    net = tf1.transform_with_state(model)
    x = np.arange(16, dtype=np.float32).reshape(4, 4)
    mapped = jax.shard_map(
        lambda v, x: net.apply({}, {"v": v}, x[0])[1]["v"],
        mesh=mesh_of(4, 2),
        in_specs=(P("model"), P("data", "model")),
        out_specs=P("model"),
    )
    found = mapped(np.ones(4, np.float32), x)
    np.testing.assert_array_equal(found, 1 + sign * x.sum(0))


def test_under_none_each_adds_to_its_own():
    """`NONE` combines nothing, whatever aggregation stands beside it."""

    def model(x):
        v = variable(Aggregation.SUM, Synchronization.NONE)
        v.assign_add(x)
        return jax.lax.psum(v.value(), "data")

    out, v = stepped(model, split_state=True)
    np.testing.assert_array_equal(v, 1 + 2 * X)
    assert out == np.sum(1 + 2 * X)
