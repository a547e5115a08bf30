"""Dense layers and embeddings against NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import KEY, array, filled, wide


@pytest.mark.smoke
@pytest.mark.parametrize("shape", [(4,), (2, 4), (2, 3, 4), (2, 1, 3, 4), (0, 4)])
@pytest.mark.parametrize("use_bias", [True, False])
def test_dense_is_a_product_and_a_sum(shape, use_bias):
    """The last axis times the kernel, plus the bias, for any rank."""
    net, params = filled(
        lambda s, x: layers.dense(s / "d", x, 5, use_bias=use_bias), x := array(*shape)
    )
    p = wide(params["d"])
    assert set(p) == ({"kernel", "bias"} if use_bias else {"kernel"})
    expected = x.astype(np.float64) @ p["kernel"] + p.get("bias", 0.0)
    assert_close(net.apply(params, x), expected)


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
        return x @ scope.with_options(reuse=True).get_variable("table", (7, 4)).T

    net, params = filled(model, ids := jnp.arange(7))
    table = wide(params["table"])
    assert_close(net.apply(params, ids), table @ table.T)
