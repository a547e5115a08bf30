"""The values of a graph: out, in, as a model's params, from a seed, and anew."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import tf1

pytestmark = pytest.mark.usefixtures("graph")


@pytest.mark.smoke
def test_load(v, local, graph):
    """A graph's variables come out as a nested dict, and go in as one."""
    tree = graph.variables
    assert jax.tree.map(jnp.shape, tree) == {"a": {"v": (2,)}, "n": ()}
    doubled = jax.tree.map(lambda leaf: leaf + jnp.ones_like(leaf), tree)
    graph.load(doubled)
    jax.tree.map(np.testing.assert_array_equal, graph.variables, doubled)
    np.testing.assert_array_equal(v, [2.0, 2.0])
    np.testing.assert_array_equal(v.initial_value, [1.0, 1.0])


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"a": {"v": np.zeros(2, "f4")}}, "n"),
        ({"a": {"v": np.zeros(3, "f4")}, "n": np.int32(0)}, r"\(3,\)"),
        ({"a": {"v": np.zeros(2, "f2")}, "n": np.int32(0)}, "float16"),
        ({"a": {"v": np.zeros(2, "f4"), "w": 1}, "n": np.int32(0)}, "a/w"),
    ],
    ids=["missing", "shape", "dtype", "more"],
)
def test_load_refuses_what_does_not_fit(tree, message, v, local, graph):
    """A tree that differs is refused, and nothing is changed."""
    with pytest.raises(sj.VariableMismatchError, match=message):
        graph.load(tree)
    np.testing.assert_array_equal(v, [1.0, 1.0])


def test_a_graph_gives_the_params_of_the_model(graph, key):
    """A model run in a graph makes what init makes, and apply takes it."""

    def model(x):
        with tf1.variable_scope("dense"):
            return x @ tf1.get_variable("kernel", [2, 3])

    x = jnp.ones((1, 2))
    net = tf1.transform(model)
    made = model(x)
    jax.tree.map(np.testing.assert_array_equal, graph.variables, net.init(key, x))
    np.testing.assert_array_equal(net.apply(graph.variables, x), made)
    assert list(graph.manifest()) == list(net.manifest(x))
    graph.manifest().check(net.init(key, x))


def test_the_manifest(v, local, graph):
    """A graph's manifest has a row for each variable, in order of creation."""
    manifest = graph.manifest()
    assert list(manifest) == ["a/v", "n"]
    assert [spec.trainable for spec in manifest.values()] == [True, False]
    assert [spec.dtype.name for spec in manifest.values()] == ["float32", "int32"]
    assert "local_variables" in manifest["n"].collections
    assert "2 variables" in str(manifest)


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_the_random_seed(seed):
    """The seed is the key of init, for what is created after it."""
    before = tf1.get_variable("before", [3])
    tf1.set_random_seed(seed)
    after = tf1.get_variable("after", [3])
    net = tf1.transform(lambda: [tf1.get_variable(n, [3]) for n in ("before", "after")])
    params = net.init(jax.random.key(0))
    np.testing.assert_array_equal(before, params["before"])
    np.testing.assert_array_equal(after, net.init(jax.random.key(seed))["after"])


def test_a_model_has_no_seed(key):
    """Within a model the key is the argument of init."""
    net = tf1.transform(lambda: tf1.set_random_seed(1))
    with pytest.raises(
        TypeError, match="The key of a model is the argument of its ini"
    ):
        net.init(key)


def test_the_default_graph_is_reset():
    """Out of all graphs, the default one is made anew; within one that is refused."""
    with pytest.raises(AssertionError, match=r"Do not use tf.reset_default_graph\(\)"):
        tf1.reset_default_graph()
    found = []

    def target():  # a thread has entered no graph
        tf1.reset_default_graph()
        first = tf1.get_default_graph()
        found.append(tf1.get_variable("v", [1]))
        tf1.reset_default_graph()
        found.append(tf1.get_variable("v", [1]))
        found.append(tf1.get_default_graph() is not first)
        tf1.reset_default_graph()
        found.append(tf1.global_variables())

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    assert found[0] is not found[1]
    assert found[2:] == [True, []]
