"""Initial values that JAX is tracing, and what holds after an initializer failed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

from ..helpers.bad_initializers import OTHER, raises
from ..helpers.refusals import KEY, init, refusal

# Values that JAX is tracing


def by_argument(scope, x):
    """What an inner transform passes."""
    return scope.get_variable("a/w", initializer=x * 2)


def by_value(scope, x):
    """A value of the model's own trace, asked for within another."""
    return jax.jit(lambda s: s.get_variable("a/w", initializer=x))(scope)


INNER = {
    "jit": lambda s, x: jax.jit(by_argument)(s, x),
    "jit, closure": lambda s, x: jax.jit(lambda x: by_argument(s, x))(x),
    "outer value": by_value,
    "vmap": lambda s, x: jax.vmap(by_argument, (None, 0))(s, x),
    "grad": lambda s, x: jax.grad(lambda x: by_argument(s, x).sum())(x),
    "checkpoint": lambda s, x: jax.checkpoint(by_argument)(s, x),
    "cond": lambda s, x: jax.lax.cond(True, by_argument, lambda s, x: x, s, x),
    "scan": lambda s, x: jax.lax.scan(lambda c, x: (c, by_argument(s, x)), 0.0, x)[1],
    "stack": lambda s, x: jax.lax.scan(
        lambda c, s: (c, by_argument(s, x)), 0.0, s.stack(2)
    )[1],
    "the option": lambda s, x: jax.jit(
        lambda x: s.with_options(initializer=x).get_variable("a/w", dtype="float32")
    )(x),
    "in a list": lambda s, x: jax.jit(
        lambda x: s.get_variable("a/w", initializer=[x[0], 1.0])
    )(x),
}


@pytest.mark.smoke
@pytest.mark.parametrize("model", INNER.values(), ids=INNER)
def test_a_value_computed_in_an_inner_transform_is_refused(model):
    """What an inner trace computes cannot start a variable; the error says how."""
    error = refusal(
        sj.InitializerError,
        lambda: init(model, jnp.ones(3)),
        match="The initial value of a/w is computed inside of a JAX transform",
        name="a/w",
    )
    assert error.found == "a value that an inner trace computes"
    assert "initializer=lambda key, shape, dtype" in error.remedy


def test_a_function_that_closes_over_a_traced_value_is_refused():
    """An initializer that uses what the model computes is refused by name."""

    def model(scope, x):
        return scope.get_variable("a/w", (3,), initializer=lambda k, s, d: x * 1.0)

    refusal(
        sj.InitializerError,
        lambda: init(model, jnp.ones(3)),
        match="The initializer of a/w uses a value that is computed inside",
        name="a/w",
    )


def test_what_the_remedy_says_works():
    """A value made with NumPy inside of the model starts a variable."""

    def model(scope, x):
        return scope.get_variable("w", initializer=np.zeros(3, np.float32) + 1) * x

    np.testing.assert_array_equal(init(model, jnp.ones(3))["w"], [1.0, 1.0, 1.0])


# Afterwards


def test_the_line_is_the_one_that_made_the_variable():
    """A failure after the model has run is told at the line of its `get_variable`."""

    def layer(scope):
        return scope.get_variable("w", (2,), initializer=raises)

    line = layer.__code__.co_firstlineno + 1
    error = refusal(
        sj.InitializerError,
        lambda: init(lambda s: layer(s / "a")),
        match="failed",
        name="a/w",
    )
    assert f"test_initial_values.py:{line} in layer" in error.where


def test_the_first_bad_variable_of_many_is_named():
    """Of variables that share an initializer each is named by its own name."""

    def model(scope):
        for name in ("good", "bad", "worse"):
            initializer = jax.nn.initializers.zeros if name == "good" else raises
            (scope / name).get_variable("w", (2,), initializer=initializer)

    refusal(
        sj.InitializerError, lambda: init(model), match="of bad/w failed", name="bad/w"
    )


def test_a_bad_item_of_a_stack_is_named():
    """An initializer in a stack is judged by the shape of one item."""

    def model(scope):
        def layer(x, scope):
            wrong = scope.get_variable("w", (2,), initializer=OTHER["an axis more"][0])
            return x + wrong.sum(), None

        return jax.lax.scan(layer, 0.0, (scope / "layers").stack(3))

    error = refusal(
        sj.InitializerError,
        lambda: init(model),
        match="The initializer of layers/w returned something else",
        name="layers/w",
    )
    assert error.expected == "shape (2,) and dtype float32"


def test_an_initializer_that_recovers_is_run_again():
    """A failure is not remembered: the next call of init asks the initializer anew."""
    broken = [True]

    def initializer(key, shape, dtype):
        if broken:
            raise RuntimeError("not yet")
        return jax.random.normal(key, shape, dtype)

    net = sj.transform(lambda s: s.get_variable("a/w", (2,), initializer=initializer))
    refusal(sj.InitializerError, lambda: net.init(KEY), match="a/w failed: not yet")
    broken.clear()
    normal = init(lambda s: s.get_variable("a/w", (2,), initializer=jax.random.normal))
    np.testing.assert_array_equal(net.init(KEY)["a"]["w"], normal["a"]["w"])


def test_what_is_given_needs_no_initializer():
    """A variable that is given is kept, however bad its initializer."""
    net = sj.transform(lambda s: s.get_variable("a/w", (2,), initializer=raises))
    params = net.init(KEY, given={"a": {"w": jnp.arange(2.0)}})
    np.testing.assert_array_equal(params["a"]["w"], [0.0, 1.0])


def test_an_initializer_is_not_run_by_the_manifest_or_apply():
    """Only init runs initializers; a bad one does not disturb the rest."""
    net = sj.transform(lambda s: s.get_variable("a/w", (2,), initializer=raises))
    assert list(net.manifest()) == ["a/w"]
    assert net.apply({"a": {"w": jnp.ones(2)}}).shape == (2,)


def test_a_value_is_not_kept_by_reference():
    """A NumPy value that changes after the call does not change what was made."""
    value = np.ones(2, np.float32)
    net = sj.transform(lambda s: s.get_variable("w", initializer=value))
    specs, params = net.manifest(), net.init(KEY)
    value[:] = 7
    np.testing.assert_array_equal(params["w"], [1.0, 1.0])
    np.testing.assert_array_equal(specs.initialize(KEY)["w"], [1.0, 1.0])
