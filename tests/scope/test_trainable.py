"""`scope.trainable()`: gradients with respect to a scope, and steps by them."""

import gc

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import scopejax as sj

from ..helpers.closeness import assert_close
from ..helpers.refusals import refusal

KEY, X = jax.random.key(0), jax.random.normal(jax.random.key(1), (4, 3))
RATE = 0.1


def loss(scope, x):
    """Of a model with dropout, batch normalization and a counter."""
    n = scope.get_variable("n", (), "int32", trainable=False)
    h = sj.layers.dense(scope / "fc", x, 3)
    h = sj.layers.dropout(scope / "drop", h, 0.5)
    h = sj.layers.batch_norm(scope / "bn", h, is_training=True, momentum=0.5)
    scope.assign("n", n + 1)
    return (jnp.tanh(h) ** 2).mean()


def step(weights, x):
    """One step of gradient descent."""
    grads = jax.grad(loss)(weights, x)
    return jax.tree.map(lambda w, g: w - RATE * g, weights, grads)


def adapted(scope, x):
    """MAML (Finn et al., 2017): the loss after one step."""
    fast = step(scope.trainable(), x)
    return loss(fast.with_options(reuse=True), 2 * x)


def adapted_often(scope, x):
    """The same after three steps, which a loop carries."""
    scope = scope.with_options(reuse=sj.AUTO_REUSE)
    first = step(scope.trainable(), x)
    fast, _ = jax.lax.scan(lambda w, _: (step(w, x), None), first, length=2)
    return loss(fast, 2 * x)


def by_hand(params, state, x, steps):
    """The same on dicts: parameters and state are passed on."""
    net = sj.transform_with_state(loss)

    def of(params, state, x):
        return net.apply(params, state, x, key=KEY)

    for _ in range(steps):
        grads, state = jax.grad(of, has_aux=True)(params, state, x)
        params = jax.tree.map(lambda w, g: w - RATE * g, params, grads)
    return of(params, state, 2 * x)


MAML = {"once": (adapted, 1), "thrice": (adapted_often, 3)}


@pytest.mark.smoke
@pytest.mark.parametrize("how", MAML)
def test_maml_with_dropout_and_batch_norm(how):
    """Loss, state and outer gradient are those of the same steps on dicts."""
    model, steps = MAML[how]
    net = sj.transform_with_state(model)
    params, state = net.init(KEY, X)
    plain = sj.transform_with_state(loss).init(KEY, X)
    np.testing.assert_equal(jax.tree.map(np.asarray, (params, state)), plain)

    def ours(params):
        return net.apply(params, state, X, key=KEY)

    def theirs(params):
        return by_hand(params, state, X, steps)

    assert_close(ours(params), theirs(params), ulps=64)
    assert_close(jax.jit(ours)(params), theirs(params), ulps=64)
    assert_close(
        jax.jit(jax.grad(ours, has_aux=True))(params),
        jax.grad(theirs, has_aux=True)(params),
        ulps=4096,
    )
    with jax.checking_leaks():
        jax.jit(ours)(params)


def mixed(scope, x):
    """Floats of two widths, whole numbers, and random ones."""
    w = scope.get_variable("a/w", (3,))
    half = scope.get_variable("half", (3,), "bfloat16").astype(jnp.float32)
    n = scope.get_variable("n", (3,), "int32").astype(jnp.float32)
    return (x * w * half + n * jax.random.uniform(scope.key("k"), (3,))).sum()


VARIABLES = {
    "a": {"w": jnp.arange(3.0)},
    "half": jnp.ones(3, jnp.bfloat16),
    "n": jnp.arange(3),
}


@pytest.mark.parametrize("key", [jax.random.key(1), jax.random.PRNGKey(1)])
def test_outside_of_a_model(key):
    """Over arrays that exist the leaves are the floats; all else goes along."""
    scope = sj.Scope(VARIABLES, key=key)
    weights = scope.trainable()
    first, second = jax.tree.leaves(weights)
    assert first is VARIABLES["a"]["w"]
    assert second is VARIABLES["half"]
    x = jnp.arange(1.0, 4.0)
    value, grads = jax.jit(jax.value_and_grad(mixed))(weights, x)
    assert value == mixed(scope, x)
    assert [g.dtype for g in jax.tree.leaves(grads)] == ["float32", "bfloat16"]
    assert_close(grads.get_variable("a/w", (3,)), x)
    assert grads.get_variable("n", (3,), "int32") is VARIABLES["n"]
    moved = optax.apply_updates(weights, jax.tree.map(lambda g: -0.1 * g, grads))
    assert mixed(moved, x) < value


def test_a_scope_below_is_a_plain_one():
    """What is below the scope, or stacked there, has all its children."""
    scope = sj.Scope(VARIABLES, key=KEY).trainable()
    assert len(jax.tree.leaves(scope / "a")) == 2  # the key too
    assert len(jax.tree.leaves((scope / "a").trainable())) == 1
    assert scope.trainable() is scope
    assert len(jax.tree.leaves(scope.with_options(reuse=True))) == 2


def test_two_of_one_scope_are_one_kind_of_tree():
    """The gradient by one goes with another, and with a scope that JAX has made."""
    scope = sj.Scope(VARIABLES, key=KEY)
    grads = jax.grad(mixed)(scope.trainable(), jnp.ones(3))
    both = jax.tree.map(jnp.add, scope.trainable(), grads)
    assert_close(both.get_variable("a/w"), VARIABLES["a"]["w"] + 1)
    other = sj.Scope(VARIABLES, key=KEY).trainable()
    with pytest.raises(ValueError, match=r"(?i)mismatch|pytree"):
        jax.tree.map(jnp.add, other, grads)


