"""Layers where JAX comes in: objects used again, transforms, arrays as `training`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1

X = jax.random.normal(jax.random.key(0), (6, 4))
PICTURES = jax.random.normal(jax.random.key(1), (2, 5, 5, 3))


def test_one_object_serves_each_run_of_a_model():
    """A layer made outside is built in each run, and in each graph, anew."""
    layer = tf1.layers.Dense(3, name="d")
    net = tf1.transform(lambda x: layer(layer(x)[:, :1] * x), tensors=True)
    params = net.init(jax.random.key(0), X)
    assert list(net.manifest(X)) == ["d/kernel", "d/bias"]
    np.testing.assert_array_equal(net.apply(params, X), net.apply(params, X))
    assert not layer.built
    with tf1.Graph().as_default():
        layer(X)
        assert layer.built
        assert [v.name for v in layer.variables] == ["d/kernel:0", "d/bias:0"]
        assert layer.trainable_weights == tf1.trainable_variables()
        assert layer.non_trainable_variables == []
        assert layer.scope_name == "d"


@pytest.mark.parametrize("transform", [jax.jit, jax.checkpoint, jax.grad])
def test_layers_within_transforms(transform):
    """A layer can make its variables inside of JAX's transforms."""

    def model(x):
        def inner(x):
            y = tf1.layers.dense(tf1.Tensor(x), 3, activation=tf1.nn.tanh)
            return jnp.asarray(tf1.reduce_sum(y))

        return transform(inner)(x)

    plain = tf1.transform(
        lambda x: jnp.asarray(
            tf1.reduce_sum(tf1.layers.dense(x, 3, activation=tf1.nn.tanh))
        )
    )
    net = tf1.transform(model)
    params = net.init(jax.random.key(0), X)
    assert list(net.manifest(X)) == ["dense/kernel", "dense/bias"]
    expected = plain.apply(params, X)
    if transform is jax.grad:
        expected = jax.grad(plain.apply, 1)(params, X)
    np.testing.assert_allclose(net.apply(params, X), expected, rtol=1e-5, atol=1e-6)


