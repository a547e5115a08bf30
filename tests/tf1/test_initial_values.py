"""What a TF1 variable may begin with: constants, functions of all styles, values."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj
from scopejax import tf1
from scopejax._making import plain

pytestmark = pytest.mark.usefixtures("graph")


def initial(initializer, shape=(2, 3), dtype=None, key=0, name="w"):
    """What the init of a model makes of it, and what a graph of that seed does."""

    def model():
        return tf1.get_variable(name, shape, dtype, initializer=initializer)

    params = tf1.transform(model).init(jax.random.key(key))
    with tf1.Graph().as_default():
        tf1.set_random_seed(key)
        np.testing.assert_array_equal(params[name], model())
    return params[name]


# Constants


@given(
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    numbers=st.lists(st.integers(-9, 9), min_size=1, max_size=6),
)
def test_a_constant_list_fills_in_order(shape, numbers):
    """Numbers go in in order, and the last one fills the rest; more are refused."""
    size = math.prod(shape)
    initializer = tf1.constant_initializer(numbers)
    if len(numbers) > size:
        with pytest.raises(ValueError, match=f"Needed at most {size}, but received"):
            initial(initializer, shape)
        return
    rest = [numbers[-1]] * (size - len(numbers))
    expected = np.reshape([*numbers, *rest], shape)
    np.testing.assert_array_equal(initial(initializer, shape), expected)
    np.testing.assert_array_equal(initializer(shape), expected)
    np.testing.assert_array_equal(tf1.constant(numbers, shape=shape), expected)


@pytest.mark.smoke
@pytest.mark.parametrize(
    "value", [7, 7.0, [7], (7,), np.int64(7), np.full((2, 3), 7.0)]
)
@pytest.mark.parametrize("dtype", ["float32", "int32", "bfloat16"])
def test_a_constant_has_the_dtype_of_its_variable(value, dtype):
    """Any spelling of a number fills a variable of any dtype that holds it."""
    if dtype == "int32" and isinstance(value, float):
        with pytest.raises(TypeError, match=r"Expected int32, but got 7\.0"):
            tf1.get_variable("w", [], dtype, tf1.constant_initializer(value))
        return
    made = initial(tf1.constant_initializer(value), dtype=dtype)
    assert made.dtype == dtype
    np.testing.assert_array_equal(np.asarray(made, np.float32), np.full((2, 3), 7.0))


@pytest.mark.parametrize("value", [{"a": 1}, {1, 2}])
def test_a_constant_is_no_dict(value):
    """A dict or a set is refused where the initializer is made."""
    with pytest.raises(TypeError, match="Invalid type for initial value"):
        tf1.constant_initializer(value)


def test_a_constant_may_check_its_shape():
    """With verify_shape nothing is filled."""
    initializer = tf1.constant_initializer([1.0, 2.0], verify_shape=True)
    assert initial(initializer, [2]).tolist() == [1.0, 2.0]
    with pytest.raises(
        TypeError, match=r"Expected Tensor's shape: \(2, 3\), got \(2,\)"
    ):
        tf1.get_variable("w", [2, 3], initializer=initializer)


def test_an_empty_variable_takes_no_constant_list():
    """A size of zero has no room for a number."""
    assert initial(tf1.zeros_initializer(), [0, 2]).shape == (0, 2)
    with pytest.raises(ValueError, match="Needed at most 0, but received 1"):
        tf1.get_variable("w", [0], initializer=tf1.constant_initializer([1.0]))


# Functions in TF1's style


class Ramp:
    """An initializer class in TF1's style."""

    def __init__(self, step=1.0):
        self.step = step

    def __call__(self, shape, dtype=None, partition_info=None):
        """Numbers that grow by a step."""
        assert partition_info is None
        count = math.prod(shape)
        return (self.step * jnp.arange(count, dtype=dtype)).reshape(shape)


@pytest.mark.parametrize("initializer", [Ramp, Ramp(), Ramp(2.0), Ramp().__call__])
def test_a_class_in_tf1s_style(initializer):
    """A class, its instance and its method are called alike."""
    step = getattr(initializer, "step", 1.0)
    np.testing.assert_array_equal(
        initial(initializer), step * np.arange(6.0).reshape(2, 3)
    )


@pytest.mark.parametrize("dtype", ["float32", "float16", "int32"])
def test_how_a_function_is_called(dtype):
    """The shape comes as a list, the dtype by keyword, partition_info if declared."""
    calls = []

    def plain(*args, **kwargs):
        calls.append((args, kwargs))
        return jnp.zeros(args[0], kwargs["dtype"])

    def whole(shape, dtype, partition_info="absent"):
        calls.append((shape, dtype, partition_info))
        return jnp.zeros(shape, dtype)

    tf1.get_variable("a", (2, 3), dtype, initializer=plain)
    tf1.get_variable("b", (2, 3), dtype, initializer=whole)
    assert calls[0] == (([2, 3],), {"dtype": np.dtype(dtype)})
    assert type(calls[0][0][0]) is list
    assert calls[-1] == ([2, 3], np.dtype(dtype), None)


def noise(shape, dtype=None):
    """A user's random initializer, made of TF1's."""
    first = tf1.random_normal_initializer()(shape, dtype)
    return first + 10 * tf1.random_uniform_initializer()(shape, dtype)


