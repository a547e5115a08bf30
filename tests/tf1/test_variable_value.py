"""The value of a `tf1.Variable`: in JAX's transforms, read, assigned, and at first."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import ScopeUsageError, tf1

MATRIX = [[1.5, -2.0], [0.5, 3.0]]


pytestmark = pytest.mark.usefixtures("graph")


@pytest.fixture
def v():
    """A variable of two axes."""
    return tf1.Variable(MATRIX, name="v")


# In JAX's transforms


def square(x):
    """A loss that wants a plain array."""
    assert isinstance(x, jax.Array)
    return (x * x).sum()


CALLS = {
    "jit": jax.jit(square),
    "vmap": jax.vmap(square),
    "grad": jax.grad(square),
    "value_and_grad": jax.value_and_grad(square),
    "checkpoint": jax.checkpoint(square),
    "map": lambda x: jax.lax.map(square, x),
    "carry": lambda x: jax.lax.scan(lambda c, _: (c * 2, c), x, None, length=3),
    "scanned": lambda x: jax.lax.scan(lambda c, r: (c + r.sum(), r), 0.0, x),
    "fori_loop": lambda x: jax.lax.fori_loop(0, 3, lambda _, c: c + 1.0, x),
    "while_loop": lambda x: jax.lax.while_loop(
        lambda c: c.sum() < 9, lambda c: c + 1.0, x
    ),
    "cond": lambda x: jax.lax.cond(True, lambda c: c * 2, lambda c: c, x),
    "switch": lambda x: jax.lax.switch(1, [lambda c: c * 2, lambda c: c], x),
    "tree": lambda x: jax.tree.map(lambda leaf: leaf + 1.0, {"x": x}),
}


@pytest.mark.smoke
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_as_an_argument_it_arrives_as_an_array(call, v):
    """A transform of a variable gives what it gives for its array."""
    jax.tree.map(np.testing.assert_array_equal, call(v), call(v.value()))


def test_what_comes_out_is_an_array(v):
    """A variable that a jitted function returns comes out as a plain array."""
    out = jax.jit(lambda: {"v": v})()
    assert type(out["v"]) is type(v.value())
    np.testing.assert_array_equal(out["v"], v)


def test_closed_over_it_is_a_constant(v):
    """Read within a transform a variable is a constant of it."""
    a = v.value()
    np.testing.assert_array_equal(jax.jit(lambda x: x @ v)(a), a @ a)
    np.testing.assert_array_equal(jax.grad(lambda x: (x * v).sum())(a), a)


def test_shape_and_dtype_are_seen_by_eval_shape(v):
    """Abstractly a variable is an array of its shape and dtype."""
    found = jax.eval_shape(lambda x: x, v)
    assert (found.shape, found.dtype) == (v.shape, v.dtype)


# Read


def test_every_way_to_read(v):
    """value, read_value, eval, numpy, identity and NumPy's conversion are one value."""
    for array in (v.value(), v.read_value(), tf1.identity(v), jnp.asarray(v)):
        assert isinstance(array, jax.Array | tf1.Tensor)
        np.testing.assert_array_equal(array, MATRIX)
    for array in (v.eval(), v.eval(tf1.Session()), v.numpy(), np.asarray(v)):
        assert isinstance(array, np.ndarray)
        assert array.dtype == v.dtype
        np.testing.assert_array_equal(array, MATRIX)
    assert np.asarray(v, np.float64).dtype == np.float64


# Assigned

ASSIGNED = {
    "assign": [[0.0, 1.0], [2.0, 3.0]],
    "assign_add": [[1.5, -1.0], [2.5, 6.0]],
    "assign_sub": [[1.5, -3.0], [-1.5, 0.0]],
}
methods = pytest.mark.parametrize("method", ASSIGNED)


@methods
@pytest.mark.parametrize("as_function", [False, True], ids=["method", "function"])
@pytest.mark.parametrize("kind", [list, np.array, np.float64, jnp.array, tf1.Variable])
def test_assignments(method, as_function, kind, v):
    """Lists, NumPy's and JAX's arrays and variables are assigned, at once."""
    value = [[0.0, 1.0], [2.0, 3.0]]
    given = kind(value)
    if as_function:
        result = getattr(tf1, method)(v, given)
    else:
        result = getattr(v, method)(given)
    np.testing.assert_array_equal(v, ASSIGNED[method])
    np.testing.assert_array_equal(result, ASSIGNED[method])
    np.testing.assert_array_equal(result + 1.0, np.add(ASSIGNED[method], 1.0))
    assert (v.dtype, v.value().dtype) == ("float32", "float32")
    assert result.variable is v