def test_forward_mode_and_jacobians():
    """jvp, jacfwd, jacrev and hessian take it as grad does."""
    scope = sj.Scope({"w": jnp.ones(2), "n": jnp.arange(2)}, key=KEY)

    def cubes(scope):
        n = scope.get_variable("n", (2,), "int32").astype(jnp.float32)
        jax.random.bits(scope.key("a"))
        return scope.get_variable("w", (2,)) ** 3 * n

    w = scope.trainable()
    ones = jax.tree.map(jnp.ones_like, w)
    assert_close(jax.jvp(cubes, (w,), (ones,))[1], jnp.array([0.0, 3.0]))
    for jacobian in (jax.jacfwd, jax.jacrev):
        (found,) = jax.tree.leaves(jacobian(cubes)(w))
        assert_close(found, jnp.diag(jnp.array([0.0, 3.0])))
    (found,) = jax.tree.leaves(jax.hessian(lambda s: cubes(s).sum())(w))
    assert_close(found, jnp.diag(jnp.array([0.0, 6.0])))


def test_each_task_has_weights_of_its_own():
    """Under `vmap` the steps of each task come out side by side, and go in again."""

    def model(scope, xs):
        w = scope.trainable()
        return jax.vmap(lambda x: jax.grad(quadratic)(w, x))(xs)

    def quadratic(scope, x):
        noise = jax.random.uniform(scope.key("k"), (3,))
        return (scope.get_variable("w", (3,)) * x * noise).sum()

    def stepped(scope, xs):
        return model(scope, xs).with_options(reuse=True).get_variable("w")

    net = sj.transform(stepped)
    found = sj.Scope({"w": jnp.ones(3)}, key=KEY)
    grads = model(found, X)
    noise = jax.random.uniform(found.key("k"), (3,))
    expected = X * jnp.broadcast_to(noise, X.shape)
    assert_close(grads.get_variable("w"), expected)
    assert_close(net.apply({"w": jnp.ones(3)}, X, key=KEY), expected)
    assert_close(jax.vmap(quadratic)(grads, X), (expected**2).sum(-1), ulps=8)


def test_the_program_is_that_of_by_hand():
    """The jaxpr of a model that steps is the one that is written on a dict."""

    def score(w, x):
        return ((x @ w["kernel"]) ** 2).sum()

    def scored(scope, x):
        return score({"kernel": scope.get_variable("kernel", (3, 3))}, x)

    def ours(scope, x):
        w = scope.trainable()
        grads = jax.grad(scored)(w, x)
        fast = jax.tree.map(lambda w, g: w - RATE * g, w, grads)
        return scored(fast.with_options(reuse=True), x)

    def theirs(params, x):
        grads = jax.grad(score)(params, x)
        return score(jax.tree.map(lambda w, g: w - RATE * g, params, grads), x)

    net = sj.transform(ours)
    params = net.init(KEY, X)
    assert str(jax.make_jaxpr(net.apply)(params, X)) == str(
        jax.make_jaxpr(theirs)(params, X)
    )


# What is refused


def test_a_plain_scope_with_a_key_is_refused():
    """In a model and outside the error names the way; other arguments are free."""
    scope = sj.Scope({"w": jnp.ones(3)}, key=KEY)

    def scored(scope, x):
        return (scope.get_variable("w", (3,)) * x).sum()

    for call in (jax.grad(scored), jax.value_and_grad(scored), jax.jacfwd(scored)):
        error = refusal(
            sj.ScopeUsageError,
            lambda call=call: call(scope, X[0]),
            match="gradient with respect to the scope '' is asked for.*a random key",
        )
        assert "scope.trainable()" in error.remedy
    assert_close(jax.grad(scored, 1)(scope, X[0]), jnp.ones(3))
    assert_close(
        jax.grad(scored)(sj.Scope({"w": jnp.ones(3)}), X[0]).get_variable("w"), X[0]
    )


@pytest.mark.parametrize("kind", ["state", "whole numbers"])
def test_what_has_no_gradient_is_refused_by_name(kind):
    """init refuses it too, since it knows what is state."""
    dtype = "int32" if kind == "whole numbers" else "float32"

    def scored(scope, x):
        n = scope.get_variable("n", (3,), dtype, trainable=False)
        return (scope.get_variable("w", (3,)) * x + n.astype(x.dtype)).sum()

    net = sj.transform_with_state(lambda s, x: jax.grad(scored)(s / "a", x) and 0)
    params, state = sj.transform_with_state(
        lambda s, x: scored((s / "a").trainable(), x)
    ).init(KEY, X[0])
    for call in (
        lambda: net.init(KEY, X[0]),
        lambda: net.apply(params, state, X[0]),
    ):
        refusal(
            sj.ScopeUsageError,
            call,
            match="with respect to the scope 'a' .* variable a/n, which is not trained",
            name="a/n",
        )


def test_a_whole_stack_is_refused():
    """A stack is taken within the function; its scope is differentiated."""
    scope = sj.Scope({"w": jnp.ones((2, 3))})
    with pytest.raises(sj.ScopeUsageError, match=r"gradient .*asked of a stack of 2"):
        scope.stack(2).trainable()

    def scored(scope):
        return jax.vmap(lambda s: s.get_variable("w", (3,)).sum())(scope.stack(2)).sum()

    found = jax.grad(scored)(scope.trainable())
    assert_close(found.get_variable("w"), jnp.ones((2, 3)))


def test_it_does_not_outlive_what_it_is_of():
    """What is aside is not kept by JAX: a scope of a call that is over has none."""

    def lost():
        return jax.tree.flatten(sj.Scope(VARIABLES, key=KEY).trainable())

    children, structure = lost()
    gc.collect()
    with pytest.raises(sj.ScopeUsageError, match=r"of scope\.trainable\(\) outlives"):
        jax.tree.unflatten(structure, children)
