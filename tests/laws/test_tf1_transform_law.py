"""Law: a model in TF1's style with a native JAX transform is the model without it."""

import concurrent.futures

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import tf1

from ..helpers.closeness import assert_close
from ..helpers.models import CASES
from ..helpers.models.blocks import X
from ..helpers.tf1_models import BY_ARGUMENT, CLOSURES

NO_GRAD = {"while_loop"}  # JAX has no reverse-mode derivative of one
NEEDS_JIT = {"shard_map by closure"}  # JAX has no shard_map without jit


def named(case):
    """The id of a case."""
    return case.name


@pytest.mark.smoke
def test_all_closures_are_tried():
    """The cases are those of the core but for stacks and scopes as arguments."""
    stacked = {case.name for case in CASES if case.stacked}
    assert {c.name for c in CLOSURES} == {c.name for c in CASES} - stacked - BY_ARGUMENT


@pytest.mark.smoke
@pytest.mark.parametrize("case", CLOSURES, ids=named)
def test_init_makes_the_same_params(case, key):
    """Init makes the params of the model without the transform, to the bit."""
    params = tf1.transform(case.with_transform).init(key, X)
    chex.assert_trees_all_equal(params, tf1.transform(case.without).init(key, X))


@pytest.mark.smoke
@pytest.mark.parametrize("case", CLOSURES, ids=named)
def test_init_makes_the_params_of_explicit_scopes(case, key):
    """Init makes what scopejax.transform makes of the model with explicit scopes."""
    explicit = sj.transform(explicit_of(case).without).init(key, X)
    chex.assert_trees_all_equal(tf1.transform(case.without).init(key, X), explicit)


def explicit_of(case):
    """The case that a closure was made of."""
    return next(c for c in CASES if c.name == case.name)


@pytest.mark.smoke
@pytest.mark.parametrize("case", CLOSURES, ids=named)
def test_apply_gives_the_same_output(case, key):
    """Apply gives the output without the transform, as it is and under jit, twice."""
    net, reference = map(tf1.transform, (case.with_transform, case.without))
    params = net.init(key, X)
    expected = jax.jit(reference.apply)(params, X)
    jitted = jax.jit(net.apply)
    for apply in (jitted, net.apply, jitted, net.apply):
        assert_close(apply(params, X), expected)
    other = jax.tree.map(lambda leaf: leaf + 0.5, params)
    expected = reference.apply(other, X)
    assert_close(net.apply(other, X), expected)


@pytest.mark.smoke
@pytest.mark.parametrize(
    "case", [case for case in CLOSURES if case.name not in NO_GRAD], ids=named
)
def test_gradients_are_the_same(case, key):
    """The gradient for params is that of the model without the transform."""
    net, reference = map(tf1.transform, (case.with_transform, case.without))
    params = net.init(key, X)
    grads = jax.grad(lambda p: jnp.sum(net.apply(p, X) ** 2))(params)
    expected = jax.grad(lambda p: jnp.sum(reference.apply(p, X) ** 2))(params)
    assert_close(grads, expected)


@pytest.mark.smoke
@pytest.mark.parametrize("case", CLOSURES, ids=named)
def test_nothing_leaks(case, key):
    """No tracer of a run is alive after it."""
    net = tf1.transform(case.with_transform)
    with jax.checking_leaks():
        params = net.init(key, X)
        jax.jit(net.apply)(params, X)


@pytest.mark.smoke
@pytest.mark.parametrize(
    "case", [case for case in CLOSURES if case.name not in NEEDS_JIT], ids=named
)
def test_without_jit_it_is_the_same(case, key):
    """With jit switched off, loops run step by step and find their variables again."""
    net = tf1.transform(case.with_transform)
    params = net.init(key, X)
    expected = net.apply(params, X)
    with jax.disable_jit():
        out = net.apply(params, X)
    assert_close(out, expected)


@pytest.mark.smoke
@pytest.mark.parametrize("case", CLOSURES, ids=named)
def test_apply_costs_nothing(case, key):
    """The jaxpr of apply is that of the model with explicit scopes."""
    net = tf1.transform(case.without)
    params = net.init(key, X)
    ours = jax.make_jaxpr(net.apply)(params, X)
    theirs = jax.make_jaxpr(sj.transform(explicit_of(case).without).apply)(params, X)
    assert str(ours) == str(theirs)


@pytest.mark.smoke
def test_threads_do_not_meet(key):
    """Many threads may init and apply one model at once."""
    net = tf1.transform(CLOSURES[0].with_transform)
    expected = net.init(key, X)

    def run(_):
        params = net.init(key, X)
        return params, net.apply(params, X)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, range(8)))
    for params, out in results:
        chex.assert_trees_all_equal(params, expected)
        np.testing.assert_array_equal(out, results[0][1])
