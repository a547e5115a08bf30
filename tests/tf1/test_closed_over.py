"""Initializers in TF1's style: three parameters, and what they close over."""

import functools

import jax
import jax.numpy as jnp
import pytest

from scopejax import tf1


def named(shape, dtype, partition_info):
    """TF1's three parameters, none of which has a default."""
    assert partition_info is None
    return jnp.full(shape, 3, dtype)


def last(shape, partition_info, dtype):
    """The same in another order."""
    return named(shape, dtype, partition_info)


class Three:
    """The same as an object, which `get_variable` makes of the class."""

    def __call__(self, shape, dtype, partition_info):
        """The value."""
        return named(shape, dtype, partition_info)


def jaxs(key, shape, dtype):
    """JAX's three parameters."""
    return 3 * jnp.ones_like(jax.random.normal(key, shape, dtype))


@pytest.mark.parametrize("initializer", [named, last, Three, Three(), jaxs])
@pytest.mark.parametrize("where", ["graph", "model"])
def test_three_parameters_are_told_apart_by_their_names(initializer, where, key):
    """TF1's names make it TF1's, with defaults or without; the others are JAX's."""

    def model():
        return tf1.get_variable("v", [2], initializer=initializer).value()

    if where == "graph":
        with tf1.Graph().as_default():
            found = model()
    else:
        found = tf1.transform(model).init(key)["v"]
    assert found.tolist() == [3.0, 3.0]


def by_closure(tensor):
    """The tensor in a function's closure."""
    return lambda shape, dtype=tf1.float32, partition_info=None: tensor


def by_default(tensor):
    """The tensor as a default."""
    return lambda shape, dtype=None, held=tensor: held


def by_partial(tensor):
    """The tensor as a bound argument, in a list."""
    return functools.partial(lambda held, shape, dtype=None: held[0], [tensor])


def by_function(tensor):
    """The tensor in a function that a function closes over."""
    inner = by_closure(tensor)
    return lambda shape, dtype=None: inner(shape)


class ByObject:
    """The tensor as an attribute."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __call__(self, shape, dtype=None):
        """The tensor."""
        return self.tensor

    def method(self, shape, dtype=None):
        """The tensor."""
        return self.tensor


HELD = [
    by_closure,
    by_default,
    by_partial,
    by_function,
    ByObject,
    lambda tensor: ByObject(tensor).method,
]


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("from_input", [False, True])
def test_an_initializer_returns_a_tensor_of_the_model(held, from_input, key):
    """It is the initial value, as in TF1, wherever the initializer keeps it."""

    def model(x):
        tensor = x * 2 if from_input else jnp.arange(4.0)[::-1] * 2
        return tf1.get_variable("b", [4], initializer=held(tensor)) * 1.0

    net = tf1.transform(model)
    params = net.init(key, jnp.array([3.0, 2.0, 1.0, 0.0]))
    assert params["b"].tolist() == [6.0, 4.0, 2.0, 0.0]
    other = jax.jit(net.apply)(params, jnp.ones(4))
    assert other.tolist() == [6.0, 4.0, 2.0, 0.0]
    with tf1.Graph().as_default():
        assert model(jnp.array([3.0, 2.0, 1.0, 0.0])).tolist() == [6.0, 4.0, 2.0, 0.0]


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (jnp.ones(3), r"initial value's shape \(\(3,\)\) is not compatible"),
        (jnp.ones(2, "int32"), "requested dtype float32 for Tensor with dtype int32"),
    ],
)
def test_the_tensor_has_to_fit(tensor, message, key):
    """Another shape or dtype than the variable's is TF1's error."""

    def model():
        return tf1.get_variable("b", [2], initializer=by_closure(tensor * 1)).value()

    with pytest.raises(ValueError, match=message):
        tf1.transform(model).init(key)


def test_an_initializer_that_keeps_arrays_still_draws(key):
    """What draws from the variable's key draws from it there too."""
    scale = jnp.float32(2.0)

    def drawn(shape, dtype=None, partition_info=None):
        return scale * tf1.random_normal_initializer()(shape, dtype)

    def model():
        return [tf1.get_variable(n, [3], initializer=drawn).value() for n in "ab"]

    params = tf1.transform(model).init(key)
    assert params["a"].tolist() != params["b"].tolist()


@pytest.mark.parametrize("held", [False, True])
def test_an_initializer_is_given_tf1s_dtype(held, key):
    """It may ask what a dtype of TF1 answers, as slim's initializers do."""
    tensor = jnp.ones(2) if held else None

    def initializer(shape, dtype, partition_info=None):
        assert dtype.is_floating
        assert dtype.base_dtype == tf1.float32
        return jnp.ones(shape, dtype) if tensor is None else tensor

    net = tf1.transform(
        lambda: tf1.get_variable("v", [2], initializer=initializer).value()
    )
    assert net.init(key)["v"].tolist() == [1.0, 1.0]
