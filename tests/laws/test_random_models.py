"""Law: a model is what it says, whatever is nested in what: random models on dicts."""

import chex
import jax
import pytest
from hypothesis import given

import scopejax as sj

from ..helpers.closeness import assert_close
from ..helpers.drawn_models import models
from ..helpers.op_by_op import op_by_op
from ..helpers.random_models import (
    NORMAL,
    Average,
    Noise,
    Spot,
    Twice,
    Weight,
    World,
    X,
    has,
    parts,
)
from ..helpers.random_transforms import Loop
from ..helpers.randomness import examples

KEY = jax.random.key(0)


def transformed(model):
    """The model as init and apply, and the key that apply needs."""

    def run(scope, x):
        return model.run(scope.with_options(initializer=NORMAL), x, None)

    return sj.transform_with_state(run), KEY if has(model, Noise) else None


@examples(50)
@given(models())
def test_a_random_model_is_its_meaning(model):
    """Init makes the variables of the model on dicts, and apply does what it does."""
    net, key = transformed(model)
    params, state = net.init(KEY, X)
    world = World(KEY)
    expected = model.meaning(world, Spot(KEY), X, None)
    first = sj.from_flat(world.initial)
    chex.assert_trees_all_equal(sj.merge(params, state), first)
    assert set(sj.to_flat(state)) == world.state
    net.check(params, state, X)
    new = sj.from_flat({name: world.values[name] for name in world.state})
    # JAX's references cannot be passed on by hand.
    run = (lambda f, *args: jax.jit(f)(*args)) if state else op_by_op
    found = run(lambda *args: net.apply(*args, key=key), params, state, X)
    assert_close(found, (expected, new))


@examples(15)
@given(models(state=False))
def test_a_random_model_has_the_gradient_of_its_meaning(model):
    """Gradients by params and input are those of the model on dicts."""
    net, key = transformed(model)
    params, state = net.init(KEY, X)

    def loss(params, x):
        return net.apply(params, state, x, key=key)[0].sum()

    def by_hand(params, x):
        world = World(KEY, sj.to_flat(params))
        return model.meaning(world, Spot(KEY), x, None).sum()

    found = op_by_op(jax.grad(loss, (0, 1)), params, X)
    assert_close(found, op_by_op(jax.grad(by_hand, (0, 1)), params, X))


def asks(model, looped=False):
    """Whether it asks for a variable, or for a key that is not of a step."""
    looped = looped or isinstance(model, Loop)
    if isinstance(model, Noise):
        return not looped
    return isinstance(model, Weight | Average) or any(
        asks(part, looped) for part in parts(model)
    )


def shares(model, looped=False):
    """Whether it asks for something twice."""
    looped = looped or isinstance(model, Loop)
    twice = isinstance(model, Twice) and asks(model.body, looped)
    return twice or any(shares(part, looped) for part in parts(model))


@examples(25)
@given(models(reuse=("None",)).filter(lambda model: has(model, Twice)))
def test_sharing_by_accident_is_seen_wherever_it_happens(model):
    """A second call without reuse is an error, in whatever it is nested."""
    net, _ = transformed(model)
    if shares(model):
        with pytest.raises(sj.VariableExistsError, match="already"):
            net.manifest(X)
    else:
        net.manifest(X)
