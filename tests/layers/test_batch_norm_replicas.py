"""Batch normalization over the replicas of vmap, pmap and shard_map."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from ..helpers.batch_norm_reference import NET, TRAIN, X, transformed, variables
from ..helpers.closeness import assert_close
from ..helpers.layers_reference import array

SYNCED = transformed(axis_name="i", is_training=True)


def over_vmap(function, params, state, x):
    """`x` `(replicas, batch, features)` by vmap: state has a leading axis too."""
    mapped = jax.vmap(function, in_axes=(None, None, 0), axis_name="i")
    return mapped(params, state, x)


def over_pmap(function, params, state, x):
    """The same by pmap, on a device for each replica."""
    mapped = jax.pmap(function, in_axes=(None, None, 0), axis_name="i")
    return jax.tree.map(np.asarray, mapped(params, state, x))


def over_shard_map(function, params, state, x):
    """The same by shard_map, under jit."""
    mesh = jax.make_mesh((len(x),), ("i",), axis_types=(AxisType.Auto,))
    whole, split = PartitionSpec(), PartitionSpec("i")
    specs = {"in_specs": (whole, whole, split), "out_specs": (split, whole)}
    mapped = jax.shard_map(function, mesh=mesh, **specs)
    out, state = jax.jit(mapped)(params, state, x.reshape(-1, x.shape[-1]))
    stacked = jax.tree.map(lambda v: jnp.stack([v] * len(x)), state)
    return out.reshape(x.shape), stacked


@pytest.mark.parametrize("over", [over_vmap, over_pmap, over_shard_map])
def test_replicas_share_their_moments(over):
    """Each replica gets what the whole batch would, and all the same state."""
    x = array(2, 4, 3) + 100 * np.arange(2, dtype=np.float32)[:, None, None]
    params, state = variables(x[0], SYNCED)
    out, after = over(SYNCED.apply, params, state, x)
    expected, moved = NET.apply(params, state, x.reshape(8, 3), **TRAIN)
    assert_close(out, np.asarray(expected).reshape(x.shape))
    for found, value in zip(*map(jax.tree.leaves, (after, moved)), strict=True):
        np.testing.assert_array_equal(found[0], found[1])
        assert_close(found[0], value)


@pytest.mark.parametrize("over", [over_vmap, over_shard_map])
def test_gradients_of_replicas_are_those_of_the_whole_batch(over):
    """What one replica puts in moves the moments of the others."""
    x = jnp.asarray(array(2, 4, 3))
    params, state = variables(x[0], SYNCED)

    def synced(params, x):
        return jnp.sum(over(SYNCED.apply, params, state, x)[0] ** 3)

    def whole(params, x):
        return jnp.sum(NET.apply(params, state, x.reshape(8, 3), **TRAIN)[0] ** 3)

    found, expected = (jax.grad(f, (0, 1))(params, x) for f in (synced, whole))
    assert_close(found, expected)


def test_eight_devices_train_as_one():
    """With a name, step after step: outputs and moving averages of the whole batch."""
    x = array(8, 4, 3)
    params, state = variables(x[0], SYNCED)
    expected = state
    for step in range(3):
        batch = x * (step + 1) + 10 * step
        out, after = over_shard_map(SYNCED.apply, params, state, batch)
        state = jax.tree.map(lambda v: v[0], after)
        whole, expected = NET.apply(params, expected, batch.reshape(32, 3), **TRAIN)
        assert_close(out, np.asarray(whole).reshape(x.shape))
        for found, value in zip(*map(jax.tree.leaves, (state, expected)), strict=True):
            assert_close(found, value)


@pytest.mark.parametrize("over", [over_pmap, over_shard_map])
def test_without_a_name_replicas_share_what_moves(over):
    """Each replica has its own moments, as in TF1; the moving ones take their mean."""
    x = array(4, 8, 3)
    params, state = variables(x[0])
    alone = [NET.apply(params, state, part, **TRAIN) for part in x]
    out, after = over(functools.partial(NET.apply, **TRAIN), params, state, x)
    assert_close(out, np.stack([out for out, _ in alone]))
    expected = jax.tree.map(lambda *parts: np.mean(parts, 0), *(s for _, s in alone))
    for found, value in zip(*map(jax.tree.leaves, (after, expected)), strict=True):
        assert all(np.array_equal(found[0], other) for other in found)
        assert_close(found[0], value)


@pytest.mark.smoke
@pytest.mark.parametrize("kind", [AxisType.Auto, AxisType.Explicit], ids=str)
def test_a_sharded_batch_is_one_batch(kind):
    """Under jit over devices no axis is named: JAX adds up what they have."""
    mesh = jax.make_mesh((4,), ("data",), axis_types=(kind,))
    params, state = variables(X)
    train = jax.jit(functools.partial(NET.apply, **TRAIN))
    expected = train(params, state, X)
    with jax.set_mesh(mesh):
        sharded = jax.device_put(X, NamedSharding(mesh, PartitionSpec("data")))
        found = train(params, state, sharded)
    assert found[1]["bn"]["moving_mean"].sharding.is_fully_replicated
    for one, two in zip(*map(jax.tree.leaves, (found, expected)), strict=True):
        assert_close(one, two)


def test_an_axis_that_is_not_there():
    """Where no replicas are mapped, apply fails with JAX's own words."""
    with pytest.raises(NameError, match="unbound axis name: i"):
        SYNCED.apply(*variables(X, SYNCED), X)
