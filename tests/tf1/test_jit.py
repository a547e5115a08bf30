"""Inner jitted functions in TF1's style: JAX's caches know the ambient frame."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import tf1

from ..helpers.closeness import assert_close

X = jnp.linspace(-1.0, 1.0, 8).reshape(2, 4)


def dense(x):
    """A layer in a scope, (batch, 4) -> (batch, 4)."""
    with tf1.variable_scope("dense"):
        kernel = tf1.get_variable("kernel", [x.shape[-1], x.shape[-1]])
    return jnp.tanh(x @ kernel.value())


def by_hand(params, names):
    """The layers of those names one after the other."""
    x = X
    for name in names:
        x = jnp.tanh(x @ params[name]["dense"]["kernel"])
    return x


@pytest.mark.smoke
@pytest.mark.parametrize("transform", [jax.jit, jax.checkpoint])
def test_each_scope_has_its_own_variables(transform, key):
    """One jitted function, called in several scopes, uses the variables of each."""
    inner = transform(dense)
    names = [f"h{i}" for i in range(4)]

    def model(x):
        for name in names:
            with tf1.variable_scope(name):
                x = inner(x)
        return x

    net = tf1.transform(model)
    params = net.init(key, X)
    assert sorted(params) == names
    for apply in (net.apply, jax.jit(net.apply)):
        assert_close(apply(params, X), by_hand(params, names), ulps=8)


def test_two_applies_do_not_share(key):
    """One jitted function called from two applies uses the params of each."""
    inner = jax.jit(dense)
    net, twin = tf1.transform(inner), tf1.transform(lambda x: inner(x))
    params = net.init(key, X)
    other = jax.tree.map(jnp.zeros_like, params)
    first = net.apply(params, X)
    assert not np.any(net.apply(other, X))
    assert not np.any(twin.apply(other, X))
    np.testing.assert_array_equal(net.apply(params, X), first)
    outer = jax.jit(lambda p, q: (net.apply(p, X), twin.apply(q, X)))
    one, two = outer(params, other)
    assert_close(one, first, ulps=8)
    assert not np.any(two)


@pytest.mark.parametrize("transform", [jax.jit, jax.checkpoint, jax.vmap])
def test_sharing_by_accident_is_caught_through_a_transform(transform, key):
    """A second call without reuse is TF1's error, in init and in apply."""
    inner = transform(dense) if transform is not jax.vmap else over_rows

    def model(x):
        return inner(inner(x))

    net = tf1.transform(model)
    kernel = jnp.zeros((4, 4))
    for run in (
        lambda: net.init(key, X),
        lambda: net.manifest(X),
        lambda: net.apply({"dense": {"kernel": kernel}}, X),
        lambda: jax.jit(net.apply)({"dense": {"kernel": kernel}}, X),
    ):
        with pytest.raises(ValueError, match="Variable dense/kernel already exists"):
            run()


def over_rows(x):
    """The layer, row by row."""
    return jax.vmap(lambda row: dense(row[None])[0])(x)


def test_sharing_on_purpose_works_through_jit(key):
    """Under AUTO_REUSE a jitted function shares its variable in all calls."""
    inner = jax.jit(dense)

    def model(x):
        with tf1.variable_scope("t", reuse=tf1.AUTO_REUSE):
            return inner(inner(inner(x)))

    net = tf1.transform(model)
    params = net.init(key, X)
    assert len(jax.tree.leaves(params)) == 1
    assert_close(net.apply(params, X), by_hand(params, ["t"] * 3), ulps=8)


def test_default_names_go_on_through_a_loop_of_transforms():
    """Calls in a Python loop inside one transform are calls, not one run again."""

    def layer(x):
        with tf1.variable_scope(None, "layer"):
            return dense(x)

    def layers(x):
        for _ in range(3):
            x = jax.checkpoint(layer)(x)
        return x

    names = ["layer", "layer_1", "layer_2"]
    for model in (layers, jax.jit(layers), lambda x: jax.jit(jax.jit(layers))(x)):
        assert list(tf1.transform(model).manifest(X)) == [
            f"{name}/dense/kernel" for name in names
        ]


@pytest.mark.parametrize("bound", ["closed over", "argument"])
def test_branches_of_one_code_are_told_apart(bound):
    """Branches of a switch that close over other values make variables of their own."""

    def branch(times, x):
        with tf1.variable_scope(None, "branch"):
            return dense(x) * times

    def closure(times):
        return lambda x: branch(times, x)

    def partial(times):
        return jax.tree_util.Partial(branch, times)

    make = closure if bound == "closed over" else partial

    def model(i, x):
        return jax.lax.switch(i, [make(1.0), make(2.0)], x)

    assert list(tf1.transform(model).manifest(0, X)) == [
        "branch/dense/kernel",
        "branch_1/dense/kernel",
    ]


def test_a_body_that_runs_again_makes_its_variables_once(key):
    """The variables of a loop's body are those of one run, however often it is run."""
    runs = []

    def model(x):
        def body(total, _):
            runs.append(1)
            with tf1.variable_scope(None, "cell"):
                v = tf1.Variable(2.0)
                tf1.add_to_collection("mine", v)
            return total + jnp.sum(x) * v, None

        out, _ = jax.lax.scan(body, 0.0, length=3)
        assert [v.name for v in tf1.global_variables()] == ["cell/Variable:0"]
        assert len(tf1.get_collection("mine")) == 1
        return out

    net = tf1.transform(model)
    params = net.init(key, X)
    out = net.apply(params, X)
    with jax.disable_jit():
        runs.clear()
        assert_close(net.apply(params, X), out)
    assert len(runs) == 3


def test_functions_that_ask_for_nothing_are_traced_once(key):
    """A jitted function without variables is found again in every scope and apply."""
    traces = []

    @jax.jit
    def plain(x):
        traces.append(1)
        return x * 2.0

    def model(x):
        for i in range(3):
            with tf1.variable_scope(f"h{i}"):
                x = plain(dense(x))
        return x

    net = tf1.transform(model)
    params = net.init(key, X)
    net.apply(params, X)
    jax.jit(net.apply)(params, X)
    plain(X)
    assert len(traces) == 1


def test_an_outer_jit_is_compiled_once(key):
    """Apply under jit is traced at its first call alone."""
    traces = []

    def model(x):
        traces.append(1)
        return jax.jit(dense)(x)

    net = tf1.transform(model)
    params = net.init(key, X)
    apply = jax.jit(net.apply)
    traces.clear()
    for _ in range(3):
        apply(params, X)
    assert len(traces) == 1


def test_a_variable_that_outlives_its_model_says_so(key):
    """A variable that was kept from a run is refused after it."""
    kept = []

    def model(x):
        kept.append(tf1.get_variable("w", []))
        return x

    tf1.transform(model).init(key, X)
    with pytest.raises(sj.ScopeUsageError, match="outside of the model"):
        kept[0].value()
