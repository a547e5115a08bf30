"""equinox modules in a scope: the results, gradients and programs of equinox."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

import scopejax as sj
from scopejax import interop

from ..helpers.closeness import assert_close
from ..helpers.interop_reference import (
    KEY,
    OTHER,
    ROWS,
    X,
    filled,
    identical,
    jaxpr,
    of,
    run,
    shapes,
    transformed,
)
from ..helpers.refusals import refusal

ROW = ROWS[0]


class Net(eqx.Module):
    """A field that is no array, whole numbers, and a list."""

    layers: list
    table: jax.Array
    act: object = eqx.field(static=True)
    scale: float

    def __init__(self, key):
        keys = jax.random.split(key, 3)
        self.layers = [eqx.nn.Linear(3, 3, key=k) for k in keys[:2]]
        self.table = jnp.arange(3)
        self.act, self.scale = jax.nn.gelu, 0.5

    def __call__(self, x):
        for layer in self.layers:
            x = self.act(layer(x)) * self.scale
        return x[self.table]


def attention(key):
    return eqx.nn.MultiheadAttention(2, 6, key=key)


# name -> what makes a module, the arguments of a call
MODULES = {
    "mlp": (lambda key: eqx.nn.MLP(3, 2, 4, 2, key=key), (ROW,)),
    "conv": (lambda key: eqx.nn.Conv1d(4, 3, 3, key=key), (X[0],)),
    "embedding": (lambda key: eqx.nn.Embedding(9, 3, key=key), (jnp.array(4),)),
    "layer norm": (lambda key: eqx.nn.LayerNorm(3), (ROW,)),
    "attention": (attention, (X[0], X[0], X[0])),
    "gru": (lambda key: eqx.nn.GRUCell(3, 4, key=key), (ROW, jnp.ones(4))),
    "fields": (Net, (ROW,)),
}
every = pytest.mark.parametrize(("make", "args"), MODULES.values(), ids=MODULES)


def theirs(make):
    """The module as a function of our params."""

    def apply(params, *args):
        return interop.to_equinox_module(params["part"], make)(*args)

    return apply


@every
def test_the_jaxpr_is_equinoxs(make, args):
    """A call costs nothing: the equations of the module with these arrays."""
    net = transformed(interop.equinox, make)
    params = filled(net, *args)
    module = make(OTHER)
    arrays, static = eqx.partition(module, eqx.is_array)
    paths = jax.tree_util.tree_flatten_with_path(arrays)[0]
    names = [
        jax.tree_util.keystr(path, simple=True, separator="/") for path, _ in paths
    ]

    def by_equinox(params, *args):
        flat = sj.to_flat(params["part"])
        leaves = [flat[name] for name in names]
        filled = jax.tree.unflatten(jax.tree.structure(arrays), leaves)
        return eqx.combine(filled, static)(*args)

    assert jaxpr(net.apply, params, *args) == jaxpr(by_equinox, params, *args)


@pytest.mark.smoke
def test_results_and_gradients_are_equinoxs():
    """On the same weights, those of the module that has them."""
    make, args = MODULES["mlp"]
    net = transformed(interop.equinox, make)
    params = filled(net, *args)
    assert_close(run(net.apply, params, *args), run(theirs(make), params, *args))


@pytest.mark.parametrize("name", ["mlp", "fields"])
def test_init_of_a_key_gives_equinoxs_values(name):
    """With init=key, bit for bit what the module made of this key holds."""
    make, args = MODULES[name]
    net = transformed(interop.equinox, make, init=OTHER)

    @jax.jit
    def expected(key):
        return interop.from_equinox(make(key))

    identical(net.init(KEY, *args)["part"], expected(OTHER))


def test_only_floats_are_trainable():
    """As for equinox.filter_grad; what is no array stays where it is."""
    specs = transformed(interop.equinox, Net).manifest(ROW)
    assert [name for name, spec in specs.items() if not spec.trainable] == [
        "part/table"
    ]
    assert len(specs) == 5


class Stateful(eqx.Module):
    norm: eqx.nn.BatchNorm
    drop: eqx.nn.Dropout

    def __init__(self, key):
        self.norm = eqx.nn.BatchNorm(3, "batch", mode="batch")
        self.drop = eqx.nn.Dropout(0.5)

    def __call__(self, x, key, state):
        x, state = self.norm(x, state)
        return self.drop(x, key=key), state


def batched(module, x, keys, state):
    mapped = jax.vmap(module, (0, 0, None), (0, None), axis_name="batch")
    return mapped(x, keys, state)


def with_state(scope, x, train):
    scope = scope / "part"
    keys = (
        jax.random.split(scope.key("dropout"), len(x)) if train else jnp.zeros(len(x))
    )
    return interop.equinox(
        scope, Stateful, x, keys, inference=not train, method=batched
    )


def test_training_moves_state_as_equinox_does():
    """Results and state are those of equinox; state has the names of its indices."""
    net = sj.transform_with_state(with_state)
    params, state = net.init(KEY, ROWS, True)
    assert shapes(params) == {"part": {"norm": {"weight": (3,), "bias": (3,)}}}
    assert shapes(state)["part"]["norm"]["batch_state_index"] == {"0": (3,), "1": (3,)}
    out, after = net.apply(params, state, ROWS, True, key=OTHER)
    tree = sj.merge(params, state)["part"]
    module, theirs = interop.to_equinox_module(tree, Stateful)
    key = (sj.Scope({}, key=OTHER) / "part").key("dropout")
    expected, moved = batched(module, ROWS, jax.random.split(key, 5), theirs)
    assert_close(out, expected)
    assert_close(sj.merge(params, after)["part"], interop.from_equinox(module, moved))


def test_inference_needs_no_key_and_writes_nothing():
    """inference=True is equinox.nn.inference_mode."""
    net = sj.transform_with_state(with_state)
    params, state = net.init(KEY, ROWS, True)
    _, state = net.apply(params, state, ROWS, True, key=OTHER)
    out, after = net.apply(params, state, ROWS, False)
    assert_close(after, state)
    tree = sj.merge(params, state)["part"]
    module, theirs = interop.to_equinox_module(tree, Stateful)
    module = eqx.nn.inference_mode(module)
    assert_close(out, batched(module, ROWS, jnp.zeros(5), theirs)[0])


def test_a_module_gives_its_own_values():
    """An instance, or a pair with its state, is where the variables start."""
    module = Net(OTHER)
    identical(
        transformed(interop.equinox, module).init(KEY, ROW)["part"],
        interop.from_equinox(module),
    )
    pair = eqx.nn.make_with_state(Stateful)(OTHER)
    net = sj.transform_with_state(
        of(interop.equinox, pair, ROWS, jnp.zeros(5), inference=True, method=batched)
    )
    identical(sj.merge(*net.init(KEY))["part"], interop.from_equinox(*pair))


def test_a_module_with_state_has_to_return_it():
    """The error says what was returned, and what should be."""
    refusal(
        sj.InvalidArgumentError,
        lambda: sj.transform_with_state(
            lambda scope: interop.equinox(scope, Stateful, method=lambda m, state: 3)
        ).init(KEY),
        "returns its result and the new state, but returned: 3",
    )
