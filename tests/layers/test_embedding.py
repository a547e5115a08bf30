"""Embeddings, and the output layer that is tied to one, against NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

import scopejax as sj
from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import KEY, array, filled, wide


def test_embedding_is_rows_of_the_table():
    """Each whole number is its row, whatever the shape of the numbers."""
    ids = np.array([[0, 3, 3], [6, 1, 0]])
    net, params = filled(lambda s, i: layers.embedding(s / "e", i, 7, 4), ids)
    out = net.apply(params, ids)
    np.testing.assert_array_equal(out, np.asarray(params["e"]["table"])[ids])
    assert net.apply(params, jnp.int32(3)).shape == (4,)
    assert net.apply(params, ids.tolist()).shape == (2, 3, 4)


def test_embedding_starts_small():
    """The table's numbers are normal with deviation 0.02, or as the caller says."""
    net = sj.transform(lambda s, i, **k: layers.embedding(s, i, 500, 40, **k))
    table = net.init(KEY, jnp.arange(2))["table"]
    assert float(table.std()) == pytest.approx(0.02, rel=0.05)
    ones = net.init(KEY, jnp.arange(2), initializer=jax.nn.initializers.ones)["table"]
    np.testing.assert_array_equal(ones, np.ones((500, 40)))


def test_a_table_is_tied_under_reuse():
    """The table serves as the output's kernel, as the docstring says."""

    def model(scope, ids):
        x = layers.embedding(scope, ids, 7, 4)
        return layers.attend(scope, x)

    net, params = filled(model, ids := jnp.arange(7))
    table = wide(params["table"])
    assert_close(net.apply(params, ids), table @ table.T)


@pytest.mark.parametrize("stored", ["float32", "bfloat16"])
def test_tied_logits_are_in_the_dtype_asked_for(stored):
    """The input's by default, whatever is stored."""

    def model(scope, ids, x, dtype=None):
        scope = scope.with_options(dtype=stored)
        layers.embedding(scope, ids, 7, 4)
        return layers.attend(scope, x, dtype=dtype)

    net, ids, x = sj.transform(model), jnp.arange(2), array(2, 4)
    params = net.init(KEY, ids, x)
    assert net.apply(params, ids, x).dtype == "float32"
    assert net.apply(params, ids, x, "bfloat16").dtype == "bfloat16"


def test_there_is_a_table_to_attend_to():
    """Without an embedding there is nothing to be tied to."""
    net = sj.transform(lambda s, x: layers.attend(s / "wte", x))
    with pytest.raises(sj.VariableNotFoundError, match="wte/table"):
        net.init(KEY, array(2, 4))


def test_split_ids_need_a_sharding_of_the_rows():
    """Where the axes of a mesh are explicit, `out_sharding` says where rows go."""
    mesh = jax.make_mesh((8,), ("data",), axis_types=(AxisType.Explicit,))
    ids = np.arange(16).reshape(8, 2) % 7

    def model(scope, ids, out_sharding=None):
        return layers.embedding(scope, ids, 7, 4, out_sharding=out_sharding)

    net = sj.transform(model)
    params = net.init(KEY, ids)
    expected = net.apply(params, ids)
    with jax.set_mesh(mesh):
        split = jax.device_put(ids, NamedSharding(mesh, P("data", None)))
        spec = P("data", None, None)
        found = jax.jit(lambda p, i: net.apply(p, i, spec))(params, split)
        assert found.sharding.spec == spec
    np.testing.assert_array_equal(found, expected)
