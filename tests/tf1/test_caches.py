"""Marks in the keys of JAX's caches: what is found again, and what must not be."""

import gc
import weakref

import jax
import jax.numpy as jnp
import pytest

from scopejax import tf1
from scopejax.tf1._graph import caches
from scopejax.tf1._graph.graph import ModelGraph

from ..helpers.closeness import assert_close

X = jnp.linspace(-1.0, 1.0, 8).reshape(2, 4)


def dense(x):
    """A layer in a scope, (batch, 4) -> (batch, 4)."""
    with tf1.variable_scope("dense"):
        kernel = tf1.get_variable("kernel", [x.shape[-1], x.shape[-1]])
    return jnp.tanh(x @ kernel.value())


@pytest.mark.smoke
def test_marks():
    """Marks that nobody read are equal; one that was read equals itself alone."""
    one, two = caches.Mark(), caches.Mark()
    assert one == two
    assert hash(one) == hash(two)
    one.read = True
    assert one != two
    assert one == one
    assert hash(one) == hash(two)
    assert one != 3


def test_variables_of_a_graph_in_a_jitted_function():
    """A graph's variable that a jitted function reads may change between calls."""
    with tf1.Graph().as_default():
        v = tf1.Variable(1.0, name="v")
        double = jax.jit(lambda x: x * v * 2.0)
        assert double(1.0) == 2.0
        v.assign(5.0)
        assert double(1.0) == 10.0


def test_variables_can_be_created_in_a_jitted_function():
    """A graph's variable that is created while JAX traces has a value of its own."""
    graph = tf1.Graph()
    with graph.as_default():
        first = jax.jit(dense)(X)
        with tf1.variable_scope("", reuse=True):
            second = dense(X)
    assert_close(first, second, ulps=8)
    assert isinstance(graph.variables["dense"]["kernel"], jax.Array)


def test_a_graph_dies_with_its_run(monkeypatch, key):
    """Nothing keeps the graph of a run alive: not a cache of jit, not a frame."""
    graphs = []
    original = ModelGraph.__init__

    def init(self, *args):
        original(self, *args)
        graphs.append(weakref.ref(self))

    monkeypatch.setattr(ModelGraph, "__init__", init)
    net = tf1.transform(jax.jit(dense))
    net.apply(net.init(key, X), X)
    gc.collect()
    assert [graph() for graph in graphs] == [None] * len(graphs)
    assert len(graphs) >= 2


def test_plain_functions_after_a_read_are_found_again(key):
    """A plain jitted function that follows one with variables is traced once."""
    traces = []

    @jax.jit
    def plain(x):
        traces.append(1)
        return x + 1.0

    inner = jax.jit(dense)
    net = tf1.transform(lambda x: plain(inner(x)))
    params = net.init(key, X)
    for _ in range(3):
        net.apply(params, X)
    assert len(traces) == 1


def test_what_is_appended_to_a_collection_is_noticed():
    """A jitted function sees what the list itself of a collection was given."""

    @jax.jit
    def count(x):
        return x + len(tf1.get_collection("mine"))

    def model(x):
        before = count(x)
        tf1.get_collection_ref("mine").append(1)
        return before, count(x)

    assert tf1.transform(model).apply({}, 1.0) == (1.0, 2.0)
