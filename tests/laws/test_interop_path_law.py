"""The path law for modules of other libraries: values by full name, one initializer."""

import functools

import equinox as eqx
import flax.linen as nn
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import scopejax as sj
from scopejax import interop
from scopejax._spec.signature import signature

from ..helpers import interop_reference
from ..helpers.closeness import assert_close
from ..helpers.interop_reference import KEY, OTHER, ROWS, identical, of, transformed
from ..helpers.path_law_reference import reference
from ..helpers.refusals import refusal

pytestmark = pytest.mark.optimized

relaxed = interop_reference.relaxed
lecun = nn.initializers.lecun_normal()


class MLP(nn.Module):
    """Layers with names, in this order."""

    names: tuple

    @nn.compact
    def __call__(self, x):
        for name in self.names:
            x = nn.Dense(3, name=name)(x)
        return x


def haiku_mlp(names):
    def apply(x):
        for name in names:
            x = hk.Linear(3, name=name)(x)
        return x

    return hk.transform(apply)


def nnx_mlp(names):
    class Layers(nnx.Module):
        def __init__(self, rngs):
            for name in names:
                setattr(self, name, nnx.Linear(3, 3, rngs=rngs))

        def __call__(self, x):
            return x

    return Layers


def equinox_mlp(names):
    class Layers(eqx.Module):
        layers: dict

        def __init__(self, key):
            keys = jax.random.split(key, len(names))
            pairs = zip(names, keys, strict=True)
            self.layers = {name: eqx.nn.Linear(3, 3, key=key) for name, key in pairs}

        def __call__(self, x):
            return x

    return Layers


# library -> a model of layers with these names
MODELS = {
    "linen": lambda names: of(interop.linen, MLP(names)),
    "haiku": lambda names: of(interop.haiku, haiku_mlp(names)),
    "nnx": lambda names: of(interop.nnx, nnx_mlp(names)),
    "equinox": lambda names: of(interop.equinox, equinox_mlp(names)),
}


@pytest.mark.smoke
@pytest.mark.parametrize("library", MODELS)
def test_other_layers_change_nothing(library):
    """Neither another layer nor another order changes a layer's values."""

    def init(*names):
        params = sj.transform(MODELS[library](names)).init(KEY, ROWS)["part"]
        return params.get("layers", params)

    one, two, turned = init("b"), init("a", "b"), init("c", "b", "a")
    identical(one["b"], two["b"])
    identical(two, {name: turned[name] for name in "ab"})
    kernels = [jax.tree.leaves(layer)[-1] for layer in turned.values()]
    assert not np.array_equal(kernels[0], kernels[1])


def equinoxs(key, shape, dtype):
    """equinox's initializer of weights with three inputs."""
    limit = 1 / np.sqrt(3)
    return jax.random.uniform(key, shape, dtype, minval=-limit, maxval=limit)


def haikus(key, shape, dtype):
    """haiku's."""
    stddev = np.float32(1 / np.sqrt(3))
    return stddev * jax.random.truncated_normal(key, -2.0, 2.0, shape, dtype)


WEIGHTS = {
    "linen": ("part/b/kernel", lecun),
    "nnx": ("part/b/kernel", lecun),
    "haiku": ("part/b/w", haikus),
    "equinox": ("part/layers/b/weight", equinoxs),
}


@pytest.mark.smoke
@pytest.mark.parametrize("library", MODELS)
def test_values_are_those_of_the_modules_initializer(library):
    """Jitted, alone, with the key of the full name: bit for bit."""
    name, initializer = WEIGHTS[library]
    params = sj.transform(MODELS[library](("a", "b"))).init(KEY, ROWS)
    expected = reference(KEY, name, (3, 3), "float32", initializer)
    identical(sj.to_flat(params)[name], expected)


def kinds_of(net, *args):
    """How many kinds of initializer the variables of a model have."""
    initializers = [spec.initializer for spec in net.manifest(*args).values()]
    return len({signature(init, object()) for init in initializers})


@pytest.mark.smoke
@pytest.mark.parametrize("library", MODELS)
def test_layers_that_are_alike_have_one_initializer(library):
    """So one program makes them all, also where each is a module of its own."""
    names = tuple("abcdef")
    model = MODELS[library](names)
    assert kinds_of(sj.transform(model), ROWS) == 2

    def many(scope, x):
        for name in names:
            MODELS[library](("a",))(scope / name, x)

    assert kinds_of(sj.transform(many), ROWS) == 2


@pytest.mark.smoke
@pytest.mark.parametrize("wrapped", [nn.remat, nn.jit], ids=["remat", "jit"])
def test_values_behind_linens_transforms(wrapped):
    """What is made within one call of jit or checkpoint has the same values."""
    plain = transformed(interop.linen, MLP(("a", "b"))).init(KEY, ROWS)
    identical(
        transformed(interop.linen, wrapped(MLP)(("a", "b"))).init(KEY, ROWS), plain
    )


