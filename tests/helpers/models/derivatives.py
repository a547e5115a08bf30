"""Derivatives inside of a model."""

import jax
import jax.numpy as jnp

import scopejax as sj

from .blocks import D, block


def value_of(scope, x):
    return jnp.sum(block(scope / "h", x))


def grad_of_input(scope, x):
    return jax.grad(value_of, argnums=1)(scope, x)


def vjp_of_input(scope, x):
    out, pull = jax.vjp(lambda x: value_of(scope, x), x)
    return pull(jnp.ones_like(out))[0]


def jvp_of_input(scope, x):
    scope = scope.with_options(reuse=sj.AUTO_REUSE)  # the loop below calls it often

    def along(v):
        return jax.jvp(lambda x: value_of(scope, x), (x,), (v,))[1]

    basis = jnp.eye(x.size).reshape(-1, *x.shape)
    return jnp.stack([along(v) for v in basis]).reshape(x.shape)


def linearize_input(scope, x):
    _, linear = jax.linearize(lambda x: value_of(scope, x), x)
    basis = jnp.eye(x.size).reshape(-1, *x.shape)
    return jnp.stack([linear(v) for v in basis]).reshape(x.shape)


def derivative_by_hand(scope, x):
    kernel = (scope / "h" / "dense").get_variable("kernel", (D, D))
    scale = (scope / "h").get_variable(
        "scale", (), initializer=jax.nn.initializers.ones
    )
    return scale * (1 - jnp.tanh(x @ kernel) ** 2) @ kernel.T


def grad_of_scope(scope, x):
    """One step of gradient descent inside of the model, on the scope itself."""
    inner = scope / "h"

    def loss(s):
        return jnp.sum(block(s, x) ** 2)

    grads = jax.grad(loss)(inner)
    reused = inner.with_options(reuse=True)
    stepped = jax.tree.map(lambda p, g: p - 0.1 * g, reused, grads)
    return block(stepped.with_options(reuse=True), x)


def grad_of_scope_by_hand(scope, x):
    inner = scope / "h"
    kernel = (inner / "dense").get_variable("kernel", (D, D))
    scale = inner.get_variable("scale", (), initializer=jax.nn.initializers.ones)

    def f(kernel, scale):
        return jnp.tanh(x @ kernel) * scale

    grads = jax.grad(lambda k, s: jnp.sum(f(k, s) ** 2), (0, 1))(kernel, scale)
    return f(kernel - 0.1 * grads[0], scale - 0.1 * grads[1])


def jvp_of_scope(scope, x):
    tangent = jax.tree.map(jnp.ones_like, scope / "h")
    return jax.jvp(lambda s: block(s, x), (scope / "h",), (tangent,))[1]


def jvp_of_scope_by_hand(scope, x):
    inner = scope / "h"
    kernel = (inner / "dense").get_variable("kernel", (D, D))
    scale = inner.get_variable("scale", (), initializer=jax.nn.initializers.ones)

    def f(kernel, scale):
        return jnp.tanh(x @ kernel) * scale

    ones = (jnp.ones_like(kernel), jnp.ones_like(scale))
    return jax.jvp(f, (kernel, scale), ones)[1]
