"""Shapes that disagree within one model, and bad shapes within transforms."""

import jax
import jax.numpy as jnp
import pytest

import scopejax as sj

from ..helpers.refusals import KEY, init, refusal


@pytest.mark.smoke
@pytest.mark.parametrize("shape", [(), (3,), (2, 1), (None, None)])
def test_another_shape_is_refused_when_shared(shape):
    """Under reuse a shape that disagrees with the first one is refused at init."""

    def model(scope):
        scope.get_variable("v", (2,))
        return scope.with_options(reuse=True).get_variable("v", shape)

    error = refusal(
        sj.VariableMismatchError,
        lambda: init(model),
        match="Trying to share variable v, but specified shape",
        name="v",
    )
    assert (error.expected, error.found) == (str(shape), "(2,)")


def test_a_second_creation_is_told_before_its_shape():
    """Without reuse "already exists" comes before any comparison of shapes."""

    def model(scope):
        return scope.get_variable("v", (2,)), scope.get_variable("v", (3,))

    refusal(
        sj.VariableExistsError,
        lambda: init(model),
        match="Variable v already exists",
        name="v",
    )


@pytest.mark.parametrize(
    "around",
    [jax.jit, jax.vmap, jax.checkpoint, lambda f: lambda x: jax.lax.map(f, x)],
    ids=["jit", "vmap", "checkpoint", "map"],
)
def test_a_bad_shape_is_told_through_transforms(around):
    """Within a JAX transform the error is the same, and so is its line."""

    def model(scope, x):
        return around(lambda x: x * scope.get_variable("a/w", (2.5,)))(x)

    net = sj.transform(model)
    for call in (
        lambda: net.init(KEY, jnp.ones(3)),
        lambda: net.apply({"a": {"w": jnp.ones(2)}}, jnp.ones(3)),
    ):
        refusal(sj.InvalidArgumentError, call, match="whole numbers", name="a/w")


def test_a_model_is_fine_after_its_bad_call():
    """A model that failed for one argument makes for the next what it always makes."""

    def model(scope, size):
        first = scope.get_variable("first", (2,))
        return first, jax.jit(lambda s: s.get_variable("w", (size,)))(scope / "a")

    net = sj.transform(model)
    good = net.init(KEY, 3)
    for size in (2.5, -1, None, "3"):
        refusal(
            sj.InvalidArgumentError,
            lambda size=size: net.init(KEY, size),
            match="a/w|whole|Dimension",
            name="a/w",
        )
        again = net.init(KEY, 3)
        assert jax.tree.all(jax.tree.map(jnp.array_equal, good, again))
