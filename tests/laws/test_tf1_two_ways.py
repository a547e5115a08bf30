"""Law: a function in TF1's style makes the same in a graph and as a model."""

import chex
import jax
import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj
from scopejax import tf1

from ..helpers.closeness import assert_close
from ..helpers.randomness import examples

NAMES = st.sampled_from(["a", "b", "A", "a_1", "a/b", "v", "v_1"])
REUSE = st.sampled_from([None, True, tf1.AUTO_REUSE])
SHAPES = st.sampled_from([[], [2], [4, 3]])

ASK = st.one_of(
    st.tuples(st.just("get"), NAMES, SHAPES, st.booleans()),
    st.tuples(st.just("variable"), st.one_of(st.none(), NAMES)),
    st.tuples(st.just("shards"), NAMES),
    st.tuples(st.just("reuse")),
)


def blocks(body):
    """Statements with a body: scopes by name, by default name, and name scopes."""
    bodies = st.lists(body, max_size=3)
    return st.one_of(
        st.tuples(st.just("scope"), NAMES, REUSE, bodies),
        st.tuples(st.just("default"), NAMES, bodies),
        st.tuples(st.just("again"), REUSE, bodies),
        st.tuples(st.just("name"), st.one_of(st.none(), NAMES), bodies),
    )


PROGRAMS = st.lists(st.recursive(ASK, blocks, max_leaves=8), min_size=1, max_size=4)


def run(program, told):
    """Runs statements; tells names and errors; the sum of all values."""
    total = jnp.float32(0)
    for kind, *rest in program:
        try:
            total = total + RUN[kind](told, *rest)
        except ValueError as error:
            told.append(str(error))
    return total


def _get(told, name, shape, trainable):
    v = tf1.get_variable(name, shape, trainable=trainable)
    told.append((v.name, v.shape, v.trainable))
    return jnp.sum(v.value())


def _variable(told, name):
    v = tf1.Variable(1.5, name=name)
    told.append(v.name)
    return v.value()


def _shards(told, name):
    v = tf1.get_variable(name, [3], partitioner=tf1.fixed_size_partitioner(2))
    told.append([part.name for part in v])
    return jnp.sum(v.value())


def _reuse(told):
    tf1.get_variable_scope().reuse_variables()
    return 0.0


def _within(scope, told, body):
    with scope as entered:
        told.append(getattr(entered, "name", entered))
        return run(body, told)


RUN = {
    "get": _get,
    "variable": _variable,
    "shards": _shards,
    "reuse": _reuse,
    "scope": lambda told, name, reuse, body: _within(
        tf1.variable_scope(name, reuse=reuse), told, body
    ),
    "default": lambda told, name, body: _within(
        tf1.variable_scope(None, name), told, body
    ),
    "again": lambda told, reuse, body: _within(
        tf1.variable_scope(tf1.get_variable_scope(), reuse=reuse), told, body
    ),
    "name": lambda told, name, body: _within(tf1.name_scope(name), told, body),
}


@examples(25)
@given(PROGRAMS)
def test_a_graph_and_a_model_agree(program):
    """Names, errors, places, values and the output are the same both ways."""
    graph, in_graph = tf1.Graph(), []
    with graph.as_default():
        expected = run(program, in_graph)
        collections = [v.name for v in tf1.trainable_variables()]
    told = []

    def model():
        out = run(program, told)
        assert [v.name for v in tf1.trainable_variables()] == collections
        return out

    net = tf1.transform(model)
    params = net.init(jax.random.key(0))
    assert told == in_graph
    chex.assert_trees_all_equal(params, graph.variables)
    assert list(net.manifest()) == list(graph.manifest())
    assert_close(net.apply(params), expected)


@examples(25)
@given(PROGRAMS)
def test_a_jitted_model_agrees(program):
    """The same within jit, and within jit in jit."""
    told, inside = [], []
    params = tf1.transform(lambda: run(program, told)).init(jax.random.key(0))
    net = tf1.transform(lambda: jax.jit(jax.jit(lambda: run(program, inside)))())
    chex.assert_trees_all_equal(net.init(jax.random.key(0)), params)
    assert inside == told
    net.check(params)


@examples(25)
@given(PROGRAMS)
def test_state_and_params_are_the_two_parts(program):
    """With state, init makes the same variables, parted by whether they are trained."""
    model = lambda: run(program, [])  # noqa: E731
    params, state = tf1.transform_with_state(model).init(jax.random.key(0))
    whole = tf1.transform(model).init(jax.random.key(0))
    chex.assert_trees_all_equal(sj.merge(params, state), whole)
    manifest = tf1.transform(model).manifest()
    assert {*sj.to_flat(params)} == {*manifest.select(trainable=True)}


@pytest.mark.smoke
@pytest.mark.usefixtures("unshared")
def test_profiles_show_the_names_of_scopes(key):
    """What is compiled carries the op names of TF1 in its metadata."""

    def model(x):
        for _ in range(2):
            with tf1.variable_scope(None, "layer"), tf1.name_scope("product"):
                x = x @ tf1.get_variable("kernel", [4, 4])
        return x

    net = tf1.transform(model)
    params = net.init(key, jnp.ones((2, 4)))
    text = jax.jit(net.apply).lower(params, jnp.ones((2, 4))).compile().as_text()
    assert "layer/product/dot_general" in text
    assert "layer_1/product/dot_general" in text
