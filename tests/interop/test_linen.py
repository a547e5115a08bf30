"""flax.linen modules in a scope: the results, gradients and programs of linen."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import interop

from ..helpers.closeness import assert_close
from ..helpers.interop_reference import (
    IDS,
    IMAGES,
    KEY,
    OTHER,
    X,
    filled,
    identical,
    jaxpr,
    run,
    shapes,
    transformed,
)


class Block(nn.Module):
    """Submodules that are made where they are called."""

    features: int = 8

    @nn.compact
    def __call__(self, x):
        h = nn.relu(nn.Dense(self.features)(nn.LayerNorm()(x)))
        return x + nn.Dense(x.shape[-1], use_bias=False, name="out")(h)


class Nested(nn.Module):
    @nn.compact
    def __call__(self, x):
        return Block(4)(Block()(x)) * self.param("gain", nn.initializers.ones, (6,))


class Setup(nn.Module):
    """Submodules that are attributes, and one that is called twice."""

    def setup(self):
        self.first = nn.Dense(6)
        self.rest = [nn.Dense(6, kernel_init=nn.initializers.normal(0.1))] * 2
        self.table = self.param("table", nn.initializers.normal(), (3, 6))

    def __call__(self, x):
        for layer in self.rest:
            x = layer(self.first(x))
        return x + self.table.sum(0)


class Scanned(nn.Module):
    """Layers on an axis of linen's own."""

    @nn.compact
    def __call__(self, x):
        scan = nn.scan(
            lambda block, x, _: (block(x), None),
            variable_axes={"params": 0},
            split_rngs={"params": True},
            length=3,
        )
        return scan(Block(4), x, None)[0]


class Ensemble(nn.Module):
    """Copies on an axis of linen's own."""

    @nn.compact
    def __call__(self, x):
        kwargs = {"variable_axes": {"params": 0}, "split_rngs": {"params": True}}
        many = nn.vmap(nn.Dense, **kwargs, in_axes=None, axis_size=3)
        return many(4)(x)


# name -> module, input
MODULES = {
    "dense": (nn.Dense(5), X),
    "conv": (nn.Conv(3, (3, 2), padding="VALID"), IMAGES),
    "embed": (nn.Embed(9, 3), IDS),
    "layer norm": (nn.LayerNorm(), X),
    "attention": (nn.MultiHeadDotProductAttention(2), X),
    "lstm": (nn.RNN(nn.OptimizedLSTMCell(5)), X),
    "compact": (Nested(), X),
    "setup": (Setup(), X),
    "scan": (Scanned(), X),
    "vmap": (Ensemble(), X),
    "remat": (nn.remat(Block)(), X),
    "jit": (nn.jit(Block)(), X),
    "sequential": (nn.Sequential([nn.Dense(4), nn.relu, nn.Dense(2)]), X),
}
every = pytest.mark.parametrize(("module", "x"), MODULES.values(), ids=MODULES)
FEW = ["dense", "layer norm", "setup", "scan"]
few = pytest.mark.parametrize("name", FEW)


def theirs(module):
    """The module as a function of our params."""
    return lambda params, *args, **kw: module.apply(
        {"params": params["part"]}, *args, **kw
    )


@pytest.mark.smoke
@few
def test_results_and_gradients_are_linens(name):
    """On the same weights nothing differs; the rest is said by the jaxprs."""
    module, x = MODULES[name]
    net = transformed(interop.linen, module)
    params = filled(net, x)
    assert_close(run(net.apply, params, x), run(theirs(module), params, x))


@every
def test_the_jaxpr_is_linens(module, x):
    """A call costs nothing: the same equations, forwards and under grad."""
    net = transformed(interop.linen, module)
    params = filled(net, x)
    assert jaxpr(net.apply, params, x) == jaxpr(theirs(module), params, x)

    def grads(apply):
        return jax.grad(lambda params: jnp.sum(apply(params, x) ** 2))

    assert jaxpr(grads(net.apply), params) == jaxpr(grads(theirs(module)), params)


@every
def test_init_makes_linens_variables(module, x):
    """Names, shapes and dtypes are those of linen's init."""
    found = transformed(interop.linen, module).manifest(x).shapes()["part"]
    chex.assert_trees_all_equal_shapes_and_dtypes(
        found, jax.eval_shape(module.init, KEY, x)["params"]
    )


@few
def test_init_of_a_key_gives_linens_values(name):
    """With init=key, bit for bit what linen's jitted init gives."""
    module, x = MODULES[name]
    net = transformed(interop.linen, module, init=OTHER)
    identical(net.init(KEY, x)["part"], jax.jit(module.init)(OTHER, x)["params"])


def test_a_raw_key_is_the_typed_one():
    """init=jax.random.PRNGKey(...) gives the same values."""
    typed, raw = (
        transformed(interop.linen, nn.Dense(2), init=key).init(KEY, X)
        for key in (OTHER, jax.random.key_data(OTHER))
    )
    identical(raw, typed)


def test_initial_values_have_linens_distribution():
    """By the path law a value is the module's own initializer, of its own key."""
    x = jnp.ones((1, 400))
    net = transformed(interop.linen, nn.Dense(300))
    kernel = net.init(KEY, x)["part"]["kernel"]
    reference = sj.transform(
        lambda scope: (scope / "part").get_variable(
            "kernel", (400, 300), initializer=nn.initializers.lecun_normal()
        )
    )
    identical(kernel, reference.init(KEY)["part"]["kernel"])


def test_methods_by_name_and_by_function():
    """`method` is linen's: a name, or a function of the module."""

    class Coder(nn.Module):
        def setup(self):
            self.encoder, self.decoder = nn.Dense(2), nn.Dense(6)

        def __call__(self, x):
            return self.decode(self.encode(x))

        def encode(self, x):
            return self.encoder(x)

        def decode(self, z):
            return self.decoder(z)

    def model(scope, x):
        scope = scope / "part"
        z = interop.linen(scope, Coder(), x, method="encode")
        return interop.linen(scope, Coder(), z, method=Coder.decode)

    net = sj.transform(model)
    params = net.init(KEY, X)
    assert set(params["part"]) == {"encoder", "decoder"}
    assert_close(net.apply(params, X), theirs(Coder())(params, X))


def test_arguments_of_any_kind():
    """Python's values and NumPy's arrays stay what they are; so does what returns."""

    class Picky(nn.Module):
        @nn.compact
        def __call__(self, x, mask, *, scale, names):
            assert type(scale) is float
            assert names == ("a", None)
            assert type(mask) is np.ndarray
            return jnp.where(mask, nn.Dense(mask.size)(x), scale), {"n": names[0]}

    mask, kwargs = np.array([True, False]), {"scale": 2.0, "names": ("a", None)}
    net = transformed(lambda scope, x: interop.linen(scope, Picky(), x, mask, **kwargs))
    params = net.init(KEY, X)
    out, names = net.apply(params, X)
    expected, _ = theirs(Picky())(params, X, mask, **kwargs)
    assert_close(out, expected)
    assert names == {"n": "a"}


def test_boxed_values_are_unboxed():
    """Parameters with names of axes are plain arrays in the tree."""
    init = nn.with_partitioning(nn.initializers.ones, ("in", "out"))
    net = transformed(interop.linen, nn.Dense(2, kernel_init=init))
    assert shapes(net.init(KEY, X)) == {"part": {"kernel": (6, 2), "bias": (2,)}}
