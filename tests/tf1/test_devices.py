"""Devices that variables are made on, and what TF1's contexts and ops are in JAX."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1

pytestmark = pytest.mark.usefixtures("graph")


def on(array):
    """The number of the device that an array is on."""
    (device,) = array.devices()
    return device.id


SPELLINGS = [
    "/cpu:{}",
    "/CPU:{}",
    "cpu:{}",
    "/device:CPU:{}",
    "/device:cpu:{}",
    "/job:worker/task:1/device:CPU:{}",
    "/job:worker/replica:0/task:1/cpu:{}",
]
numbers = pytest.mark.parametrize("number", [0, 3, 7])


# Names


@pytest.mark.smoke
@numbers
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_names(spelling, number):
    """TF1's ways to name a device lead to JAX's; job, replica and task say nothing."""
    with tf1.device(spelling.format(number)):
        v = tf1.get_variable("v", [2])
    assert on(v.value()) == number


@numbers
def test_a_device_of_jax(number):
    """A `jax.Device` is as good as its name."""
    with tf1.device(jax.devices()[number]):
        assert on(tf1.Variable(1.0).value()) == number


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_name_leaves_it_to_jax(nothing):
    """None and "" lift an outer device."""
    with tf1.device("/cpu:3"), tf1.device(nothing):
        assert on(tf1.Variable(1.0).value()) == 0
        with jax.default_device(jax.devices()[5]):
            assert on(tf1.Variable(1.0).value()) == 5


@pytest.mark.parametrize("name", ["/cpu:x", "/quantum:0", "gpu zero", 3])
def test_unknown_devices(name, graph):
    """What is no device is refused on entering, and the context is as before."""
    with (
        tf1.device("/cpu:3"),
        pytest.raises(ValueError, match="There is no device"),
        tf1.device(name),
    ):
        pass
    assert graph.thread.device is None


# Contexts


def test_contexts_nest():
    """The innermost device counts, and the outer one comes back, after errors too."""
    found = []

    def look():
        found.append(on(tf1.Variable(1.0).value()))

    with tf1.device("/cpu:1"):
        look()
        with tf1.device("/cpu:2"), tf1.variable_scope("s"):
            look()
        look()
        with pytest.raises(KeyError, match="mine"), tf1.device("/cpu:4"):
            raise KeyError("mine")
        look()
    look()
    assert found == [1, 2, 1, 1, 0]


def test_a_thread_has_a_device_of_its_own(graph):
    """Another thread does not see the device that this one is in."""
    found = []

    def target():
        with graph.as_default():
            found.append(on(tf1.Variable(1.0).value()))

    with tf1.device("/cpu:3"):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    assert found == [0]


# Placement

KINDS = {
    "get_variable": lambda: tf1.get_variable("v", [4]),
    "local": lambda: tf1.get_local_variable("v", [4]),
    "list": lambda: tf1.Variable([1.0, 2.0]),
    "numpy": lambda: tf1.Variable(np.ones(4)),
    "function": lambda: tf1.Variable(lambda: jnp.ones(4)),
    "partitioned": lambda: tf1.get_variable(
        "v", [4], partitioner=tf1.fixed_size_partitioner(2)
    ),
    "seeded": lambda: tf1.get_variable(
        "v", [4], initializer=tf1.random_normal_initializer(seed=1)
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_in_a_graph_and_in_init(kind, key, graph):
    """Every variable is made on its device, with the values it has elsewhere."""

    def model(device):
        with tf1.device(device):
            made = KINDS[kind]()
        return made.value()

    assert on(model("/cpu:6")) == 6
    net = tf1.transform(model)
    there, here = net.init(key, "/cpu:6"), net.init(key, None)
    assert {on(leaf) for leaf in jax.tree.leaves(there)} == {6}
    assert {on(leaf) for leaf in jax.tree.leaves(here)} == {0}
    jax.tree.map(np.testing.assert_array_equal, there, here)
    jax.tree.map(np.testing.assert_array_equal, there, graph.variables)


def test_each_variable_has_its_device(key):
    """A model in two devices has params in two, and state as well."""

    def model():
        for number in (1, 2):
            with tf1.device(f"/cpu:{number}"), tf1.variable_scope(f"tower{number}"):
                tf1.get_variable("w", [2])
                tf1.get_variable("n", [], trainable=False)
        tf1.get_variable("rest", [2])

    params, state = tf1.transform_with_state(model).init(key)
    assert jax.tree.map(on, params) == {
        "tower1": {"w": 1},
        "tower2": {"w": 2},
        "rest": 0,
    }
    assert jax.tree.map(on, state) == {"tower1": {"n": 1}, "tower2": {"n": 2}}


def test_apply_takes_params_wherever_they_are(key):
    """The devices are those of creation; apply computes where its params are."""

    def model(x):
        with tf1.device("/cpu:2"):
            return tf1.get_variable("w", [2]) * x

    net = tf1.transform(model)
    params = net.init(key, 1.0)
    assert on(jax.jit(net.apply)(params, 2.0)) == 2
    moved = jax.device_put(params, jax.devices()[5])
    assert on(net.apply(moved, 2.0)) == 5


def test_reuse_leaves_a_variable_where_it_is():
    """Asked for again within another device, it is the same variable."""
    with tf1.device("/cpu:2"):
        v = tf1.get_variable("v", [2])
    scope = tf1.get_variable_scope()
    with tf1.device("/cpu:3"), tf1.variable_scope(scope, reuse=True):
        assert tf1.get_variable("v", [2]) is v
    assert on(v.value()) == 2


# Caching devices


@pytest.mark.parametrize("device", ["/cpu:1", "/device:CPU:7", "", None])
def test_a_caching_device_is_where_it_is_read(device, graph):
    """A device that exists gets the value to be read, also after an assignment."""
    where = {"/cpu:1": 1, "/device:CPU:7": 7}.get(device)
    with tf1.variable_scope("s", caching_device=device) as scope:
        v = tf1.get_variable("v", [2])
    assert scope.caching_device == device
    kept = graph.manifest()["s/v"].caching_device
    assert kept == (None if where is None else jax.devices()[where])
    assert on(v.value()) == (where or 0)
    assert v.value() is v.value()
    v.assign([1.0, 2.0])
    assert v.value().tolist() == [1.0, 2.0]
    assert on(v.value()) == (where or 0)


def test_an_unknown_caching_device_is_refused(graph):
    """One that does not exist is refused where the variable is made."""
    for make in (
        lambda: tf1.get_variable("v", [2], caching_device="/gpu:77"),
        lambda: tf1.Variable(1.0, caching_device="/job:moo"),
    ):
        with pytest.raises(ValueError, match="There is no device"):
            make()
    assert not graph.variables


# What has no effect, and what is an array


def test_control_dependencies_change_nothing():
    """Within it names and order are what they are without."""
    v = tf1.Variable(1.0)
    with tf1.control_dependencies([v.assign(2.0), v.initializer]):
        w = tf1.Variable(v + 1.0, name="w")
    with tf1.control_dependencies(None):
        pass
    assert (w.name, float(w), float(v)) == ("w:0", 3.0, 2.0)


def test_identity():
    """It is a tensor of a variable, of numbers, or of an array."""
    v = tf1.Variable([1.0, 2.0])
    assert isinstance(tf1.identity(v, name="v"), tf1.Tensor)
    np.testing.assert_array_equal(tf1.identity(v), v)
    assert tf1.identity(2).dtype == "int32"
    np.testing.assert_array_equal(jax.jit(tf1.identity)(v), v)


def test_stop_gradient(key):
    """No gradient goes through, neither of arrays nor of a model's variables."""

    def model(x):
        v = tf1.get_variable("v", [2])
        return jnp.sum(x * tf1.stop_gradient(v) + 3.0 * v)

    net = tf1.transform(model)
    x = jnp.ones(2)
    params = net.init(key, x)
    gradient, by_x = jax.grad(net.apply, (0, 1))(params, x)
    assert gradient["v"].tolist() == [3.0, 3.0]
    np.testing.assert_array_equal(by_x, params["v"])
    assert jax.grad(lambda x: x * tf1.stop_gradient(x))(3.0) == 3.0


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (1, None, "int32"),
        (1.5, None, "float32"),
        (True, None, "bool"),
        (1j, None, "complex64"),
        ([[1, 2]], None, "int32"),
        (np.ones(2, np.float16), None, "float16"),
        (1, "float32", "float32"),
        ([1, 2], tf1.bfloat16, "bfloat16"),
        (np.ones(2), "int32", "int32"),
    ],
    ids=str,
)
def test_constants(value, dtype, expected):
    """Python's numbers have TF1's dtypes, unless another is asked for."""
    found = tf1.constant(value, dtype, name="c")
    assert isinstance(found, tf1.Tensor)
    assert (found.dtype, found.shape) == (expected, np.shape(value))
    np.testing.assert_array_equal(np.asarray(found, np.complex64), value)


def test_constants_are_checked():
    """What holds no numbers, and with verify_shape another shape, is refused."""
    with pytest.raises(TypeError, match="Failed to convert elements of 'a'"):
        tf1.constant("a")
    with pytest.raises(TypeError, match=r"Expected Tensor's shape: \(2,\), got \(\)"):
        tf1.constant(1, shape=[2], verify_shape=True)
    assert tf1.constant(1, shape=[2, 2]).tolist() == [[1, 1], [1, 1]]


def test_a_graphs_variable_stays_on_its_device():
    """Assignments and what is computed from it are where the variable was made."""
    with tf1.Graph().as_default():
        with tf1.device("/cpu:3"):
            v = tf1.get_variable("v", [2])
        v.assign([1.0, 2.0])
        v.assign_add([1.0, 2.0])
        assert v.value().device == jax.devices("cpu")[3]
        assert (v.value() * 2.0).device == jax.devices("cpu")[3]
