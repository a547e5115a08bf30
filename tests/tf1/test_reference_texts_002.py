"""The programs of text 002, on models of convolutions, with another import line.

Where the text prints ``dtype=float32_ref``, TF1's reference dtype, `tf1` prints
``dtype=float32``, as TensorFlow 2's `tf.compat.v1` does. Its errors are worded as an
older TensorFlow did.
"""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1

from ..helpers import reference_texts as texts
from ..helpers.closeness import assert_close
from ..helpers.reference_texts import run

KERNEL, BIAS = (5, 5, 32, 32), (32,)
FILTER = {"weights": KERNEL, "biases": BIAS}
WAYS = ["MODEL_REUSE", "MODEL_REUSE_VARIABLES"]
ways = pytest.mark.parametrize("way", WAYS)


@pytest.fixture(autouse=True)
def graph():
    """A graph for each text, and ranks that are promoted, as the text has it."""
    with jax.numpy_rank_promotion("allow"), tf1.Graph().as_default() as graph:
        yield graph


@pytest.fixture
def names():
    """The text's functions and inputs."""
    return run(texts.CONV_RELU + texts.INPUTS)[1]


def shapes(tree):
    """A nested dict's shapes."""
    return jax.tree.map(jnp.shape, tree)


@pytest.mark.smoke
def test_my_variables():
    """The default is a float32 of Glorot uniform; integers and values are as said."""
    _, names = run(texts.MY_VARIABLES)
    mine, whole, other = (
        names[name] for name in ("my_variable", "my_int_variable", "other_variable")
    )
    assert [v.name for v in (mine, whole, other)] == [
        "my_variable:0",
        "my_int_variable:0",
        "other_variable:0",
    ]
    assert (mine.shape, mine.dtype) == ((1, 2, 3), tf1.float32)
    assert (whole.shape, whole.dtype) == ((1, 2, 3), tf1.int32)
    assert not whole.numpy().any()
    assert (other.dtype, other.numpy().tolist()) == (tf1.int32, [23, 42])
    with tf1.Graph().as_default():
        glorot = tf1.glorot_uniform_initializer
        same = tf1.get_variable("my_variable", [1, 2, 3], initializer=glorot)
    np.testing.assert_array_equal(mine, same)


def test_collections(graph):
    """Variables are where the text puts them.

    It says that one in LOCAL_VARIABLES is not trained; in TensorFlow as here it is out
    of the global ones alone, and trainable as long as nobody says otherwise.
    """
    run(texts.MY_VARIABLES)
    _, names = run(texts.COLLECTIONS)
    local, frozen = names["my_local"], names["my_non_trainable"]
    assert names["found"] == [local]
    assert tf1.local_variables() == [local]
    assert local not in tf1.global_variables()
    assert frozen in tf1.global_variables()
    assert frozen not in tf1.trainable_variables()
    assert local in tf1.trainable_variables()
    assert len(tf1.global_variables()) == len(graph.placed) - 1 == 4


def test_a_second_call_fails(names):
    """Two calls of conv_relu in one scope ask for one name twice, as the text warns."""
    with pytest.raises(ValueError, match="Variable weights already exists, disallowed"):
        run(texts.FAILS, **names)


@ways
def test_a_filter_is_shared(way, names, graph):
    """Both ways of sharing make the four variables of one filter, used twice."""
    _, names = run(getattr(texts, way), **names)
    assert shapes(graph.variables) == {"model": {"conv1": FILTER, "conv2": FILTER}}
    assert [v.name for v in tf1.trainable_variables()] == [
        "model/conv1/weights:0",
        "model/conv1/biases:0",
        "model/conv2/weights:0",
        "model/conv2/biases:0",
    ]
    assert names["output1"].shape == (1, 10, 10, 32)
    assert names["output2"].shape == (1, 20, 20, 32)


@ways
def test_the_filter_as_pure_functions(way, names, graph, key):
    """The program within `transform` gives the numbers that it gives in a graph."""
    _, made = run(getattr(texts, way), **names)

    def model(input1, input2):
        _, found = run(
            getattr(texts, way), **{**names, "input1": input1, "input2": input2}
        )
        return found["output1"], found["output2"]

    net = tf1.transform(model)
    inputs = names["input1"], names["input2"]
    params = net.init(key, *inputs)
    assert shapes(params) == shapes(graph.variables)
    jax.tree.map(np.testing.assert_array_equal, params, graph.variables)
    outputs = net.apply(params, *inputs)
    assert_close(outputs[0], made["output1"])
    assert_close(outputs[1], made["output2"])


def test_conv_relu_alone_as_pure_functions(names, key):
    """conv_relu by itself is a layer, whose second call fails in a model as well."""
    layer = tf1.transform(lambda x: names["conv_relu"](x, list(KERNEL), list(BIAS)))
    params = layer.init(key, names["input1"])
    assert shapes(params) == FILTER
    assert layer.apply(params, names["input2"]).shape == (1, 20, 20, 32)
    twice = tf1.transform(lambda: run(texts.FAILS, **names)[1]["x"])
    with pytest.raises(ValueError, match="Variable weights already exists, disallowed"):
        twice.init(key)


@pytest.mark.parametrize(
    "name", ["TWO_VARIABLES", "TWO_SCOPES", "REUSED", "NAME_SCOPE_HAS_NO_EFFECT"]
)
def test_what_is_printed(name):
    """Variables print as in the text, but for `_ref`."""
    code = getattr(texts, name)
    printed, _ = run(code)
    expected = [line.replace("_ref", "") for line in re.findall("# (<.*>)", code)]
    assert printed == expected
    assert printed


@pytest.mark.parametrize("name", ["NOT_REUSED", "TWO_NAME_SCOPES"])
def test_what_is_refused(name):
    """The errors begin as in the text, and a note says where it was first defined."""
    code = getattr(texts, name)
    (start,) = re.findall("ValueError: (.* reuse=True)", code)
    with pytest.raises(ValueError, match=f"^{re.escape(start)} or ") as caught:
        run(code)
    assert re.search(r"first defined at +<text>:3 ", caught.value.__notes__[0])


def test_two_layers_of_variables_of_their_own(graph):
    """With `tf.Variable` each call makes variables, whatever the scope's reuse is."""
    for _ in range(2):
        with tf1.variable_scope("model", reuse=tf1.AUTO_REUSE):
            tf1.Variable(jnp.zeros(2), name="weights")
    assert list(graph.variables) == ["model", "model_1"]
