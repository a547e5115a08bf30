"""Law: init and apply have no side effects, and nothing leaks."""

import concurrent.futures
import gc
import threading
import weakref

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax._scope.record import Record

from ..helpers.models import CASES
from ..helpers.models.blocks import X, block


@pytest.mark.smoke
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_leaks(case, key):
    """No tracer of the abstract run or of apply is alive after it."""
    net = sj.transform(case.with_transform)
    with jax.checking_leaks():
        params = net.init(key, X)
        jax.jit(net.apply)(params, X)


@pytest.mark.smoke
def test_two_calls_are_independent(key):
    """The same call gives the same arrays, whatever was called in between."""
    net = sj.transform(lambda scope, x: block(scope / "h", x))
    first = net.init(key, X)
    net.init(jax.random.key(1), X)
    with pytest.raises(sj.InvalidArgumentError, match="argument"):
        net.init(key)
    chex.assert_trees_all_equal(net.init(key, X), first)
    out = net.apply(first, X)
    net.apply(jax.tree.map(jnp.zeros_like, first), X)
    np.testing.assert_array_equal(net.apply(first, X), out)


@pytest.mark.smoke
def test_inputs_are_never_mutated(key):
    """Params, given trees and arrays that are initial values stay as they were."""
    start = np.arange(3.0, dtype=np.float32)

    def model(scope):
        w = (scope / "a").get_variable("w", (2,))
        return w.sum() + scope.get_variable("v", initializer=start).sum()

    net = sj.transform(model)
    given = {"a": {"w": np.ones(2, np.float32)}}
    params = net.init(key, given=given)
    assert list(given) == ["a"]
    given["a"]["w"][:] = 5
    start[:] = 7
    np.testing.assert_array_equal(params["a"]["w"], 1.0)
    np.testing.assert_array_equal(params["v"], [0.0, 1.0, 2.0])
    before = jax.tree.map(np.array, params)
    net.apply(params)
    chex.assert_trees_all_equal(params, before)
    params["a"]["w"] = jnp.zeros(2)  # a plain dict, the caller's own
    np.testing.assert_array_equal(net.init(key)["v"], 7.0)


@pytest.mark.smoke
def test_params_are_plain_dicts(key):
    """Init returns nothing but dicts with strings as keys and JAX arrays as leaves."""
    params = sj.transform(lambda scope, x: block(scope / "h", x)).init(key, X)

    def check(node):
        if type(node) is dict:
            assert all(type(name) is str for name in node)
            for child in node.values():
                check(child)
        else:
            assert isinstance(node, jax.Array)

    check(params)


@pytest.mark.smoke
def test_a_record_dies_with_its_run(monkeypatch, key):
    """Nothing keeps a record alive: not a cache of jit, not a scope's structure."""
    records = []
    original = Record.__init__

    def init(self, *args):
        original(self, *args)
        records.append(weakref.ref(self))

    monkeypatch.setattr(Record, "__init__", init)
    jitted = jax.jit(block)
    net = sj.transform(lambda scope, x: jitted(scope / "h", x))
    net.init(key, X)
    gc.collect()
    assert [record() for record in records] == [None]


@pytest.mark.smoke
def test_an_error_leaves_nothing_behind(key):
    """A model that fails half-way is as new the next time."""
    fail = [True]

    def model(scope, x):
        x = block(scope / "h", x)
        if fail[0]:
            raise RuntimeError("half-way")
        return x

    net = sj.transform(model)
    with pytest.raises(RuntimeError, match="half-way"):
        net.init(key, X)
    fail[0] = False
    assert list(net.init(key, X)) == ["h"]


@pytest.mark.smoke
def test_threads_do_not_meet(key):
    """Many threads may init and apply the same models at once."""
    together = threading.Barrier(4)

    def model(scope, x, name):
        for i in range(8):
            x = block(scope / f"{name}{i}", x)
        return x

    net = sj.transform(model)

    def run(name):
        together.wait()
        params = net.init(key, X, name)
        return params, net.apply(params, X, name)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, "abcd"))
    for name, (params, out) in zip("abcd", results, strict=True):
        assert all(layer.startswith(name) for layer in params)
        chex.assert_trees_all_equal(params, net.init(key, X, name))
        np.testing.assert_array_equal(out, net.apply(params, X, name))
