"""Manifests joined by `|`: what the two models have to agree on, and who wins."""

import jax
import jax.numpy as jnp
import pytest
from jax.nn import initializers as init
from jax.sharding import PartitionSpec as P

import scopejax as sj


def l2(w):
    return (w**2).sum()


def manifest(shape=(2, 2), **options):
    """The manifest of one variable."""
    return sj.transform(lambda s: s.get_variable("a/w", shape, **options)).manifest()


DIFFERENT = {
    "initializer": ({"initializer": init.zeros}, {"initializer": init.ones}),
    "of its parameters": (
        {"initializer": init.normal(0.1)},
        {"initializer": init.normal(0.2)},
    ),
    "and the default": ({}, {"initializer": init.normal(0.2)}),
    "values": (
        {"initializer": jnp.zeros((2, 2)), "shape": None},
        {"initializer": jnp.ones((2, 2)), "shape": None},
    ),
    "trainable": ({}, {"trainable": False}),
    "partition": ({"partitioner": lambda **_: P("data")}, {}),
    "axes": ({"axes": ("a", "b")}, {"axes": ("a", "c")}),
    "regularizer": ({"regularizer": l2}, {}),
    "constraint": ({}, {"constraint": jnp.abs}),
    "dtype": ({"dtype": "int32"}, {}),
    "aggregation": (
        {"trainable": False},
        {"trainable": False, "aggregation": sj.VariableAggregation.MEAN},
    ),
}


@pytest.mark.smoke
@pytest.mark.parametrize(("ours", "theirs"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_is_refused_by_name(ours, theirs):
    """From either side, with both lines."""
    a, b = manifest(**ours), manifest(**theirs)
    for left, right in ((a, b), (b, a)):
        with pytest.raises(
            sj.VariableMismatchError, match="The two models disagree on a/w"
        ) as caught:
            left | right
        assert "test_union.py" in caught.value.first
        assert "test_union.py" in caught.value.where


SAME = {
    "initializers alike": lambda: {"initializer": init.normal(0.1)},
    "functions alike": lambda: {"regularizer": lambda w: (w**2).sum()},
    "partitions alike": lambda: {"partitioner": lambda **_: P("data")},
    "values alike": lambda: {"initializer": jnp.ones((2, 2)), "shape": None},
}


@pytest.mark.parametrize("options", SAME.values(), ids=SAME)
def test_what_is_made_anew_and_does_the_same_agrees(options):
    """Functions are compared by what they do, arrays by their numbers."""
    assert list(manifest(**options()) | manifest(**options())) == ["a/w"]


def encode(scope, x):
    return x + scope.get_variable("shift", initializer=-x.mean(0))[None]


def decode(scope, y):
    return y - scope.get_variable("shift", y.shape[-1:])[None]


def test_a_value_from_the_inputs_wins():
    """Whichever side it is on; a manifest cannot make it, and says so."""
    x = jnp.array([[1.0, 2.0], [3.0, 6.0]])
    a, b = sj.transform(encode).manifest(x), sj.transform(decode).manifest(x)
    key = jax.random.key(0)
    for joined in (a | b, b | a):
        assert repr(joined["shift"].initializer) == "from_inputs"
        with pytest.raises(sj.InitializerError, match="shift is computed from the"):
            joined.initialize(key)
        given = sj.transform(encode).init(key, x)
        assert joined.initialize(key, given)["shift"].tolist() == [-2.0, -4.0]


def test_a_copy_of_another_variable_wins():
    """As for values from the inputs."""

    def average(scope):
        w = scope.get_variable("w", (2,))
        copy = sj.initializers.InitialValueOf("w")
        return w, scope.get_variable("ema", (2,), initializer=copy)

    copying = sj.transform(average).manifest()
    plain = sj.transform(lambda s: s.get_variable("ema", (2,))).manifest()
    for joined in (copying | plain, plain | copying):
        made = joined.initialize(jax.random.key(0))
        assert made["ema"].tolist() == made["w"].tolist()


def test_only_manifests_are_joined():
    """Anything else is Python's own error."""
    with pytest.raises(TypeError, match="unsupported operand"):
        manifest() | {"a/w": 1}
