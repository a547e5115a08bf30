"""Loops over stacked layers."""

import jax
import jax.numpy as jnp
from jax import lax

from .blocks import N, block, unrolled


def scan_over_stack(scope, x, f=block):
    def layer(x, s):
        return f(s, x), None

    return lax.scan(layer, x, (scope / "layers").stack(N))[0]


def checkpointed_scan(scope, x, f=block):
    @jax.checkpoint
    def layer(x, s):
        return f(s, x), None

    return lax.scan(layer, x, (scope / "layers").stack(N))[0]


def jitted_scan_of_jit(scope, x, f=block):
    @jax.jit
    def run(scope, x):
        def layer(x, s):
            return jax.jit(f)(s, x), None

        return lax.scan(layer, x, scope.stack(N))[0]

    return run(scope / "layers", x)


def map_over_stack(scope, x):
    return lax.map(lambda s: block(s, x), (scope / "layers").stack(N)).sum(0)


def vmap_over_stack(scope, x):
    stack = (scope / "layers").stack(N)
    return jax.vmap(block, in_axes=(0, None))(stack, x).sum(0)


def ensemble(scope, x, f=block):
    return sum(f(scope / f"layers/{i}", x) for i in range(N))


def cond_in_scan(scope, x):
    """Each layer of the stack takes one of two branches."""

    def layer(x, s):
        def small(x):
            return block(s / "small", x)

        def large(x):
            return block(s / "large", x) * 2.0

        return lax.cond(jnp.sum(x) < 0, small, large, x), None

    return lax.scan(layer, x, (scope / "layers").stack(N))[0]


def cond_in_loop(scope, x):
    for i in range(N):
        s = scope / f"layers/{i}"
        small, large = block(s / "small", x), block(s / "large", x) * 2.0
        x = jnp.where(jnp.sum(x) < 0, small, large)
    return x


def grad_of_scan(scope, x):
    return jax.grad(lambda x: jnp.sum(checkpointed_scan(scope, x) ** 2))(x)


def grad_of_loop(scope, x):
    return jax.grad(lambda x: jnp.sum(unrolled(scope, x) ** 2))(x)


def vmap_of_scan(scope, x):
    return jax.vmap(lambda row: scan_over_stack(scope, row[None])[0])(x)
