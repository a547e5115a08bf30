"""Initializers that are none, that fail, or that make something else."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

from ..helpers.bad_initializers import OTHER, raises
from ..helpers.refusals import init, refusal


def by_value(key, shape, dtype):
    """An initializer that takes a decision on a number it draws."""
    return jnp.ones(shape, dtype) * (1 if jax.random.uniform(key) > 0.5 else 2)


class NeedsAnArgument:
    """A class whose instances are initializers, made of one argument."""

    def __init__(self, scale):
        self.scale = scale

    def __call__(self, key, shape, dtype):
        """An array."""
        return jnp.full(shape, self.scale, dtype)


class Twos:
    """A class whose instances are initializers, made of nothing."""

    def __call__(self, key, shape, dtype):
        """An array."""
        return jnp.full(shape, 2, dtype)


# The two ways in: the call's own argument, and the scope's default.
WAYS = {
    "argument": lambda initializer: (
        lambda scope: (scope / "a").get_variable("w", (2,), initializer=initializer)
    ),
    "option": lambda initializer: (
        lambda scope: scope.with_options(initializer=initializer).get_variable(
            "a/w", (2,)
        )
    ),
}
ways = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def refused(model, match, kind=sj.InitializerError):
    """The error about `a/w` when a model is initialized."""
    return refusal(kind, lambda: init(model), match=match, name="a/w")


@pytest.mark.smoke
@ways
@pytest.mark.parametrize(("other", "found"), OTHER.values(), ids=OTHER)
def test_another_array_is_refused(way, other, found):
    """An initializer that returns another shape or dtype is an error with both."""
    error = refused(
        way(other), "The initializer of a/w returned something else than asked for"
    )
    assert error.expected == "shape (2,) and dtype float32"
    assert found in error.found
    assert "initializer(key, shape, dtype)" in error.remedy


NO_ARRAYS = {
    "nothing": (lambda k, s, d: None, "None"),
    "a number": (lambda k, s, d: 0.0, "float"),
    "a list": (lambda k, s, d: [0.0, 0.0], "list"),
    "a tuple": (lambda k, s, d: (jnp.zeros(s, d),), "tuple"),
}


@ways
@pytest.mark.parametrize(("other", "found"), NO_ARRAYS.values(), ids=NO_ARRAYS)
def test_no_array_is_refused(way, other, found):
    """An initializer that returns no array is an error with what it returned."""
    error = refused(
        way(other), "The initializer of a/w returned something else than asked for"
    )
    assert error.expected == "an array"
    assert found in error.found


FACTORIES = {
    "glorot_uniform": jax.nn.initializers.glorot_uniform,
    "he_normal": jax.nn.initializers.he_normal,
    "normal": jax.nn.initializers.normal,
    "constant": jax.nn.initializers.constant,
    "orthogonal": jax.nn.initializers.orthogonal,
    "variance_scaling": jax.nn.initializers.variance_scaling,
}


@ways
@pytest.mark.parametrize("factory", FACTORIES.values(), ids=FACTORIES)
def test_a_factory_is_no_initializer(way, factory):
    """A factory that was not called is refused at the variable's own line."""
    error = refused(
        way(factory), "The initializer of a/w (failed|returned something else)"
    )
    assert "(key, shape, dtype)" in str(error)


def test_a_factory_is_called_by_its_name():
    """Where a factory returned a function, the error asks whether it was one."""
    error = refused(
        WAYS["argument"](jax.nn.initializers.glorot_uniform), "returned something else"
    )
    assert "factory" in error.found


WRONG_SIGNATURES = {
    "none": lambda: jnp.zeros(2),
    "two": lambda key, shape: jnp.zeros(shape),
    "four": lambda key, shape, dtype, scale: jnp.zeros(shape, dtype),
    "jnp.zeros": jnp.zeros,
    "np.ones": np.ones,
}


@ways
@pytest.mark.parametrize("wrong", WRONG_SIGNATURES.values(), ids=WRONG_SIGNATURES)
def test_another_signature_is_refused(way, wrong):
    """A function of other arguments fails with the name and with what it is given."""
    error = refused(way(wrong), "The initializer of a/w failed")
    assert "initializer(key, shape, dtype)" in error.expected
    assert error.found == "TypeError"


@ways
def test_an_initializer_that_fails_is_named(way):
    """The failure of an initializer is told with the variable and its cause."""
    error = refused(way(raises), "The initializer of a/w failed: the disk is full")
    assert error.found == "RuntimeError"
    assert isinstance(error.__cause__, RuntimeError)


@ways
def test_a_decision_on_a_drawn_number_is_refused(way):
    """An initializer runs compiled, so that it cannot branch on what it draws."""
    refused(way(by_value), "The initializer of a/w failed")


@ways
def test_an_initializer_that_is_not_whole_is_named(way):
    """A function that refers to what is defined later fails as an initializer."""

    def initializer(key, shape, dtype):
        return later(key, shape, dtype)

    refused(way(initializer), "The initializer of a/w failed")
    later = jax.nn.initializers.ones
    np.testing.assert_array_equal(init(way(initializer))["a"]["w"], [1.0, 1.0])


@ways
def test_a_class_that_cannot_be_made_is_refused(way):
    """A class stands for its instance; one that needs arguments is an error."""
    refused(way(NeedsAnArgument), "a/w", sj.InvalidArgumentError)


@ways
def test_a_class_stands_for_its_instance(way):
    """A class that is made without arguments is an initializer, as in TF1."""
    np.testing.assert_array_equal(init(way(Twos))["a"]["w"], [2.0, 2.0])


NO_VALUES = {
    "string": "zeros",
    "object": object(),
    "dict": {},
    "strings": ["a", "b"],
    "ragged": [[1], [1, 2]],
    "bytes": b"ab",
    "date": np.datetime64("2020-01-01"),
    "key": jax.random.key(0),
}


@ways
@pytest.mark.parametrize("value", NO_VALUES.values(), ids=NO_VALUES)
def test_neither_a_function_nor_an_array_is_refused(way, value):
    """What is neither callable nor an array of numbers is no initializer."""
    error = refused(
        way(value),
        "The initializer of a/w is neither callable nor an array",
        sj.InvalidArgumentError,
    )
    assert "(key, shape, dtype)" in error.remedy


@pytest.mark.parametrize("way", ["init", "jit"])
def test_the_variable_that_failed_is_the_one_named(key, way):
    """Not the first of those that are made together."""

    def failing(key, shape, dtype):
        raise RuntimeError("boom")

    def model(scope):
        scope.get_variable("good", (3,), initializer=jax.nn.initializers.normal(1.0))
        scope.get_variable("bad", (3,), initializer=failing)

    net = sj.transform(model)
    with pytest.raises(sj.InitializerError, match="initializer of bad failed") as info:
        (jax.jit(net.init) if way == "jit" else net.init)(key)
    assert info.value.name == "bad"
