"""Law: the jaxpr of apply is that of the same model written by hand on a dict."""

import re

import chex
import jax
import jax.numpy as jnp
import pytest
from jax import lax

import scopejax as sj

from ..helpers.closeness import assert_close
from ..helpers.models.blocks import D, N, X, block

pytestmark = [pytest.mark.optimized, pytest.mark.usefixtures("unshared")]

N_LAYERS = 6


def dense(scope, x):
    """A layer on a scope."""
    kernel = scope.get_variable("kernel", (x.shape[-1], D))
    bias = scope.get_variable("bias", (D,), initializer=jax.nn.initializers.zeros)
    return jax.nn.relu(x @ kernel + bias[None])


def dense_by_hand(params, x):
    """The layer on a dict."""
    return jax.nn.relu(x @ params["kernel"] + params["bias"][None])


def unrolled(scope, x):
    for i in range(N):
        with (scope / f"h{i}").named():
            x = dense(scope / f"h{i}", x)
    return x


def unrolled_by_hand(params, x):
    for i in range(N):
        x = dense_by_hand(params[f"h{i}"], x)
    return x


def shared(scope, x):
    tower = scope / "tower"
    return dense(tower, x) - dense(tower.with_options(reuse=True), -x)


def shared_by_hand(params, x):
    return dense_by_hand(params["tower"], x) - dense_by_hand(params["tower"], -x)


def scanned(scope, x):
    def layer(x, s):
        return dense(s, x), None

    return lax.scan(layer, x, (scope / "layers").stack(N))[0]


def scanned_by_hand(params, x):
    def layer(x, p):
        return dense_by_hand(p, x), None

    return lax.scan(layer, x, params["layers"])[0]


def branched(scope, x):
    def left(x):
        return dense(scope / "left", x)

    def right(x):
        return dense(scope / "right", x)

    return lax.cond(x[0, 0] > 0, left, right, x)


def branched_by_hand(params, x):
    def left(x):
        return dense_by_hand(params["left"], x)

    def right(x):
        return dense_by_hand(params["right"], x)

    return lax.cond(x[0, 0] > 0, left, right, x)


def jitted(scope, x):
    return jax.jit(dense)(scope / "h", x)


def jitted_by_hand(params, x):
    def dense(params, x):
        return dense_by_hand(params, x)

    return jax.jit(dense)(params["h"], x)


def checkpointed(scope, x):
    return jax.checkpoint(dense)(scope / "h", x)


def checkpointed_by_hand(params, x):
    return jax.checkpoint(dense_by_hand)(params["h"], x)


def with_layers(scope, x):
    return sj.layers.layer_norm(scope / "ln", sj.layers.dense(scope / "fc", x, D))


@jax.jit
def _layer_norm(x, scale, bias, epsilon):
    variance = jnp.var(x, -1, keepdims=True)
    y = jax.nn.standardize(x, variance=variance, epsilon=epsilon)
    return y * jnp.expand_dims(scale, 0) + jnp.expand_dims(bias, 0)


def with_layers_by_hand(params, x):
    fc, ln = params["fc"], params["ln"]
    x = x @ fc["kernel"] + jnp.expand_dims(fc["bias"], 0)
    return _layer_norm(x, ln["scale"], ln["bias"], 1e-6)


PAIRS = {
    "unrolled": (unrolled, unrolled_by_hand),
    "shared": (shared, shared_by_hand),
    "scan over a stack": (scanned, scanned_by_hand),
    "cond": (branched, branched_by_hand),
    "jit": (jitted, jitted_by_hand),
    "checkpoint": (checkpointed, checkpointed_by_hand),
    "layers": (with_layers, with_layers_by_hand),
}


@pytest.mark.smoke
@pytest.mark.parametrize(("model", "by_hand"), PAIRS.values(), ids=PAIRS)
def test_the_jaxpr_is_the_one_by_hand(model, by_hand, key):
    """Same equations, forwards and under grad."""
    net = sj.transform(model)
    params = net.init(key, X)
    assert str(jax.make_jaxpr(net.apply)(params, X)) == str(
        jax.make_jaxpr(by_hand)(params, X)
    )

    def grads(apply):
        return jax.grad(lambda params: jnp.sum(apply(params, X) ** 2))

    assert str(jax.make_jaxpr(grads(net.apply))(params)) == str(
        jax.make_jaxpr(grads(by_hand))(params)
    )


@pytest.mark.smoke
@pytest.mark.parametrize(("model", "by_hand"), PAIRS.values(), ids=PAIRS)
def test_the_compiled_program_is_the_one_by_hand(model, by_hand, key):
    """XLA makes the same program of both; only names of places differ."""
    net = sj.transform(model)
    params = net.init(key, X)

    def apply(params, *args):  # XLA names parameters by the signature
        return by_hand(params, *args)

    assert instructions(net.apply, params) == instructions(apply, params)


def instructions(apply, params):
    """The instructions of the compiled program, without the places they come from."""
    text = jax.jit(apply).lower(params, X).compile().as_text()
    lines = (line.partition(", metadata=")[0] for line in text.splitlines())
    found = [line for line in lines if re.match(r"\s+(ROOT )?%\S+ = ", line)]
    assert found
    return found


@pytest.fixture(autouse=True)
def _count_from_zero():
    chex.clear_trace_counter()


@pytest.mark.smoke
@pytest.mark.parametrize("around", [lambda f: f, jax.checkpoint], ids=["jit", "remat"])
def test_one_trace_serves_all_layers(around, key):
    """A block jitted once is traced once in apply, for all layers and calls."""
    one = jax.jit(around(chex.assert_max_traces(block, n=1)))

    def model(scope, x, f=block):
        for i in range(N_LAYERS):
            x = f(scope / f"h{i}", x)
        return x

    net = sj.transform(model)
    params = net.init(key, X)
    out = jax.jit(lambda params: net.apply(params, X, one))(params)
    assert_close(out, net.apply(params, X), ulps=8)
    net.apply(params, X, one)


@pytest.mark.smoke
def test_one_trace_serves_fresh_initializers(key):
    """Options that act on creation alone do not tell layers apart in apply."""
    one = jax.jit(chex.assert_max_traces(block, n=1))

    def model(scope, x, f=block):
        for i in range(N_LAYERS):
            fresh = jax.nn.initializers.normal(0.02)
            x = f(scope.with_options(initializer=fresh) / f"h{i}", x)
        return x

    net = sj.transform(model)
    params = net.init(key, X)
    net.apply(params, X, one)
