"""Regularization losses: computed where they are used, and of the variable's value."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj
from scopejax import tf1

from ..helpers.closeness import assert_close

pytestmark = pytest.mark.usefixtures("graph")


def l2(w):
    """Half the sum of squares."""
    return 0.5 * jnp.sum(w * w)


def l1(w):
    """The sum of sizes."""
    return jnp.sum(jnp.abs(w))


losses = tf1.losses.get_regularization_losses
total = tf1.losses.get_regularization_loss


def model(x):
    """Two layers, one regularized by its scope and one by its call."""
    with tf1.variable_scope("a", regularizer=l2):
        x = x @ tf1.get_variable("w", [2, 3])
        tf1.get_variable("b", [3], regularizer=tf1.no_regularizer)
    with tf1.variable_scope("ab"):
        x = x @ tf1.get_variable("w", [3, 1], regularizer=l1)
    return jnp.sum(x)


X = np.ones((1, 2), np.float32)


@pytest.mark.smoke
def test_one_loss_for_each_regularized_variable():
    """Losses are named after their variables and act as arrays."""
    model(X)
    first, second = losses()
    assert [first.name, second.name] == ["a/w/Regularizer", "ab/w/Regularizer"]
    assert repr(first) == "<tf.RegularizationLoss 'a/w/Regularizer'>"
    a, ab = (v.value() for v in tf1.global_variables() if v.op.name.endswith("/w"))
    np.testing.assert_array_equal(first, l2(a))
    np.testing.assert_array_equal(first + second, l2(a) + l1(ab))
    np.testing.assert_array_equal(2.0 * first, 2.0 * l2(a))
    np.testing.assert_array_equal(jnp.add(first, second), total())
    np.testing.assert_array_equal(jnp.stack(losses()).sum(), total())
    assert tf1.get_collection(tf1.GraphKeys.REGULARIZATION_LOSSES) == [first, second]


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        (None, ["a/w", "ab/w"]),
        ("a", ["a/w", "ab/w"]),
        ("a/", ["a/w"]),
        ("ab", ["ab/w"]),
        ("b", []),
    ],
)
def test_a_scope_filters(scope, names):
    """As any collection they are filtered by how their names begin."""
    model(X)
    assert [loss.name for loss in losses(scope)] == [f"{n}/Regularizer" for n in names]
    expected = sum((float(loss) for loss in losses(scope)), 0.0)
    assert_close(total(scope), expected, ulps=8)


def test_no_losses():
    """Without a regularizer, or where it gives None, there is no loss and 0.0."""
    tf1.get_variable("v", [2], regularizer=lambda v: None)
    tf1.get_variable("w", [2])
    assert losses() == []
    assert (total().dtype, float(total())) == ("float32", 0.0)


def test_a_loss_is_of_the_present_value():
    """It is computed when it is used, so that an assignment shows."""
    v = tf1.get_variable("v", [2], regularizer=l2, initializer=tf1.ones_initializer())
    (loss,) = losses()
    assert float(loss) == 1.0
    v.assign([2.0, 0.0])
    assert float(loss) == 2.0


def test_a_shared_variable_has_one_loss():
    """Reuse adds no loss, whatever regularizer it is asked with."""
    for _ in range(3):
        with tf1.variable_scope("s", reuse=tf1.AUTO_REUSE, regularizer=l2):
            tf1.get_variable("v", [2])
    assert len(losses()) == 1


@given(
    rows=st.integers(1, 4),
    columns=st.integers(1, 4),
    scale=st.floats(-2, 2, width=16, allow_subnormal=False),
)
def test_in_a_model_losses_are_differentiated(rows, columns, scale):
    """Within the loss of a model their gradient is that of the regularizer."""

    def loss():
        v = tf1.get_variable("v", [rows, columns], regularizer=lambda v: scale * l2(v))
        return 0.0 * jnp.sum(v.value()) + total()

    net = tf1.transform(loss)
    params = net.init(jax.random.key(0))
    value, gradients = jax.jit(jax.value_and_grad(net.apply))(params)
    assert_close(value, scale * l2(params["v"]), ulps=8)
    assert_close(gradients["v"], scale * params["v"], ulps=8)


def test_the_manifest_knows_the_same_losses(key, graph):
    """The manifest's loss of the params is the sum of the model's own."""
    net = tf1.transform(lambda x: (model(x), total(), losses()))
    params = net.init(key, X)
    _, inside, each = net.apply(params, X)
    manifest = net.manifest(X)
    assert_close(manifest.regularization_loss(params), inside, ulps=8)
    assert_close(sum(each), inside, ulps=8)
    gradient = jax.grad(manifest.regularization_loss)(params)
    assert_close(gradient["a"]["w"], params["a"]["w"], ulps=8)
    assert not gradient["a"]["b"].any()
    np.testing.assert_array_equal(gradient["ab"]["w"], np.sign(params["ab"]["w"]))
    model(X)
    here = graph.manifest().regularization_loss(graph.variables)
    assert_close(here, total(), ulps=8)


def test_a_partitioned_variable_has_a_loss_for_each_shard(key):
    """As in TF1 shards are regularized one by one."""

    def table():
        partitioner = tf1.fixed_size_partitioner(3)
        tf1.get_variable("table", [5, 2], regularizer=l2, partitioner=partitioner)
        return losses()

    assert [loss.name for loss in table()] == [
        f"table/part_{i}/Regularizer" for i in range(3)
    ]
    net = tf1.transform(table)
    params = net.init(key)
    assert list(sj.to_flat(params)) == ["table"]
    assert_close(sum(net.apply(params)), l2(params["table"]), ulps=8)


def test_a_regularizer_that_cannot_be_called(graph):
    """As in TF1 it fails only after the variable was made, which stays."""
    with pytest.raises(TypeError, match="'float' object is not callable"):
        tf1.get_variable("v", [2], regularizer=0.1)
    assert list(graph.placed) == ["v"]
