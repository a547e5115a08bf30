"""`tf1.Variable`: what it is, and that it stands for its array everywhere."""

import operator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1
from scopejax.tf1 import VariableAggregation, VariableSynchronization

pytestmark = pytest.mark.usefixtures("graph")


MATRIX = [[1.5, -2.0], [0.5, 3.0]]
OTHER = [[2.0, 0.5], [1.0, 1.5]]


def variable(value=MATRIX, **options):
    """A variable and its array."""
    v = tf1.Variable(value, **options)
    return v, v.value()


# What it is


@pytest.mark.smoke
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 2)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32", "bool", "complex64"])
def test_shape_and_dtype(shape, dtype):
    """Shape and dtype are those of the array, however it is asked for them."""
    v = tf1.get_variable("v", initializer=np.ones(shape, jnp.dtype(dtype)))
    assert v.shape == v.get_shape() == v.value().shape == shape
    assert v.shape.as_list() == v.get_shape().as_list() == list(shape)
    assert (v.shape.ndims, v.shape.num_elements()) == (len(shape), np.prod(shape))
    assert v.dtype == v.value().dtype == dtype
    assert (v.ndim, v.size) == (len(shape), np.prod(shape))
    assert repr(v) == f"<tf.Variable 'v:0' shape={shape} dtype={dtype}>"


def test_names():
    """`name` has TF1's ":0", the name of its op has not."""
    with tf1.variable_scope("a"):
        v = tf1.get_variable("v", [1])
    assert (v.name, v.op.name) == ("a/v:0", "a/v")


def test_equality_is_identity():
    """Two variables of equal values differ; a variable is a key of a dict."""
    v, w = tf1.Variable(1.0), tf1.Variable(1.0)
    assert v == v
    assert v != w
    assert (v == 1.0, v != 1.0) == (False, True)
    assert {v: "v", w: "w"}[v] == "v"
    assert len({v, w, v}) == 2
    assert v in [w, v]


@pytest.mark.parametrize("make", [tf1.Variable, tf1.get_variable])
def test_options_are_kept(make):
    """Constraint, synchronization, aggregation and trainable are what was given."""
    first = {"initial_value": [1.0]} if make is tf1.Variable else {"shape": [1]}
    v = make(
        **first,
        name="v",
        constraint=jnp.abs,
        synchronization=VariableSynchronization.ON_READ,
        aggregation=VariableAggregation.MEAN,
    )
    assert v.constraint is jnp.abs
    assert v.synchronization is VariableSynchronization.ON_READ
    assert v.aggregation is VariableAggregation.MEAN
    assert v.trainable is False
    w = make(**first, name="w")
    assert w.constraint is None
    assert w.synchronization is VariableSynchronization.AUTO
    assert w.aggregation is VariableAggregation.NONE
    assert w.trainable is True


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"constraint": 3}, "Argument `constraint` must be None or a callable"),
        ({"synchronization": "x"}, "Invalid variable synchronization mode: x"),
        ({"aggregation": "y"}, "Invalid variable aggregation mode: y"),
        ({"collections": "mine"}, "must be a list, tuple, or set. Got mine"),
        ({"initial_value": None}, "`initial_value` arg to `tf.Variable` must be"),
        ({"variable_def": 1}, "are mutually exclusive"),
        ({"shape": [3]}, r"shape \(\(\)\) is not compatible with the explicitly"),
    ],
)
def test_options_are_checked(options, message, graph):
    """A wrong option is TF1's error, and no variable is left behind."""
    with pytest.raises(ValueError, match=message):
        tf1.Variable(**{"initial_value": 1.0, "name": "v", **options})
    assert not graph.placed
    assert not tf1.global_variables()


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1.5, "float32"),
        (3, "int32"),
        (True, "bool"),
        (1j, "complex64"),
        ([1, 2.5], "float32"),
    ],
)
def test_python_numbers_have_tf1s_dtypes(value, dtype):
    """Python's numbers become 32 bits wide, as in TF1."""
    assert tf1.Variable(value).dtype == dtype


def test_a_value_is_converted_where_that_is_safe():
    """Python's and NumPy's numbers take the dtype asked for; JAX's arrays do not."""
    assert tf1.Variable([1, 2], dtype="float32").dtype == "float32"
    assert tf1.Variable(np.arange(2), dtype="float16").dtype == "float16"
    with pytest.raises(
        TypeError, match=r"Expected int32, but got 1\.5 of type 'float'"
    ):
        tf1.Variable(1.5, dtype="int32")
    with pytest.raises(ValueError, match="requested dtype int32 for Tensor with dtype"):
        tf1.Variable(jnp.ones(2), dtype="int32")


def test_a_function_gives_the_initial_value():
    """A function without arguments is called; its array decides shape and dtype."""
    v = tf1.Variable(lambda: jnp.arange(3), name="v")
    assert (v.shape, v.dtype) == ((3,), "int32")
    np.testing.assert_array_equal(v, [0, 1, 2])


