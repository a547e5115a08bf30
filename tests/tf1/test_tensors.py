"""Tensors, shapes and dtypes answer as TF1's, and JAX takes them as arrays."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1

ARRAY = jnp.arange(6.0).reshape(2, 3)


@pytest.fixture
def x():
    """A tensor."""
    return tf1.Tensor(ARRAY, "x")


def test_a_tensor_answers_as_tf1s(x):
    """Shape, dtype, name and op are asked for as in TF1."""
    assert x.get_shape().as_list() == x.shape.as_list() == [2, 3]
    assert (x.shape[1].value, int(x.shape[0]), x.shape.ndims) == (3, 2, 2)
    assert [size.value for size in x.shape.dims] == [2, 3]
    assert (x.name, x.op.name, x.device) == ("x:0", "x", "")
    assert x.op.outputs[0] is x
    assert x.dtype.base_dtype == tf1.float32
    assert x.get_shape().with_rank(2).merge_with([2, None]) == (2, 3)
    x.set_shape([None, 3])
    np.testing.assert_array_equal(x.eval(), ARRAY)
    assert repr(x) == "<tf.Tensor 'x:0' shape=(2, 3) dtype=float32>"
    assert isinstance(x, tf1.Tensor)
    assert not isinstance(tf1.Variable(1.0), tf1.Tensor)


def test_equality_is_identity(x):
    """As in a graph of TF1, so that tensors can be keys and be looked for in lists."""
    assert x == x
    assert x != tf1.Tensor(ARRAY, "x")
    assert x in {x: 1}
    assert x is not None
    assert [x].index(x) == 0


def test_jax_takes_it_as_an_array(x):
    """In jax.numpy, jax.nn, NumPy and operators with arrays."""
    for found in (jnp.add(x, x), jax.nn.relu(x) * 2, ARRAY + x, np.asarray(x) * 2):
        np.testing.assert_array_equal(found, ARRAY * 2)
    assert isinstance(jnp.add(x, x), jax.Array)
    assert isinstance(np.ones(3, "float32") * x[0], tf1.Tensor)


def test_it_is_a_pytree(x):
    """It goes through transforms of JAX as a tensor, and comes out as one."""
    doubled = jax.jit(lambda t: t + t)(x)
    assert isinstance(doubled, tf1.Tensor)
    np.testing.assert_array_equal(doubled, ARRAY * 2)
    gradient = jax.grad(lambda t: jnp.sum(jnp.square(t)))(x)
    np.testing.assert_array_equal(gradient, ARRAY * 2)
    _, found = jax.lax.scan(lambda carry, row: (carry, row * 2.0), 0, x)
    np.testing.assert_array_equal(found, ARRAY * 2)


def test_a_name_lies_below_the_name_scope():
    """The name given to an op, below the scope that it is made in."""
    with tf1.Graph().as_default(), tf1.name_scope("tower_0"):
        loss = tf1.reduce_sum(tf1.ones([2]), name="loss")
        tf1.add_to_collection("losses", loss)
        assert (loss.name, loss.op.name) == ("tower_0/loss:0", "tower_0/loss")
        assert tf1.get_collection("losses", "tower_0") == [loss]
        assert tf1.get_collection("losses", "tower_1") == []


def test_a_variable_and_a_tensor_make_a_tensor(x):
    """On either side; two variables make an array, and with tensors=True a tensor."""
    with tf1.Graph().as_default():
        v = tf1.get_variable("v", [2, 3])
        for found in (v * x, x * v, v + x, x - v):
            assert isinstance(found, tf1.Tensor)
        assert isinstance(v * 2, jax.Array)
        assert isinstance(v[0], jax.Array)

    def model(array):
        v = tf1.get_variable("v", [2, 3])
        for found in (
            array,
            v * 2,
            -v,
            v[0],
            v.assign_add(v * 0.0) if False else v + v,
        ):
            assert isinstance(found, tf1.Tensor), found
        return {"sum": array + v, "size": tf1.shape(array)}

    net = tf1.transform(model, tensors=True)
    params = net.init(jax.random.key(0), ARRAY)
    found = net.apply(params, ARRAY)
    assert all(isinstance(leaf, jax.Array) for leaf in found.values())
    assert found["size"].tolist() == [2, 3]
    assert isinstance(tf1.Variable(1.0) * 2, jax.Array)  # outside again


def test_plain_arrays_stay_plain():
    """Without tensors=True a model gets its arrays, and operators give arrays."""

    def model(array):
        v = tf1.get_variable("v", [2, 3])
        assert isinstance(array, jax.Array)
        assert isinstance(v * array, jax.Array)
        return v * array

    net = tf1.transform(model)
    assert net.apply(net.init(jax.random.key(0), ARRAY), ARRAY).shape == (2, 3)


def test_shapes_answer_as_tf1s():
    """A TensorShape is a tuple with TF1's methods."""
    shape = tf1.TensorShape([2, 3])
    assert shape == (2, 3)
    assert shape.concatenate([4]) == tf1.TensorShape([2, 3, 4])
    assert tf1.TensorShape(5) == (5,)
    assert shape[1:].as_list() == [3]
    assert shape.is_compatible_with([None, 3])
    assert shape.is_compatible_with(None)
    assert not shape.is_compatible_with([2, 3, 1])
    assert not shape.is_compatible_with(2)
    assert shape.with_rank_at_least(2) is shape.with_rank_at_most(2) is shape
    shape.assert_is_fully_defined()
    shape.assert_has_rank(2)
    size = shape[1]
    assert (size.value, (size * 2).value, (7 - size).value, size // 2) == (3, 6, 4, 1)
    assert size.is_compatible_with(None)
    assert jnp.zeros(shape).shape == jnp.zeros((shape[0], size)).shape == (2, 3)
    assert size * 1.5 == 4.5


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16", "int32", "uint8"])
def test_dtypes_answer_as_tf1s(name):
    """A dtype is NumPy's with TF1's properties, and NumPy and JAX take it."""
    dtype = getattr(tf1, name)
    floating, unsigned = (
        name.endswith(("16", "32")) and name[0] in "fb",
        name == "uint8",
    )
    assert (dtype.is_floating, dtype.is_integer) == (floating, not floating)
    assert (dtype.is_unsigned, dtype.is_bool, dtype.is_complex) == (
        unsigned,
        False,
        False,
    )
    assert dtype.name == name == np.dtype(dtype).name
    assert dtype == name == jnp.dtype(name)
    assert hash(dtype) == hash(np.dtype(name))
    assert dtype.as_numpy_dtype is np.dtype(name).type is dtype.type
    assert dtype.size == dtype.itemsize == np.dtype(name).itemsize
    assert dtype.base_dtype is dtype
    assert dtype.is_compatible_with(name)
    assert not dtype.is_compatible_with("int64")
    assert dtype.limits == (dtype.min, dtype.max)
    assert dtype.real_dtype == dtype
    assert jnp.zeros(2, dtype).dtype == np.zeros(2, dtype).dtype == dtype
    assert repr(dtype) == f"<dtype: '{name}'>"
    assert pickle.loads(pickle.dumps(dtype)) == dtype
    assert dtype != None  # noqa: E711
    assert tf1.complex64.real_dtype == tf1.float32