def test_a_layer_in_a_loop_that_is_traced_twice():
    """A carry whose dtype is weak makes JAX trace a body again; it is built once."""

    def model(x):
        cell = tf1.layers.Dense(4, name="step")

        def body(total, row):
            y = jnp.asarray(cell(tf1.Tensor(row[None])))
            return total + jnp.sum(y), y[0]

        return jax.lax.scan(body, 0, x.astype("float32"))

    with jax.numpy_dtype_promotion("standard"):
        net = tf1.transform(model)
        params = net.init(jax.random.key(0), X)
        assert list(net.manifest(X)) == ["step/kernel", "step/bias"]
        total, rows = net.apply(params, X)
    np.testing.assert_allclose(rows, X @ params["step"]["kernel"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(total, rows.sum(), rtol=1e-4)


@pytest.mark.parametrize("training", [True, False])
def test_batch_normalization_where_training_is_an_array(training):
    """It does what it does where training is Python's bool, averages too."""

    def model(x, now):
        return tf1.layers.batch_normalization(x, training=now, momentum=0.5)

    net = tf1.transform_with_state(model, tensors=True)
    params, state = net.init(jax.random.key(0), PICTURES, True)
    expected = net.apply(params, state, PICTURES, training)
    found = jax.jit(net.apply)(params, state, PICTURES, jnp.asarray(training))
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_model_in_training_is_one_with_state():
    """Without state the averages cannot be assigned, and the error says so."""
    net = tf1.transform(
        lambda x: tf1.layers.batch_normalization(x, training=True), tensors=True
    )
    with pytest.raises(ValueError, match="transform_with_state"):
        net.init(jax.random.key(0), X)


def test_layer_norm_lstm_is_its_formula():
    """The gates and the cell are normalized, with a gain and a shift."""
    size = 4

    def model(x):
        cell = tf1.contrib.rnn.LayerNormBasicLSTMCell(size, norm_gain=0.5)
        return cell(x, cell.zero_state(6, tf1.float32))[0]

    net = tf1.transform(model, tensors=True)
    params = net.init(jax.random.key(0), X)
    scope = params["layer_norm_basic_lstm_cell"]
    names = ["forget", "input", "kernel", "output", "state", "transform"]
    assert sorted(scope) == names
    assert scope["input"]["gamma"].tolist() == [0.5] * size

    def norm(x, name):
        spread = jnp.sqrt(x.var(1, keepdims=True) + 1e-12)
        x = (x - x.mean(1, keepdims=True)) / spread
        return x * scope[name]["gamma"][None] + scope[name]["beta"][None]

    gates = jnp.split(X @ scope["kernel"][:4], 4, 1)
    order = ("input", "transform", "forget", "output")
    i, j, _, o = (norm(g, name) for g, name in zip(gates, order, strict=True))
    c = norm(jax.nn.sigmoid(i) * jnp.tanh(j), "state")
    np.testing.assert_allclose(
        net.apply(params, X), jnp.tanh(c) * jax.nn.sigmoid(o), rtol=1e-4, atol=1e-5
    )


def test_a_partitioned_table_is_looked_up_as_tf1_does():
    """By default the shards take rows in turn; "div" takes them as they lie."""

    def model(ids):
        with tf1.variable_scope("t", partitioner=tf1.fixed_size_partitioner(2)):
            table = tf1.get_variable("table", [6, 2])
        look = tf1.nn.embedding_lookup
        return look(table, ids), look(table, ids, partition_strategy="div")

    net = tf1.transform(model, tensors=True)
    ids = jnp.arange(6)
    params = net.init(jax.random.key(0), ids)
    table = params["t"]["table"]
    turns, rows = net.apply(params, ids)
    np.testing.assert_array_equal(rows, table)
    np.testing.assert_array_equal(turns, table[jnp.array([0, 3, 1, 4, 2, 5])])


def test_scattered_rows_are_assigned():
    """At once, and again by a session."""
    with tf1.Graph().as_default(), tf1.Session() as session:
        v = tf1.Variable(jnp.zeros((3, 2)))
        added = tf1.scatter_add(v, [0, 2], jnp.ones((2, 2)))
        session.run(added)
        assert v.numpy().tolist() == [[2, 2], [0, 0], [2, 2]]
        tf1.scatter_update(v, [1], [[5.0, 6.0]])
        assert v.numpy()[1].tolist() == [5, 6]


def test_what_looks_and_hands_on(capfd):
    """Prints, checks and callbacks give the array itself, or a function's."""

    @jax.jit
    def model(x):
        x = tf1.Tensor(x)
        x = tf1.Print(x, [tf1.reduce_sum(x), "text"], "sum {x}")
        tf1.assert_greater(x, 0.0)
        tf1.Assert(tf1.reduce_all(x > 0.0), [x])
        with tf1.colocate_with(x), tf1.control_dependencies([tf1.assert_equal(1, 1)]):
            y = tf1.check_numerics(x, "no")
        a, b = tf1.py_func(lambda x: (x + 1, x * 2), [y], [tf1.float32, tf1.float32])
        one = tf1.py_func(np.negative, [y], tf1.float32)
        tf1.print("one", one)
        return jnp.asarray(a + b + one)

    assert model(jnp.array([1.0, 2.0])).tolist() == [3.0, 5.0]
    jax.effects_barrier()
    printed = capfd.readouterr().out
    assert "sum {x} 3.0" in printed
    assert "one [-1. -2.]" in printed


def test_arg_scope_can_be_nested_and_kept():
    """Inner defaults go over outer ones, an argument over both."""
    slim = tf1.contrib.slim
    dense = slim.fully_connected
    with tf1.Graph().as_default():
        with slim.arg_scope([dense], activation_fn=None, scope="outer") as kept:
            assert slim.has_arg_scope(dense)
            assert "activation_fn" in slim.arg_scoped_arguments(dense)
            with slim.arg_scope([dense], scope="inner"):
                assert float(tf1.reduce_min(dense(-tf1.ones([1, 1]) * 99.0, 50))) < 0
                dense(tf1.ones([1, 1]), 2, scope="own")
        with slim.arg_scope(kept):
            dense(tf1.ones([1, 1]), 2)
        assert not slim.current_arg_scope()
        names = [v.op.name for v in slim.get_trainable_variables(suffix="weights")]
        assert names == ["inner/weights", "own/weights", "outer/weights"]
        kept_ones = slim.get_variables_to_restore(exclude=["inner"])
        assert [
            v.op.name for v in slim.filter_variables(kept_ones, ["w"], ["own"])
        ] == ["outer/weights"]
        assert slim.get_unique_variable("own/biases").name == "own/biases:0"
        assert slim.get_local_variables() == []
        slim.add_model_variable("v")
        assert "v" in tf1.model_variables()


def test_the_default_of_slim_is_glorots():
    """xavier_initializer draws what TF1's glorot_uniform draws; the other is scaled."""
    layers = tf1.contrib.layers
    drawn = layers.xavier_initializer()([300, 200])
    limit = (6 / 500) ** 0.5
    assert float(abs(drawn).max()) <= limit
    assert abs(float(drawn.std()) - limit / 3**0.5) < 1e-3
    normal = layers.variance_scaling_initializer()([300, 200])
    cut = 2 * (2.6 / 300) ** 0.5
    assert 0.98 * cut < float(abs(normal).max()) <= cut
