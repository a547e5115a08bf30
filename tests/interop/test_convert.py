"""Trained weights from a library to a scope and back."""

import equinox as eqx
import flax.linen as nn
import haiku as hk
import jax
import jax.numpy as jnp
import pytest
from flax import nnx

import scopejax as sj
from scopejax import interop
from scopejax.interop._names import Slot, paths_of

from ..helpers.closeness import assert_close
from ..helpers.interop_reference import KEY, OTHER, ROWS, identical
from ..helpers.refusals import refusal


class Linen(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.BatchNorm(use_running_average=True)(nn.Dense(4)(x))


class Nnx(nnx.Module):
    def __init__(self, rngs):
        self.dense = nnx.Linear(3, 4, rngs=rngs)
        self.norm = nnx.BatchNorm(4, use_running_average=True, rngs=rngs)
        self.drop = nnx.Dropout(0.0, rngs=rngs)

    def __call__(self, x):
        return self.drop(self.norm(self.dense(x)))


class Equinox(eqx.Module):
    dense: eqx.nn.Linear
    norm: eqx.nn.BatchNorm

    def __init__(self, key):
        self.dense = eqx.nn.Linear(3, 4, key=key)
        self.norm = eqx.nn.BatchNorm(4, "batch", mode="batch", inference=True)

    def __call__(self, x, state):
        return self.norm(self.dense(x), state)


HAIKU = hk.transform_with_state(
    lambda x, is_training: hk.BatchNorm(True, True, 0.9)(hk.Linear(4)(x), is_training)
)


def test_linen():
    """Variables to a tree and back, and the model runs on the tree as on them."""
    variables = Linen().init(OTHER, ROWS)
    tree = interop.from_linen(variables)
    abstract = jax.ShapeDtypeStruct(ROWS.shape, ROWS.dtype)
    identical(interop.to_linen_variables(tree, Linen(), abstract), variables)
    net = sj.transform(lambda scope, x: interop.linen(scope, Linen(), x))
    assert_close(net.apply(tree, ROWS), Linen().apply(variables, ROWS))


def test_nnx():
    """A module to a tree and back."""
    module = Nnx(nnx.Rngs(OTHER))
    tree = interop.from_nnx(module)
    back = interop.to_nnx_module(tree, Nnx, key=OTHER)
    identical(interop.from_nnx(back), tree)
    assert_close(back(ROWS), module(ROWS))
    net = sj.transform(lambda scope, x: interop.nnx(scope, Nnx, x))
    assert_close(net.apply(tree, ROWS, key=KEY), module(ROWS))


def test_haiku():
    """Parameters and state to a tree and back."""
    params, state = HAIKU.init(OTHER, ROWS, True)
    tree = interop.from_haiku(params, state)
    back = interop.to_haiku_variables(
        tree, HAIKU, ROWS, is_training=False, init_kwargs={"is_training": True}
    )
    identical(back, (params, state))


def test_equinox():
    """A module and its state to a tree and back."""
    module, state = eqx.nn.make_with_state(Equinox)(OTHER)
    tree = interop.from_equinox(module, state)
    back = interop.to_equinox_module(tree, Equinox)
    identical(interop.from_equinox(*back), tree)
    assert_close(back[0](ROWS[0], back[1])[0], module(ROWS[0], state)[0])
    same_arrays = interop.to_equinox_module(tree, (module, state))
    identical(interop.from_equinox(*same_arrays), tree)


@pytest.mark.smoke
def test_what_is_missing_is_named():
    """The error has the nearest name."""
    error = refusal(
        sj.VariableNotFoundError,
        lambda: interop.to_linen_variables(
            {"dense": {"kernel": jnp.ones((3, 4))}}, Linen(), ROWS
        ),
        "BatchNorm_0/mean of the module is not in the tree",
    )
    assert "merge(params, state)" in error.remedy


def test_another_shape_is_named():
    """The error has both shapes."""
    tree = interop.from_equinox(eqx.nn.Linear(3, 4, key=KEY))
    error = refusal(
        sj.VariableMismatchError,
        lambda: interop.to_equinox_module(
            tree, lambda key: eqx.nn.Linear(3, 5, key=key)
        ),
        "weight has another shape",
        "weight",
    )
    assert (error.expected, error.found) == ("(5, 3)", "(4, 3)")


@pytest.mark.parametrize(
    ("slots", "paths"),
    [
        ("params:a/w stats:a/v", "a/w a/v"),
        ("stats:w params:w", "@stats/w w"),
        ("b:w a:w", "@b/w w"),
        ("b:w a:w params:w", "@b/w @a/w w"),
        ("params:w stats:w/v", "w @stats/w/v"),
        ("params:w/v stats:w", "w/v @stats/w"),
    ],
)
def test_names_that_are_taken(slots, paths):
    """A variable and a scope of one name exclude each other too."""
    pairs = (slot.split(":") for slot in slots.split())
    found = paths_of([Slot(kind, tuple(name.split("/"))) for kind, name in pairs])
    assert " ".join(map("/".join, found)) == paths
