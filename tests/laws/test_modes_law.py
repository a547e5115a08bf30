"""Law: a mode of JAX that is on while people debug changes no value."""

import contextlib
import dataclasses
from collections.abc import Callable

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

from ..helpers.closeness import assert_close
from ..helpers.models import CASES
from ..helpers.models.blocks import X


@contextlib.contextmanager
def setting(name, value):
    """An option of JAX that has no context manager of its own."""
    before = jax.config.values[name]
    jax.config.update(name, value)
    try:
        yield
    finally:
        jax.config.update(name, before)


@dataclasses.dataclass(frozen=True)
class Mode:
    """A mode, and how a model is run in it."""

    name: str
    on: Callable
    run: Callable = lambda apply: apply


MODES = [
    Mode("disable_jit", jax.disable_jit),
    Mode("debug_nans", lambda: jax.debug_nans(True)),
    Mode("debug_infs", lambda: jax.debug_infs(True)),
    Mode("enable_x64", lambda: jax.enable_x64(True)),
    Mode("most optimizations", lambda: setting("jax_disable_most_optimizations", True)),
    Mode("numpy_rank_promotion", lambda: jax.numpy_rank_promotion("raise")),
    # Not compiled, the number in `x + 1` is a transfer that is disallowed.
    Mode("transfer_guard", lambda: jax.transfer_guard("disallow"), jax.jit),
    Mode("log_compiles", lambda: jax.log_compiles(True)),
]


def named(mode):
    """The id of a mode."""
    return mode.name


def noisy(scope, x):
    """A layer with noise."""
    noise = jax.random.normal(scope.key("noise"), x.shape, x.dtype)
    return jnp.tanh(sj.layers.dense(scope, x, 4) + 0.1 * noise)


def block(scope, x):
    """The same, and a mean that it writes."""
    mean = scope.get_variable("mean", (4,), trainable=False)
    scope.assign("mean", 0.5 * mean + x.mean(0))
    return noisy(scope, x)


def model(scope, x):
    """Each of JAX's transforms once, and each kind of initial value."""
    x = jax.jit(block)(scope / "jit", x)
    x = jax.checkpoint(block)(scope / "checkpoint", x)
    x = jax.lax.scan(lambda x, s: (noisy(s, x), None), x, (scope / "h").stack(3))[0]
    x = jax.lax.cond(x.sum() > 0, lambda: block(scope / "cond", x), lambda: x)
    w = scope.get_variable("w", initializer=np.full((4,), 2.0, np.float32))
    x = x * w[None] + scope.get_variable("shift", initializer=x.mean())

    def step(i, x):
        return x + 0.1 * jax.random.normal(scope.key("step", i), x.shape, x.dtype)

    return jax.lax.fori_loop(0, 3, step, x)


NET = sj.transform_with_state(model)

LOOPS = [
    case
    for case in CASES
    if any(word in case.name for word in ("scan", "loop", "map", "cond", "switch"))
]


def loss(params, state, x, key):
    """A number, the output and the state."""
    out, state = NET.apply(params, state, x, key=key)
    return (out**2).mean(), (out, state)


@pytest.fixture(scope="module")
def without():
    """Variables, and what comes out without a mode."""
    key = jax.random.key(0)
    variables = NET.init(key, X)
    return variables, NET.apply(*variables, X, key=key)


@pytest.mark.smoke
@pytest.mark.parametrize("mode", MODES, ids=named)
def test_init_makes_the_same_arrays(mode, key, without):
    """Init and what is made of its manifest are the arrays of every day."""
    with mode.on():
        variables = NET.init(key, X)
        NET.check(*variables, X)
        chex.assert_trees_all_equal(variables, without[0])
        kept = {"w": np.ones(4, np.float32), "shift": np.float32(1)}
        made = NET.manifest(X).initialize(key, given=kept)
    expected = {**variables[0], **kept}
    for name in ("jit", "checkpoint", "cond"):
        expected[name] = expected[name] | variables[1][name]
    chex.assert_trees_all_equal(made, expected)


@pytest.mark.smoke
@pytest.mark.parametrize("mode", MODES, ids=named)
def test_apply_gives_the_same(mode, key, without):
    """Apply gives the output, the state and the gradient of every day."""
    (params, state), (out, new) = without
    grads = jax.grad(loss, has_aux=True)(params, state, X, key)[0]
    with mode.on():
        found = mode.run(NET.apply)(params, state, X, key=key)
        gradient = jax.grad(mode.run(loss), has_aux=True)
        found_grads = mode.run(gradient)(params, state, X, key)[0]
    assert_close(found, (out, new))
    assert_close(found_grads, grads)


@pytest.mark.parametrize("case", LOOPS, ids=named)
def test_each_loop_runs_step_by_step(case, key):
    """Where `disable_jit` has Python run a loop or a branch, it does the same."""
    net = sj.transform(case.with_transform)
    params = net.init(key, X)
    out = net.apply(params, X)
    with jax.disable_jit():
        chex.assert_trees_all_equal(net.init(key, X), params)
        assert_close(net.apply(params, X), out)


def test_a_graph_is_drawn_while_jit_is_off():
    """The graph shows loops as loops, whatever the mode."""
    with jax.disable_jit():
        graph, profile = str(NET.graph(X)), str(NET.profile(X))
    assert graph == str(NET.graph(X))
    assert profile == str(NET.profile(X))


@pytest.mark.parametrize("at_init", [False, True])
def test_numbers_of_64_bits_may_come_and_go(at_init, key, without):
    """Variables made with x64 serve without, and the other way round."""
    with jax.enable_x64(at_init):
        params, state = NET.init(key, X)
    with jax.enable_x64(not at_init):
        found = NET.apply(params, state, X, key=key)
    assert_close(found, without[1])


def test_a_key_of_no_step_is_still_refused_in_a_loop(key):
    """What is wrong under jit is wrong while jit is off."""

    def walk(scope):
        def step(c, _):
            return c + jax.random.normal(scope.key("n")), None

        return jax.lax.scan(step, 0.0, None, length=3)[0]

    with jax.disable_jit(), pytest.raises(sj.ScopeUsageError, match="in a loop"):
        sj.transform(walk).apply({}, key=key)
