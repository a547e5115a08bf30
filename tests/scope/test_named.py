"""A captured profile shows the paths of scopes: they are in the compiled program."""

import re

import jax
import jax.numpy as jnp
import pytest
from jax import lax

import scopejax as sj
from scopejax.layers import attention, layer_norm

pytestmark = pytest.mark.usefixtures("unshared")

X = jnp.ones((2, 5, 8))


def layer(scope, x):
    return x + attention(scope / "attn", layer_norm(scope / "norm", x), 2)


def by_hand(scope, x):
    with (scope / "attn").named():
        kernel = (scope / "attn").get_variable("kernel", (8, 8))
        return jnp.tanh(x @ kernel)


def unrolled(scope, x, f):
    for i in range(2):
        x = f(scope / f"encoder/h{i}", x)
    return x


def entered(scope, x, f):
    """Behind a function that is traced once for all layers, the path goes on."""
    for i in range(2):
        with (scope / f"encoder/h{i}").named():
            x = jax.jit(f)(scope / f"encoder/h{i}", x)
    return x


def scanned(scope, x, f):
    layers = (scope / "encoder/h0").stack(2)
    with (scope / "encoder/h0").named():
        return lax.scan(lambda x, s: (f(s, x), None), x, layers)[0]


def rematerialized(scope, x, f):
    with (scope / "encoder/h0").named():
        return jax.checkpoint(f)(scope / "encoder/h0", x)


def op_names(function, *args):
    text = jax.jit(function).lower(*args).compile().as_text()
    return re.findall(r'op_name="([^"]*)"', text)


MODELS = [unrolled, entered, scanned, rematerialized]


@pytest.mark.parametrize("f", [layer, by_hand])
@pytest.mark.parametrize("model", MODELS)
def test_programs_name_the_scopes(model, f):
    """Operations have the scope's path, forwards and in the gradient."""
    net = sj.transform(lambda scope, x: model(scope, x, f))
    params = net.manifest(X).shapes()

    def grads(params, x):
        return jax.grad(lambda params: net.apply(params, x).sum())(params)

    forward, both = op_names(net.apply, params, X), op_names(grads, params, X)
    backward = [name for name in both if "transpose(" in name]
    for names in (forward, both, backward):
        assert any(re.search(r"\bencoder/h0\b.*\battn\b", name) for name in names)
    if model is not scanned:
        assert any("encoder/h0/attn" in _plain(name) for name in forward)


def _plain(name):
    """A name without what JAX puts in for calls."""
    return re.sub(r"(?:jit|checkpoint|remat2?)(?:\(\w*\))?/", "", name)
