"""Loops and branches that close over a scope, or carry it."""

import functools

import jax.numpy as jnp
from jax import lax

import scopejax as sj

from .blocks import N, block


def scan_by_closure(scope, x):
    return lax.scan(lambda x, _: (block(scope / "h", x), None), x, length=N)[0]


def fori_by_closure(scope, x):
    return lax.fori_loop(0, N, lambda _, x: block(scope / "h", x), x)


def while_by_closure(scope, x):
    def body(carry):
        return carry[0] + 1, block(scope / "h", carry[1])

    return lax.while_loop(lambda carry: carry[0] < N, body, (0, x))[1]


def three_times(scope, x):
    again = scope.with_options(reuse=sj.AUTO_REUSE)
    for _ in range(N):
        x = block(again / "h", x)
    return x


def scan_with_scope_in_carry(scope, x):
    def body(carry, _):
        scope, x = carry
        return (scope, block(scope, x)), None

    return lax.scan(body, (scope / "h", x), length=N)[0][1]


def scan_with_weak_carry(scope, x):
    """JAX traces this body twice: the carry starts as a Python number."""

    def body(total, _):
        return total + jnp.sum(block(scope / "h", x)), None

    return lax.scan(body, 0.0, length=2)[0]


def weak_by_hand(scope, x):
    return 0.0 + 2.0 * jnp.sum(block(scope / "h", x))


def cond_by_closure(scope, x):
    """Different variables in each branch."""
    return lax.cond(
        x[0, 0] < 0,
        lambda x: block(scope / "left", x),
        lambda x: block(scope / "right", x) + 1.0,
        x,
    )


def cond_by_argument(scope, x):
    return lax.cond(
        x[0, 0] < 0,
        lambda s, x: block(s / "left", x),
        lambda s, x: block(s / "right", x) + 1.0,
        scope,
        x,
    )


def both_branches(scope, x):
    left, right = block(scope / "left", x), block(scope / "right", x) + 1.0
    return jnp.where(x[0, 0] < 0, left, right)


def switch_by_closure(scope, x):
    branches = [functools.partial(block, scope / name) for name in ("a", "b", "c")]
    return lax.switch(1, branches, x)


def middle_branch(scope, x):
    a, b, c = (block(scope / name, x) for name in ("a", "b", "c"))
    return jnp.where(True, b, a + c)