# As an array

BINARY = [
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"),
    *("lt", "le", "gt", "ge"),
]
INTEGER = ["and_", "or_", "xor", "lshift", "rshift"]


@pytest.mark.parametrize("name", BINARY + INTEGER)
@pytest.mark.parametrize("sides", ["left", "right", "both"])
def test_operators(name, sides):
    """An operator gives what it gives for the arrays, a variable on either side."""
    whole = name in INTEGER
    v, a = variable([[1, 2], [3, 4]] if whole else MATRIX)
    w, b = variable([[3, 1], [1, 2]] if whole else OTHER)
    function = getattr(operator, name)
    left = v if sides != "right" else a
    right = w if sides != "left" else b
    found = function(left, right)
    assert isinstance(found, jax.Array)
    np.testing.assert_array_equal(found, function(a, b))


@pytest.mark.parametrize("name", BINARY)
def test_operators_with_numbers(name):
    """Python's numbers on either side, and NumPy's arrays, do as with the array."""
    v, a = variable()
    function = getattr(operator, name)
    numbers = np.full((2, 2), 2, np.float32)
    np.testing.assert_array_equal(function(v, numbers), function(a, numbers))
    if name != "matmul":
        np.testing.assert_array_equal(function(v, 2.0), function(a, 2.0))
        np.testing.assert_array_equal(function(2.0, v), function(2.0, a))


@pytest.mark.parametrize("name", ["neg", "pos", "abs"])
def test_unary_operators(name):
    """A sign and the absolute value are the array's."""
    v, a = variable()
    np.testing.assert_array_equal(
        getattr(operator, name)(v), getattr(operator, name)(a)
    )


def test_inversion_and_numbers_of_python():
    """~, bool, int, float and use as an index are those of the array."""
    np.testing.assert_array_equal(~tf1.Variable([True, False]), [False, True])
    n = tf1.Variable(2)
    assert (int(n), float(n), bool(n), [5, 6, 7][n]) == (2, 2.0, True, 7)
    assert divmod(int(n), 2) == (1, 0)


JNP = [
    *("sum", "mean", "max", "argmax", "abs", "exp", "sin"),
    *("transpose", "ravel", "cumsum", "sort", "any", "all"),
]
NN = [
    *("relu", "softmax", "log_softmax", "sigmoid"),
    *("gelu", "softplus", "logsumexp", "tanh"),
]


@pytest.mark.parametrize(
    "function",
    [getattr(jnp, n) for n in JNP] + [getattr(jax.nn, n) for n in NN],
    ids=JNP + NN,
)
def test_functions(function):
    """Functions of jax.numpy and jax.nn take a variable."""
    v, a = variable()
    np.testing.assert_array_equal(function(v), function(a))


@pytest.mark.parametrize(
    "name", ["add", "multiply", "matmul", "dot", "maximum", "where", "concatenate"]
)
def test_functions_of_several(name):
    """Functions of several arrays take variables among them."""
    (v, a), (w, b) = variable(), variable(OTHER)
    function = getattr(jnp, name)
    if name == "where":
        function = lambda x, y: jnp.where(x > y, x, y)  # noqa: E731
    if name == "concatenate":
        function = lambda x, y: jnp.concatenate([x, y], axis=1)  # noqa: E731
    for x, y in ((v, b), (a, w), (v, w)):
        np.testing.assert_array_equal(function(x, y), function(a, b))


@pytest.mark.parametrize("name", ["sum", "mean", "T", "astype", "reshape", "at"])
def test_methods(name):
    """The methods of an array are there."""
    v, a = variable()
    calls = {
        "T": lambda x: x.T,
        "astype": lambda x: x.astype("int32"),
        "reshape": lambda x: x.reshape(4),
        "at": lambda x: x.at[0].set(7.0),
    }
    call = calls.get(name, lambda x: getattr(x, name)(axis=0))
    np.testing.assert_array_equal(call(v), call(a))


def test_no_other_attributes():
    """What an array has not, a variable has not either."""
    v, _ = variable()
    assert not hasattr(v, "nothing")
    with pytest.raises(AttributeError, match="'Variable' object has no attribute 'no'"):
        v.no  # noqa: B018


@pytest.mark.parametrize(
    "index", [0, -1, slice(1), (0, 1), (Ellipsis, 0), None, np.array([1, 0])], ids=str
)
def test_indexing(index):
    """An index gives what it gives for the array."""
    v, a = variable()
    np.testing.assert_array_equal(v[index], a[index])


def test_no_iteration():
    """As in TF1 a variable is not iterable and has no length."""
    v, _ = variable()
    with pytest.raises(TypeError, match="'Variable' object is not iterable"):
        iter(v)
    with pytest.raises(TypeError, match="has no len"):
        len(v)
