"""Random keys in JAX's loops: never the same at each step by accident."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import scopejax as sj

from ..helpers.closeness import assert_close
from ..helpers.refusals import refusal

KEY = jax.random.key(0)
X = jnp.ones(2)


def noisy(scope, x, index=None):
    """A number that is random, for each name and index."""
    return x + jax.random.normal(scope.key("noise", index), x.shape)


jitted = jax.jit(noisy)


def trap(loop):
    """A model with a loop whose steps all have the same scope."""
    return sj.transform(lambda s, x: loop(s / "a", x))


CLOSED = {
    "scan": lambda s, x: lax.scan(lambda x, _: (noisy(s, x), None), x, None, length=3)[
        0
    ],
    "map": lambda s, x: lax.map(lambda x: noisy(s, x), jnp.stack([x, x])),
    "fori": lambda s, x: lax.fori_loop(0, 3, lambda i, x: noisy(s, x), x),
    "while": lambda s, x: lax.while_loop(
        lambda x: x.sum() < 3, lambda x: noisy(s, x), x
    ),
    "jit in scan": lambda s, x: lax.scan(
        lambda x, _: (jax.jit(noisy)(s, x), None), x, None, length=3
    )[0],
    "child": lambda s, x: lax.scan(
        lambda x, _: (noisy(s / "b", x), None), x, None, length=3
    )[0],
    "checkpoint": lambda s, x: lax.scan(
        jax.checkpoint(lambda x, _: (noisy(s, x), None)), x, None, length=3
    )[0],
    "carry": lambda s, x: lax.scan(
        lambda c, _: ((c[0], noisy(c[0], c[1])), None), (s, x), None, length=3
    )[0][1],
    "stack by vmap in scan": lambda s, x: lax.scan(
        lambda x, _: (jax.vmap(noisy, (0, None))(s.stack(2), x).sum(0), None),
        x,
        None,
        length=3,
    )[0],
    "outer item in scan": lambda s, x: lax.scan(
        lambda x, s: (lax.map(lambda x: noisy(s, x), x[None])[0], None),
        x,
        s.stack(2),
    )[0],
    "constant index": lambda s, x: lax.map(lambda x: noisy(s, x, 3), x[None]),
}


@pytest.mark.smoke
@pytest.mark.parametrize("loop", CLOSED.values(), ids=CLOSED)
def test_the_same_scope_at_each_step_is_refused(loop):
    """By closure or in the carry: an error that says what would happen."""
    net = trap(loop)
    for call in (lambda: net.init(KEY, X), lambda: net.apply({}, X, key=KEY)):
        error = refusal(
            sj.ScopeUsageError,
            call,
            match="it would give the same numbers at each step",
        )
        assert error.name in ("a/noise", "a/b/noise")
        for remedy in ("index=", "stack(n)", "reuse=AUTO_REUSE"):
            assert remedy in error.remedy


def by_index(s, x):
    """The remedy: the number of the step."""
    return lax.scan(lambda x, i: (noisy(s, x, i), None), x, jnp.arange(3))[0]


def by_stack(s, x):
    """The remedy: a stack."""
    return lax.scan(lambda x, s: (noisy(s, x), None), x, s.stack(3))[0]


def by_hand(s, x):
    """Items of a stack, taken by the step's number."""
    layers = s.stack(3)

    def step(i, x):
        return noisy(jax.tree.map(lambda leaf: leaf[i], layers), x)

    return lax.fori_loop(0, 3, step, x)


def nested(s, x):
    """Stacks of stacks, in loops of loops."""
    return lax.scan(lambda x, s: (by_stack(s, x), None), x, s.stack(2))[0]


def mapped(s, x):
    """Members side by side, each with layers in turn."""
    return jax.vmap(by_stack, (0, None))(s.stack(2), x).sum(0)


def mapped_inside(s, x):
    """Layers in turn, each with members side by side."""

    def step(x, s):
        return jax.vmap(noisy, (0, None))(s.stack(2), x).sum(0), None

    return lax.scan(step, x, s.stack(3))[0]


def with_jit(s, x):
    """A jitted layer of a stack."""
    return lax.scan(lambda x, s: (jitted(s, x), None), x, s.stack(3))[0]


def with_checkpoint(s, x):
    """A layer of a stack with a checkpoint, by closure inside of the body."""

    def step(x, s):
        return jax.checkpoint(lambda x: noisy(s, x))(x), None

    return lax.scan(step, x, s.stack(3))[0]


