"""flax.nnx modules in a scope: the results, gradients and programs of nnx."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import scopejax as sj
from scopejax import interop

from ..helpers import interop_reference
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


class MLP(nnx.Module):
    """Layers in a list, one of which is called twice."""

    def __init__(self, rngs):
        self.layers = nnx.List([nnx.Linear(6, 6, rngs=rngs) for _ in range(2)])
        self.norm = nnx.LayerNorm(6, rngs=rngs)
        self.gain = nnx.Param(jnp.ones(6))

    def __call__(self, x):
        for layer in [*self.layers, self.layers[0]]:
            x = nnx.relu(layer(x))
        return self.norm(x) * self.gain


class Net(nnx.Module):
    """Batch statistics and two masks."""

    def __init__(self, rngs):
        self.first = nnx.Linear(3, 8, rngs=rngs)
        self.norm = nnx.BatchNorm(8, rngs=rngs)
        self.drops = nnx.List([nnx.Dropout(0.5, rngs=rngs) for _ in range(2)])

    def __call__(self, x):
        x = self.norm(self.first(x))
        return jnp.stack([drop(x) for drop in self.drops])


def attention(rngs):
    return nnx.MultiHeadAttention(2, 6, decode=False, rngs=rngs)


# name -> what makes a module, input
MODULES = {
    "linear": (lambda rngs: nnx.Linear(6, 4, rngs=rngs), X),
    "conv": (lambda rngs: nnx.Conv(6, 3, (3,), rngs=rngs), X),
    "embed": (lambda rngs: nnx.Embed(9, 3, rngs=rngs), interop_reference.IDS),
    "attention": (attention, X),
    "mlp": (MLP, X),
    "lora": (lambda rngs: nnx.LoRA(6, 2, 4, rngs=rngs), X),
}
every = pytest.mark.parametrize(("make", "x"), MODULES.values(), ids=MODULES)


def theirs(make):
    """The module as a function of our params."""

    def apply(params, x):
        return interop.to_nnx_module(params["part"], make)(x)

    return apply


@pytest.mark.smoke
@every
def test_the_jaxpr_is_nnxs(make, x):
    """A call costs nothing: the equations of the module with these variables."""
    net = transformed(interop.nnx, make)
    params = filled(net, x)
    graph, state = nnx.split(make(nnx.Rngs(0)))

    def by_nnx(params, x):
        flat = sj.to_flat(params["part"])
        leaves = [
            variable.get_value()
            if isinstance(variable, nnx.RngState)
            else flat["/".join(map(str, path))]
            for path, variable in nnx.to_flat_state(state)
        ]
        filled = jax.tree.unflatten(jax.tree.structure(state), leaves)
        return nnx.merge(graph, filled)(x)

    assert jaxpr(net.apply, params, x) == jaxpr(by_nnx, params, x)


def test_results_and_gradients_are_nnxs():
    """On the same weights, those of the module that has them."""
    net = transformed(interop.nnx, MLP)
    params = filled(net, X)
    assert_close(run(net.apply, params, X), run(theirs(MLP), params, X))


@pytest.mark.parametrize("name", ["linear", "mlp"])
def test_init_of_a_key_gives_nnxs_values(name):
    """With init=key, bit for bit what the module made of this key holds."""
    make, x = MODULES[name]
    net = transformed(interop.nnx, make, init=OTHER)

    @jax.jit
    def expected(key):
        return interop.from_nnx(make(nnx.Rngs(key)))

    identical(net.init(KEY, x)["part"], expected(OTHER))


def test_state_is_all_but_parameters():
    """Statistics are state; random streams are no variables."""
    net = sj.transform_with_state(of(interop.nnx, Net))
    params, state = net.init(KEY, ROWS)
    assert set(params["part"]) == {"first", "norm"}
    assert shapes(state) == {"part": {"norm": {"mean": (8,), "var": (8,)}}}


def test_training_moves_state_as_nnx_does():
    """Statistics and masks are those of the module with the scope's keys."""
    net = sj.transform_with_state(of(interop.nnx, Net))
    params, state = net.init(KEY, ROWS)
    out, after = net.apply(params, state, ROWS, key=OTHER)
    module = interop.to_nnx_module(sj.merge(params, state)["part"], Net)
    scope = sj.Scope({}, key=OTHER) / "part"
    for i, drop in enumerate(module.drops):
        drop.rngs.key.set_value(scope.key(f"drops/{i}/rngs"))
    assert_close(out, module(ROWS))
    assert_close(sj.merge(params, after)["part"], interop.from_nnx(module))
    assert not np.array_equal(out[0] == 0, out[1] == 0)


def test_evaluation_is_a_mode():
    """training=False is module.eval(): no key, nothing written."""
    net = sj.transform(of(interop.nnx, Net, training=False))
    params = net.init(KEY, ROWS)
    module = interop.to_nnx_module(params["part"], Net)
    module.eval()
    assert_close(net.apply(params, ROWS), module(ROWS))


def test_a_module_gives_its_own_values():
    """An instance is where the variables start, and is left as it is."""
    module = MLP(nnx.Rngs(3))
    before = interop.from_nnx(module)
    params = transformed(interop.nnx, module).init(KEY, X)
    identical(params["part"], before)
    identical(interop.from_nnx(module), before)


def test_methods_by_name_and_by_function():
    """`method` is a name, or a function of the module."""

    class Two(MLP):
        def doubled(self, x):
            return 2 * self(x)

    by_name = transformed(interop.nnx, Two, method="doubled")
    by_function = transformed(interop.nnx, Two, method=lambda two, x: 2 * two(x))
    params = by_name.init(KEY, X)
    assert_close(by_name.apply(params, X), by_function.apply(params, X))


def test_intermediates_are_dropped():
    """They live for one run, and are no variables."""

    class Sees(nnx.Module):
        def __init__(self, rngs):
            self.layer = nnx.Linear(6, 2, rngs=rngs)

        def __call__(self, x):
            self.seen = nnx.Intermediate(x)
            return self.layer(x)

    net = sj.transform(of(interop.nnx, Sees))
    assert net.apply(net.init(KEY, X), X).shape == (2, 4, 2)