def test_random_functions_draw_from_the_variables_key():
    """Name and root key decide, and two draws in one initializer differ."""
    values = [initial(noise, key=k, name=n) for k in (0, 1) for n in ("v", "w")]
    assert len({v.tobytes() for v in map(np.asarray, values)}) == 4
    np.testing.assert_array_equal(initial(noise, key=1, name="w"), values[-1])

    def twice(shape, dtype=None):
        normal = tf1.random_normal_initializer()
        return normal(shape, dtype) - normal(shape, dtype)

    assert np.abs(initial(twice)).min() > 0


def test_random_functions_do_not_mind_the_order():
    """Other variables around it change no bit."""

    def model(names):
        return [tf1.get_variable(n, [3], initializer=noise) for n in names]

    net = tf1.transform(model)
    key = jax.random.key(0)
    one, other = net.init(key, ["a", "b", "c"]), net.init(key, ["c", "b"])
    np.testing.assert_array_equal(one["b"], other["b"])
    np.testing.assert_array_equal(one["c"], other["c"])


def test_what_a_function_returns_is_checked():
    """Another shape is TF1's error; another dtype is one too."""
    with pytest.raises(ValueError, match=r"initial value's shape .* is not compatible"):
        tf1.get_variable("w", [2], initializer=lambda s, dtype: jnp.zeros(3, dtype))
    with pytest.raises(
        ValueError, match="requested dtype float32 for Tensor with dtype"
    ):
        tf1.get_variable("w", [2], initializer=lambda s, dtype: jnp.zeros(2, "int32"))
    assert initial(lambda shape, dtype: [1.0, 2.0], [2]).tolist() == [1.0, 2.0]


def test_an_initializer_that_raises_is_heard(graph):
    """The user's own exception comes through, and no variable is left behind."""

    def broken(shape, dtype=None):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        tf1.get_variable("w", [2], initializer=broken)
    assert not tf1.global_variables()
    assert not graph.variables
    assert tf1.get_variable("w", [2]).shape == (2,)


# Functions in JAX's style, functions without arguments, values

JAX_STYLE = {
    "jax.nn": jax.nn.initializers.normal(0.1),
    "scopejax": sj.initializers.he_normal,
    "own": lambda key, shape, dtype: jax.random.uniform(key, shape, dtype),
    "rng": lambda rng, shape, dtype=None: jax.random.uniform(rng, shape, dtype),
}


@pytest.mark.parametrize("name", JAX_STYLE)
def test_jax_style_follows_the_path_law(name):
    """A function of key, shape and dtype gives the explicit scope's bits."""
    initializer = JAX_STYLE[name]
    net = sj.transform(lambda s: s.get_variable("w", (2, 3), initializer=initializer))
    expected = net.init(jax.random.key(0))["w"]
    np.testing.assert_array_equal(initial(initializer), expected)


def test_functions_without_arguments():
    """One without arguments decides the shape, which must not be asked for."""
    v = tf1.get_variable("v", initializer=lambda: jnp.arange(3))
    assert (v.shape, v.dtype, v.numpy().tolist()) == ((3,), "int32", [0, 1, 2])

    def random():
        return tf1.random_normal_initializer()([3])

    values = [initial(random, None, key=k) for k in (0, 1)]
    assert not np.array_equal(*values)
    with pytest.raises(TypeError, match="argument"):
        tf1.get_variable("w", [3], initializer=lambda: jnp.arange(3))


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([1.0, 2.0], "float32"),
        (3, "int32"),
        (True, "bool"),
        (np.ones((2, 2), np.float16), "float16"),
        (np.arange(3, dtype=np.uint8), "uint8"),
        (jnp.ones(2, jnp.bfloat16), "bfloat16"),
    ],
    ids=str,
)
def test_values(value, dtype):
    """A value decides shape and dtype; a shape besides it is refused."""
    made = initial(value, None)
    assert (made.shape, made.dtype) == (np.shape(value), dtype)
    np.testing.assert_array_equal(made, value)
    with pytest.raises(
        ValueError, match="If initializer is a constant, do not specify"
    ):
        tf1.get_variable("w", np.shape(value), initializer=value)
    with pytest.raises(
        ValueError, match="explicit dtype '<dtype: 'int8'>' don't match"
    ):
        tf1.get_variable("w", dtype="int8", initializer=value)


# Programs


@pytest.mark.parametrize(
    "make",
    [
        lambda: tf1.random_normal_initializer(stddev=0.3),
        lambda: tf1.glorot_normal_initializer,
        lambda: tf1.constant_initializer(0.3),
        lambda: tf1.orthogonal_initializer(gain=0.3),
        lambda: tf1.variance_scaling_initializer(0.3, seed=3),
    ],
    ids=["normal", "class", "constant", "orthogonal", "seed"],
)
@pytest.mark.parametrize("world", ["graph", "init"])
def test_one_kind_is_one_program(make, world):
    """Equal initializers, shape and dtype are compiled once, whatever their names."""

    def model():
        for i in range(5):
            with tf1.variable_scope(f"layer{i}", initializer=make()):
                tf1.get_variable("w", [7, 5])

    before = plain.program.cache_info().currsize
    if world == "graph":
        model()
    else:
        tf1.transform(model).init(jax.random.key(0))
    assert plain.program.cache_info().currsize - before <= 1