GOOD = [by_index, by_stack, by_hand, nested, mapped, mapped_inside, with_jit]


@pytest.mark.parametrize("loop", [*GOOD, with_checkpoint])
def test_each_step_has_its_own_numbers(loop):
    """What tells the steps apart is taken, and no key is used twice; JAX agrees."""
    net = trap(loop)
    assert net.init(KEY, X) == {}
    plain = net.apply({}, X, key=KEY)
    jax.grad(lambda x: net.apply({}, x, key=KEY).sum())(X) if loop is not by_hand else 0
    with jax.debug_key_reuse(True):
        checked = jax.jit(net.apply)({}, X, key=KEY)
    assert_close(plain, checked, ulps=8)


OUTSIDE = {
    "plain": lambda s, x: noisy(s, x),
    "jit": lambda s, x: jax.jit(lambda x: noisy(s, x))(x),
    "grad": lambda s, x: jax.grad(lambda x: noisy(s, x).sum())(x),
    "checkpoint": lambda s, x: jax.checkpoint(lambda x: noisy(s, x))(x),
    "vmap": lambda s, x: jax.vmap(lambda x: noisy(s, x))(x[None])[0],
    "cond": lambda s, x: lax.cond(x[0] > 0, lambda x: noisy(s, x), lambda x: x, x),
}


@pytest.mark.parametrize("model", OUTSIDE.values(), ids=OUTSIDE)
def test_closures_that_are_no_loops_are_fine(model):
    """Closing over a scope is refused in loops alone."""
    net = trap(model)
    net.init(KEY, X)
    assert net.apply({}, X, key=KEY).shape == X.shape


def test_a_whole_model_may_run_in_a_loop():
    """A training loop under `scan` is none of the model's business: its key varies."""
    net = trap(by_stack)
    plain = trap(lambda s, x: noisy(s, x))

    def step(x, key):
        return net.apply({}, x, key=key) + plain.apply({}, x, key=key), None

    out, _ = jax.jit(lambda x: lax.scan(step, x, jax.random.split(KEY, 2)))(X)
    assert out.shape == X.shape
    assert lax.map(lambda key: net.init(key, X) or key, jax.random.split(KEY, 2)).size


def test_the_same_numbers_on_purpose():
    """Under reuse a loop has the same numbers at each step."""

    def model(scope, x):
        scope = scope.with_options(reuse=sj.AUTO_REUSE)
        return lax.map(lambda x: noisy(scope, x), jnp.stack([x, x]))

    net = trap(model)
    net.init(KEY, X)
    first, second = net.apply({}, X, key=KEY)
    np.testing.assert_array_equal(first, second)


def test_a_key_that_is_carried_into_a_loop_is_for_jax_to_find():
    """A key itself is a plain value: `jax.debug_key_reuse` finds its reuse."""

    def model(scope, x):
        key = scope.key("noise")
        return lax.map(lambda x: x + jax.random.normal(key, x.shape), x[None])

    net = trap(model)
    net.init(KEY, X)
    with (
        jax.debug_key_reuse(True),
        pytest.raises(jax.errors.KeyReuseError, match="repeatedly executed"),
    ):
        jax.jit(net.apply)({}, X, key=KEY)


def test_a_scope_of_its_own_is_held_to_it_too():
    """A scope over a dict refuses the same, without any transform."""
    scope = sj.Scope({}, key=KEY)
    with pytest.raises(sj.ScopeUsageError, match="Random key noise is asked for"):
        lax.map(lambda x: noisy(scope, x), jnp.stack([X, X]))


def test_without_jit_it_is_the_same():
    """Loops that JAX runs step by step in Python are judged alike."""
    with jax.disable_jit():
        assert trap(by_stack).apply({}, X, key=KEY).shape == X.shape
        with pytest.raises(sj.ScopeUsageError, match="the same numbers at each step"):
            trap(CLOSED["scan"]).apply({}, X, key=KEY)


def test_a_raw_key_is_treated_alike():
    """Keys of the old kind slice and vary like the others."""
    raw = jax.random.PRNGKey(0)
    np.testing.assert_array_equal(
        trap(by_stack).apply({}, X, key=raw), trap(by_stack).apply({}, X, key=KEY)
    )
    with pytest.raises(sj.ScopeUsageError, match="the same numbers at each step"):
        trap(CLOSED["scan"]).apply({}, X, key=raw)
