"""TF1's partitioned variables on a mesh: one sharded array, and TF1's view of it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from scopejax import partitioners, tf1

from ..helpers.meshes import all_bits, mesh_of


def embedding(ids):
    """A table in four parts, one that splits unevenly, and a scalar."""
    with tf1.variable_scope("emb", partitioner=tf1.fixed_size_partitioner(4)):
        table = tf1.get_variable("table", [8, 4])
        uneven = tf1.get_variable("uneven", [5, 4])
        scale = tf1.get_variable("scale", [])
    assert [part.name for part in table] == [f"emb/table/part_{i}:0" for i in range(4)]
    assert [tuple(part.shape) for part in uneven] == [(2, 4), (1, 4), (1, 4), (1, 4)]
    parts = jnp.concatenate([part.value() for part in table])
    return parts[ids] * scale, table.as_tensor()[ids], uneven


@pytest.mark.parametrize("sizes", [(4,), (2, 4), (8,)], ids=str)
def test_the_whole_is_one_sharded_array(sizes, key):
    """Init splits it over the mesh axis that divides its parts, to the same bits."""
    net, ids, mesh = tf1.transform(embedding), jnp.array([0, 7]), mesh_of(*sizes)
    params = net.init(key, ids, mesh=mesh)
    assert all_bits(params) == all_bits(net.init(key, ids))
    split = {(4,): P("data"), (2, 4): P("model"), (8,): P()}[sizes]
    assert params["emb"]["table"].sharding.spec == split
    assert params["emb"]["uneven"].sharding.is_fully_replicated
    shardings = net.manifest(ids).shardings(mesh)
    assert jax.tree.map(lambda array: array.sharding, params) == shardings


def test_the_view_computes_what_the_whole_does(key):
    """Shards, their concatenation and slices are those of the sharded array."""
    net, ids, mesh = tf1.transform(embedding), jnp.array([0, 7]), mesh_of(4)
    params = net.init(key, ids, mesh=mesh)
    by_parts, by_whole, uneven = jax.jit(net.apply)(params, ids)
    table, scale = params["emb"]["table"], params["emb"]["scale"]
    np.testing.assert_array_equal(by_whole, np.asarray(table)[[0, 7]])
    np.testing.assert_array_equal(by_parts, by_whole * scale)
    np.testing.assert_array_equal(uneven, params["emb"]["uneven"])


@pytest.mark.smoke
def test_partitioners_of_a_mesh_serve_too(key):
    """One of `scopejax.partitioners` makes one part of the whole, split as it says."""

    def model():
        with tf1.variable_scope("s", partitioner=partitioners.fsdp("data", min_size=1)):
            w = tf1.get_variable("w", [4, 8])
        spec = lambda shape, dtype: P(None, "data")  # noqa: E731
        v = tf1.get_variable("v", [4, 8], partitioner=spec)
        assert [part.name for part in w] == ["s/w/part_0:0"]
        return w.as_tensor() + v.as_tensor()

    net = tf1.transform(model)
    params = net.init(key, mesh=mesh_of(8))
    specs = jax.tree.map(lambda array: array.sharding.spec, params)
    assert specs == {"s": {"w": P(None, "data")}, "v": P(None, "data")}
    assert all_bits(params) == all_bits(net.init(key))


def test_a_graph_under_a_mesh(graph):
    """Made line by line, and assigned part by part, it stays sharded."""
    with jax.set_mesh(mesh_of(4, 2)):
        table = tf1.get_variable(
            "table", [8, 4], partitioner=tf1.fixed_size_partitioner(2)
        )
        plain = tf1.get_variable("plain", [3])
        assert table.as_tensor().sharding.spec == P(
            "model",
        )
        assert plain.value().sharding.is_fully_replicated
        first, second = table
        second.assign(jnp.ones((4, 4)))
        assert table.as_tensor()[4:].tolist() == [[1.0] * 4] * 4
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            whole, part = session.run([table.as_tensor(), first])
    assert part.tolist() == whole[:4].tolist()
    assert not np.array_equal(whole[4:], np.ones((4, 4)))


def test_state_is_split_as_well(key):
    """A partitioned variable that is not trainable is sharded state."""

    def model():
        n = tf1.get_variable(
            "n",
            [8],
            dtype="int32",
            trainable=False,
            partitioner=tf1.fixed_size_partitioner(8),
        )
        n.assign_add(jnp.ones(8, jnp.int32))
        return n.as_tensor()

    net = tf1.transform_with_state(model)
    params, state = net.init(key, mesh=mesh_of(8))
    assert state["n"].sharding.spec == P("data")
    out, state = jax.jit(net.apply)(params, state)
    assert out.tolist() == state["n"].tolist() == [1] * 8