def test_an_assignment_keeps_its_value(v):
    """What an assignment returned does not follow later ones."""
    first = v.assign_add(np.ones((2, 2)))
    v.assign(np.zeros((2, 2)))
    np.testing.assert_array_equal(first, np.add(MATRIX, 1.0))


def test_assigning_a_variable_copies_its_value(v):
    """The other variable's later values do not show."""
    w = tf1.Variable(np.zeros((2, 2)), dtype="float32")
    w.assign(v)
    v.assign_add(v)
    np.testing.assert_array_equal(w, MATRIX)
    np.testing.assert_array_equal(v, np.multiply(2, MATRIX))


def test_an_array_of_the_caller_is_copied(v):
    """Changing a NumPy array that was assigned does not change the variable."""
    mine = np.ones((2, 2), np.float32)
    v.assign(mine)
    mine[:] = 5.0
    w = tf1.Variable(mine)
    mine[:] = 6.0
    np.testing.assert_array_equal(v, np.ones((2, 2)))
    np.testing.assert_array_equal(w, np.full((2, 2), 5.0))


def test_load_assigns(v):
    """load gives another value, with or without a session."""
    v.load(np.zeros((2, 2)), tf1.Session())
    assert not v.numpy().any()


@methods
@pytest.mark.parametrize(
    "value", [1.0, [1.0, 2.0], np.ones((1, 2, 2)), np.ones((2, 1))]
)
def test_another_shape_is_refused(method, value, v):
    """Nothing is broadcast in an assignment, and the value stays as it was."""
    with pytest.raises(
        ValueError, match="Cannot assign value to variable 'v:0': Shape"
    ):
        getattr(v, method)(value)
    np.testing.assert_array_equal(v, MATRIX)


@methods
@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        (jnp.ones((2, 2), "int32"), ValueError, "requested dtype float32"),
        (jnp.ones((2, 2), "bfloat16"), ValueError, "requested dtype float32"),
        ([["a", "b"]], TypeError, "Failed to convert"),
        (None, ValueError, "None values not supported"),
        ([[1.0], [2.0, 3.0]], ValueError, "inhomogeneous"),
    ],
    ids=["int32", "bfloat16", "text", "None", "ragged"],
)
def test_another_dtype_is_refused(method, value, kind, message, v):
    """No JAX array is cast, what holds no numbers is no value, and nothing changes."""
    with pytest.raises(kind, match=message):
        getattr(v, method)(value)
    np.testing.assert_array_equal(v, MATRIX)


def test_fractions_do_not_fit_integers():
    """An integer variable takes no fractions."""
    n = tf1.Variable([1, 2])
    with pytest.raises(TypeError, match=r"Expected int32, but got 1\.5"):
        n.assign([1.5, 2.0])
    n.assign_add([1, 1])
    assert n.numpy().tolist() == [2, 3]


def test_a_traced_value_is_refused(v):
    """Within jit a graph's variable is not assigned, since the value would leak."""
    with pytest.raises(ScopeUsageError, match="assigned a value that JAX is tracing"):
        jax.jit(lambda x: v.assign(x).value())(v.value())
    np.testing.assert_array_equal(v, MATRIX)


# At first


def test_the_initial_value_stays(v):
    """initial_value and initialized_value are what the variable began with."""
    v.assign(np.zeros((2, 2)))
    for array in (v.initial_value, v.initialized_value()):
        np.testing.assert_array_equal(array, MATRIX)
    v.initializer.run()
    np.testing.assert_array_equal(v, MATRIX)


def test_a_variable_begins_with_anothers_initial_value(v, key):
    """initialized_value of one variable is the initial value of another, as in init."""

    def model():
        w = tf1.get_variable("w", [2, 3])
        return tf1.Variable(w.initialized_value(), name="copy"), w

    copy, w = model()
    np.testing.assert_array_equal(copy, w)
    params = tf1.transform(model).init(key)
    np.testing.assert_array_equal(params["copy"], params["w"])


@pytest.mark.parametrize("left", [np.ones(2, np.float32), np.float32(2.0)])
def test_numpy_on_the_left_gives_a_jax_array(left):
    """NumPy leaves operators to the variable, in a graph and in a model."""
    with tf1.Graph().as_default():
        v = tf1.Variable([1.0, 2.0])
        assert isinstance(left * v, jax.Array)
    net = tf1.transform(lambda: left * tf1.get_variable("t", [2]))
    assert net.apply(net.init(jax.random.key(0))).shape == (2,)


def test_numpy_copies_are_copies():
    """`np.array` of a variable is an array of its own, which can be written."""
    with tf1.Graph().as_default():
        v = tf1.Variable([1.0, 2.0])
        copy = np.array(v)
        copy[0] = 5.0
        assert v.numpy().tolist() == [1.0, 2.0]