def test_layers_of_linens_scan_differ():
    """A scanned module's values depend on no input, and no two layers are alike."""

    class Scanned(nn.Module):
        @nn.compact
        def __call__(self, x):
            axes, rngs = {"params": 0}, {"params": True}
            scan = functools.partial(nn.scan, variable_axes=axes, split_rngs=rngs)
            return scan(lambda m, x, _: (m(x), None), length=3)(MLP(("a",)), x, None)[0]

    net = transformed(interop.linen, Scanned())
    specs = net.manifest(ROWS)
    assert all(callable(spec.initializer) for spec in specs.values())
    kernel = jax.tree.leaves(net.init(KEY, ROWS))[1]
    assert kernel.shape == (3, 3, 3)
    assert not np.array_equal(kernel[0], kernel[1])


@pytest.mark.smoke
@pytest.mark.parametrize(
    "key", [jax.random.PRNGKey(0), jax.random.key(0, impl="rbg")], ids=["raw", "rbg"]
)
def test_keys_of_any_kind(key):
    """Raw keys give the values of typed ones, others those of their own kind."""
    net = transformed(interop.linen, nn.Dense(3))
    found = net.init(key, ROWS)["part"]["kernel"]
    identical(found, reference(key, "part/kernel", (3, 3), "float32", lecun))


def test_under_jit_values_are_the_same():
    """init in somebody's jit gives the bits that it gives alone."""
    net = transformed(interop.linen, MLP(("a", "b")))
    params = net.init(KEY, ROWS)
    identical(jax.jit(net.init)(KEY, ROWS), params)


# Values that depend on others


def test_a_value_of_the_data_is_computed_by_init():
    """A module that is initialized by its input, as in data-dependent ActNorm."""

    class ActNorm(nn.Module):
        @nn.compact
        def __call__(self, x):
            x = nn.Dense(3)(x)
            return x + self.param("shift", lambda _: -x.mean(0))

    net = transformed(interop.linen, ActNorm())
    params = net.init(KEY, ROWS)
    assert_close(net.apply(params, ROWS).mean(0), jnp.zeros(3), ulps=8)
    identical(params["part"]["Dense_0"]["kernel"], _dense_kernel(params))
    exact = transformed(interop.linen, ActNorm(), init=OTHER).init(KEY, ROWS)["part"]
    assert_close(exact, jax.jit(ActNorm().init)(OTHER, ROWS)["params"])


def _dense_kernel(params):
    return reference(KEY, "part/Dense_0/kernel", (3, 3), "float32", lecun)


def weight_norm(key):
    return eqx.nn.WeightNorm(eqx.nn.Linear(3, 4, key=key))


@pytest.mark.smoke
def test_a_value_of_another_variable_fits_it():
    """Weight norm's lengths are those of the weights that init has made."""
    net = transformed(interop.equinox, weight_norm)
    params = net.init(KEY, ROWS[0])["part"]
    lengths = jnp.linalg.norm(params["layer"]["weight"], axis=1, keepdims=True)
    assert_close(params["g"], lengths)


@pytest.mark.smoke
def test_an_array_in_two_places_starts_as_one():
    """equinox has two leaves then, which start alike and are trained apart."""

    class Twice(eqx.Module):
        one: eqx.nn.Linear
        two: eqx.nn.Linear

        def __init__(self, key):
            self.one = self.two = eqx.nn.Linear(3, 3, key=key)

        def __call__(self, x):
            return self.two(self.one(x))

    params = transformed(interop.equinox, Twice).init(KEY, ROWS[0])["part"]
    identical(params["one"], params["two"])


@pytest.mark.smoke
def test_a_value_that_draws_and_depends_on_others_is_refused():
    """The remedy, init=key, gives the library's own value."""

    class Mixed(nn.Module):
        @nn.compact
        def __call__(self, x):
            draw = jax.random.normal
            return x + self.param("w", lambda key: draw(key, (3,)) * x.mean(0))

    net = sj.transform(lambda scope, x: interop.linen(scope / "part", Mixed(), x))
    refusal(
        sj.InitializerError,
        lambda: net.init(KEY, ROWS),
        "part/w failed: it is drawn, and depends on .*; init=jax.random.key",
        "part/w",
    )
    given = {"part": {"w": jnp.ones(3)}}
    assert_close(net.apply(net.init(KEY, ROWS, given=given), ROWS), ROWS + 1)
    exact = transformed(interop.linen, Mixed(), init=OTHER).init(KEY, ROWS)["part"]
    assert_close(exact, jax.jit(Mixed().init)(OTHER, ROWS)["params"])
