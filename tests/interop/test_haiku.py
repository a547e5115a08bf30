"""haiku functions in a scope: the results, gradients and programs of haiku."""

import haiku as hk
import jax
import jax.numpy as jnp
import pytest

import scopejax as sj
from scopejax import interop
from scopejax.interop._haiku import module_paths

from ..helpers.closeness import assert_close
from ..helpers.interop_reference import (
    IMAGES,
    KEY,
    OTHER,
    ROWS,
    X,
    filled,
    identical,
    jaxpr,
    of,
    run,
    transformed,
)
from ..helpers.refusals import refusal


def attention(x):
    init = hk.initializers.VarianceScaling(1.0)
    return hk.MultiHeadAttention(2, 3, w_init=init, model_size=4)(x, x, x)


class Coder(hk.Module):
    """Modules that are made in the constructor, in a method and in a call."""

    def __init__(self):
        super().__init__()
        self.first = hk.Linear(4)

    def encode(self, x):
        return hk.Linear(2)(x)

    def __call__(self, x):
        return self.encode(self.first(x)) * hk.get_parameter(
            "gain", (2,), init=jnp.ones
        )


# name -> function, input
FUNCTIONS = {
    "mlp": (lambda x: hk.nets.MLP([8, 2])(x), ROWS),
    "conv": (lambda x: hk.Conv2D(3, 3)(x), IMAGES),
    "layer norm": (lambda x: hk.LayerNorm(-1, True, True)(x), X),
    "attention": (attention, X),
    "methods": (lambda x: Coder()(x), ROWS),
    "no module": (lambda x: x * hk.get_parameter("w", (3,), init=jnp.ones), ROWS),
}
every = pytest.mark.parametrize(("f", "x"), FUNCTIONS.values(), ids=FUNCTIONS)


def theirs(function, x):
    """The function of our params."""

    def apply(params, x):
        params, _ = interop.to_haiku_variables(params["part"], function, x)
        return function.apply(params, None, x)

    return apply


@pytest.mark.smoke
@every
def test_the_jaxpr_is_haikus(f, x):
    """A call costs nothing: the same equations."""
    function = hk.transform(f)
    net = transformed(interop.haiku, function)
    params = filled(net, x)
    assert jaxpr(net.apply, params, x) == jaxpr(theirs(function, x), params, x)


def test_results_and_gradients_are_haikus():
    """On the same weights nothing differs."""
    f, x = FUNCTIONS["mlp"]
    net = transformed(interop.haiku, hk.transform(f))
    params = filled(net, x)
    assert_close(run(net.apply, params, x), run(theirs(hk.transform(f), x), params, x))


@pytest.mark.parametrize("name", ["mlp", "no module"])
def test_init_of_a_key_gives_haikus_values(name):
    """With init=key, bit for bit what haiku's jitted init gives."""
    f, x = FUNCTIONS[name]
    net = transformed(interop.haiku, hk.transform(f), init=OTHER)
    expected = jax.jit(hk.transform(f).init)(OTHER, x)
    identical(net.init(KEY, x)["part"], interop.from_haiku(expected))


def test_names_have_no_marks():
    """Scopes are haiku's modules, without what haiku adds of where they were made."""
    net = transformed(interop.haiku, hk.transform(lambda x: Coder()(x)))
    assert set(net.manifest(ROWS)) == {
        "part/coder/linear/w",
        "part/coder/linear/b",
        "part/coder/encode/linear/w",
        "part/coder/encode/linear/b",
        "part/coder/gain",
    }


@pytest.mark.parametrize(
    ("modules", "paths"),
    [
        (["~"], [()]),
        (["mlp/~/linear_0", "mlp"], [("mlp", "linear_0"), ("mlp",)]),
        (["a/~/b", "a/b"], [("a", "~", "b"), ("a", "b")]),
        (["a/~f/b", "a/~/b"], [("a", "f", "b"), ("a", "b")]),
    ],
)
def test_marks_stay_where_names_would_be_one(modules, paths):
    """The module without marks has the name, whatever the order."""
    assert module_paths(modules) == dict(zip(modules, paths, strict=True))
    assert module_paths(modules[::-1]) == module_paths(modules)


# State and keys


def with_state(x, is_training):
    x = hk.BatchNorm(True, True, 0.9)(hk.Linear(4)(x), is_training)
    return hk.dropout(hk.next_rng_key(), 0.5, x) if is_training else x


FUNCTION = hk.transform_with_state(with_state)
NET = sj.transform_with_state(
    of(interop.haiku, FUNCTION, init_kwargs={"is_training": True})
)


def test_training_moves_state_as_haiku_does():
    """Results and state are those of haiku with the scope's key."""
    params, state = NET.init(KEY, ROWS, is_training=True)
    out, after = NET.apply(params, state, ROWS, is_training=True, key=OTHER)
    trees = interop.to_haiku_variables(
        sj.merge(params, state)["part"], FUNCTION, ROWS, is_training=True
    )
    key = (sj.Scope({}, key=OTHER) / "part").key("rng")
    expected, moved = FUNCTION.apply(*trees, key, ROWS, True)
    assert_close(out, expected)
    assert_close(sj.merge(params, after)["part"], interop.from_haiku(trees[0], moved))


def test_evaluation_needs_no_key():
    """haiku's batch norm is initialized in training, whatever the mode of the run."""
    params, state = NET.init(KEY, ROWS, is_training=True)
    _, state = NET.apply(params, state, ROWS, is_training=True, key=OTHER)
    out, after = NET.apply(params, state, ROWS, is_training=False)
    assert_close(after, state)
    trees = interop.to_haiku_variables(
        sj.merge(params, state)["part"], FUNCTION, ROWS, is_training=True
    )
    assert_close(out, FUNCTION.apply(*trees, None, ROWS, False)[0])


def test_a_key_that_is_missing_is_named():
    """A function that draws, applied without a key."""
    drop = hk.transform(lambda x: hk.dropout(hk.next_rng_key(), 0.5, x))
    net = sj.transform(lambda scope: interop.haiku(scope / "part", drop, ROWS))
    refusal(sj.ScopeUsageError, lambda: net.apply({}), "was given no key", "part/rng")


def test_what_haikus_init_raises_has_a_note():
    """Batch norm cannot be initialized in evaluation; the note says how it can."""
    net = sj.transform_with_state(of(interop.haiku, FUNCTION))
    with pytest.raises(ValueError, match="No value for 'average'") as info:
        net.init(KEY, ROWS, is_training=False)
    assert "init_kwargs={'is_training': True}" in info.value.__notes__[0]
