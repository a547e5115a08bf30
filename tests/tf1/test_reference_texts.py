"""The programs of four texts about TF1's variables run with another import line.

The texts are numbered as in `reference_texts.py`, which has the programs; 002, on
models of convolutions, has a file of its own.
"""

import re
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1

from ..helpers import reference_texts as texts
from ..helpers.reference_texts import run


@pytest.fixture(autouse=True)
def graph():
    """A graph for each text."""
    with tf1.Graph().as_default() as graph:
        yield graph


def announced(code):
    """What the comments of a program say that it prints."""
    return re.findall(r"print\(.*\)\s*# (.*)", code)


def assert_prints(printed, code):
    """Names to the letter; numbers as float32, since NumPy prints them shorter now."""
    lines = announced(code)
    assert len(printed) == len(lines) > 0
    for found, line in zip(printed, lines, strict=True):
        if line.startswith("["):
            numbers = [np.float32(text.strip("[] ")) for text in (found, line)]
            assert numbers[0] == numbers[1], (found, line)
        else:
            assert found == line


# 000: five blocks on tf.variable_scope


@pytest.mark.smoke
@pytest.mark.parametrize("name", ["NESTED", "SHARED_BY_REUSE", "SHARED_BY_CAPTURE"])
def test_text_000_holds(name, graph):
    """The asserts of nesting and of both ways to share hold, with one variable each."""
    run(getattr(texts, name))
    assert len(graph.placed) == 1


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (texts.TWICE, "Variable foo/v already exists, disallowed"),
        (texts.MISSING, "Variable foo/v does not exist"),
    ],
    ids=["twice", "missing"],
)
def test_text_000_raises(code, message):
    """Accidental sharing and a variable that is not there are the announced errors."""
    with pytest.raises(ValueError, match=message):
        run(code)


def test_text_000_flag_is_inherited():
    """As the text says, all scopes within a reusing one are reusing as well."""
    run(
        """
        with tf.variable_scope("foo", reuse=True):
            with tf.variable_scope("bar") as bar:
                assert bar.reuse
                with tf.variable_scope("baz") as baz:
                    assert baz.reuse
        """
    )


# 001: name_scope, variable_scope and what a session prints


def test_text_001_prints_what_it_says(graph):
    """All of the text in one graph prints every name and number of its comments."""
    for code in (texts.NAME_SCOPE, texts.VARIABLE_SCOPE):
        printed, _ = run(code)
        assert_prints(printed, code)
    _, names = run(texts.FOO_SCOPE)
    assert names["foo_scope"].name == "foo"
    assert list(graph.variables) == ["var1", "a_name_scope", "a_variable_scope", "foo"]


def test_text_001_as_pure_functions(key):
    """The variables of the first program are the params of a function that makes them.

    They are nested by op name, and they have the values that the session printed.
    """
    program, _, _ = texts.NAME_SCOPE.partition("\n\n")

    def model():
        _, names = run(program)
        return [names[name] for name in ("var1", "var2", "var21", "var22")]

    net = tf1.transform(model)
    params = net.init(key)
    assert jax.tree.map(lambda leaf: leaf.tolist(), params) == {
        "var1": [1.0],
        "a_name_scope": {
            "var2": [2.0],
            "var2_1": [np.float32(2.1)],
            "var2_2": [np.float32(2.2)],
        },
    }
    doubled = net.apply(jax.tree.map(lambda leaf: 2 * leaf, params))
    assert [float(leaf[0]) for leaf in doubled] == [
        2.0,
        4.0,
        np.float32(4.2),
        np.float32(4.4),
    ]


# 003: the page of variable_scope; its examples are those of TensorFlow's own page


def test_text_003_holds():
    """The example of the page that no other text has holds: re-entry without a copy."""
    run(texts.SAFE_REENTRY)


@pytest.mark.parametrize("capture", [True, False], ids=["captured", "own"])
def test_text_003_threads(graph, capture):
    """A thread starts at the root, unless it enters the main thread's scope."""
    made = []
    with tf1.variable_scope("main"):
        _, names = run(texts.THREADS, variable_scope=tf1, made=made)

    def target(scope):
        with graph.as_default():
            names["thread_target_fn"](scope or tf1.get_variable_scope())

    scope = names["main_thread_scope"] if capture else None
    thread = threading.Thread(target=target, args=(scope,))
    thread.start()
    thread.join()
    assert [v.name for v in made] == ["main/v:0" if capture else "v:0"]


def test_text_003_default_names_are_per_thread(graph):
    """A thread takes the same default name again; the same variable then exists."""
    made, failed = [], []

    def target():
        with graph.as_default(), tf1.variable_scope(None, "layer") as scope:
            made.append(scope.name)
            try:
                tf1.get_variable("v", [1])
            except ValueError as error:
                failed.append(str(error))

    for _ in range(2):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    assert made == ["layer", "layer"]
    assert len(failed) == 1
    assert failed[0].startswith("Variable layer/v already exists")


# 004: the page of get_variable


@pytest.mark.parametrize("as_scope", [False, True], ids=["call", "scope"])
def test_text_004_custom_getter(as_scope):
    """The getter of the page gives every variable its suffix, and finds it again."""
    _, names = run(texts.CUSTOM_GETTER)
    getter = names["custom_getter"]
    scope, call = (getter, None) if as_scope else (None, getter)
    with tf1.variable_scope("foo", custom_getter=scope):
        v = tf1.get_variable("v", [1], custom_getter=call)
    with tf1.variable_scope("foo", custom_getter=scope, reuse=True):
        assert tf1.get_variable("v", [1], custom_getter=call) is v
    with tf1.variable_scope("foo", reuse=True):
        assert tf1.get_variable("v_suffix") is v
    assert v.name == "foo/v_suffix:0"


def test_text_004_foo_is_one_variable_in_a_graph_and_in_a_model(graph, key):
    """AUTO_REUSE makes v once, in a graph as in init, and apply finds it twice."""
    _, names = run(texts.AUTO_REUSE)
    assert names["v1"].name == "foo/v:0"
    assert list(graph.placed) == ["foo/v"]
    net = tf1.transform(lambda x: names["foo"]() * x + names["foo"]())
    params = net.init(key, 1.0)
    assert jax.tree.map(jnp.shape, params) == {"foo": {"v": (1,)}}
    v = params["foo"]["v"]
    np.testing.assert_array_equal(net.apply(params, 2.0), v * 2.0 + v)
    np.testing.assert_array_equal(v, names["v1"].value())


def test_text_004_arguments():
    """What the page says of initializer, shape, collections and partitioner holds."""
    value = tf1.get_variable("value", initializer=tf1.constant([[1.0, 2.0]]))
    assert value.shape == (1, 2)
    with tf1.variable_scope("scope", initializer=tf1.ones_initializer()):
        assert float(tf1.get_variable("one", []).value()) == 1.0
    assert value in tf1.global_variables()
    assert value in tf1.trainable_variables()
    partitioner = tf1.fixed_size_partitioner(2)
    whole = tf1.get_variable("whole", [5, 1], partitioner=partitioner)
    parts = [part.value() for part in whole]
    np.testing.assert_array_equal(jnp.asarray(whole), jnp.concatenate(parts))
    with pytest.raises(ValueError, match="did not get an initializer, so its `shape`"):
        tf1.get_variable("no_shape")
    with pytest.raises(ValueError, match="don't match"):
        tf1.get_variable("dtypes", dtype=tf1.int32, initializer=tf1.constant(1.0))
