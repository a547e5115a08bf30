"""Law: a model that uses a native JAX transform does what it does without it."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

from ..helpers.closeness import assert_close
from ..helpers.models import CASES, NOISY_CASES, NOISY_STACKS, unstack
from ..helpers.models.blocks import N, X, noisy

# What JAX itself cannot differentiate backwards, with its reason.
NO_GRAD = {"while_loop": "a while loop has no reverse-mode derivative in JAX"}


def named(case):
    """The id of a case."""
    return case.name


def params_of(case, key):
    """The params of both models, the second's taken from the first's."""
    net = sj.transform(case.with_transform)
    params = net.init(key, X)
    return params, unstack(params) if case.stacked else params


def sum_of_squares(model, *args, **kwargs):
    """A loss with a gradient everywhere."""
    return jnp.sum(sj.transform(model).apply(*args, **kwargs) ** 2)


@pytest.mark.smoke
@pytest.mark.parametrize("case", CASES, ids=named)
def test_init_makes_the_same_params(case, key):
    """Init makes the variables of the plain model, to the bit where it has the same."""
    params, plain = params_of(case, key)
    reference = sj.transform(case.without)
    reference.check(plain, X)
    if not case.stacked:
        chex.assert_trees_all_equal(params, reference.init(key, X))


@pytest.mark.smoke
@pytest.mark.parametrize("case", CASES, ids=named)
def test_apply_gives_the_same_output(case, key):
    """Apply gives the plain model's output, run as it is and under jit."""
    params, plain = params_of(case, key)
    apply, reference = sj.transform(case.with_transform).apply, case.without
    expected = jax.jit(sj.transform(reference).apply)(plain, X)
    assert_close(jax.jit(apply)(params, X), expected)
    assert_close(apply(params, X), expected)


@pytest.mark.smoke
@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name not in NO_GRAD], ids=named
)
def test_gradients_are_the_same(case, key):
    """The gradient for params is the plain model's."""
    params, plain = params_of(case, key)
    grads = jax.grad(lambda p: sum_of_squares(case.with_transform, p, X))(params)
    expected = jax.grad(lambda p: sum_of_squares(case.without, p, X))(plain)
    grads = unstack(grads) if case.stacked else grads
    assert_close(grads, expected)


@pytest.mark.smoke
@pytest.mark.parametrize("case", NOISY_CASES, ids=named)
def test_random_numbers_are_the_same(case, key):
    """A key asked for behind a transform is the key asked for without it."""
    params, plain = params_of(case, key)
    out = sj.transform(case.with_transform).apply(params, X, key=key)
    expected = sj.transform(case.without).apply(plain, X, key=key)
    np.testing.assert_array_equal(out == 0, expected == 0)
    assert_close(out, expected)


@pytest.mark.smoke
@pytest.mark.parametrize("model", NOISY_STACKS, ids=lambda model: model.func.__name__)
def test_each_item_of_a_stack_has_its_own_key(model, key):
    """Items of a stack are keyed by their index, whatever loop slices the stack."""
    net = sj.transform(model)
    params = net.init(key, X)
    scope = sj.Scope(params, key=key) / "layers"
    flat, structure = jax.tree.flatten(scope.stack(N))
    items = [
        jax.tree.unflatten(structure, [leaf[i] for leaf in flat]) for i in range(N)
    ]
    masks = [jax.random.key_data(item.key("mask")) for item in items]
    assert len({str(mask) for mask in masks}) == N
    expected = X
    for item in items:
        expected = noisy(item, expected)
    out = net.apply(params, X, key=key)
    assert_close(out, expected)


@pytest.mark.smoke
def test_init_under_jit_makes_the_same_params(key):
    """A user who jits init gets the same bits."""
    for case in CASES[:1] + CASES[-2:]:
        net = sj.transform(case.with_transform)
        chex.assert_trees_all_equal(jax.jit(net.init)(key, X), net.init(key, X))


@pytest.mark.smoke
def test_nested_stacks_are_sliced_axis_by_axis(key):
    """A stack within a stack has both axes, and a scan over each."""

    def model(scope, x):
        def outer(x, s):
            def inner(x, t):
                return x + t.get_variable("w", (2,)), t.key("k")

            return jax.lax.scan(inner, x, (s / "inner").stack(3))

        return jax.lax.scan(outer, x, (scope / "outer").stack(4))

    net = sj.transform(model)
    params = net.init(key, jnp.zeros(2))
    w = params["outer"]["inner"]["w"]
    assert w.shape == (4, 3, 2)
    assert len(np.unique(w)) == w.size
    out, keys = net.apply(params, jnp.zeros(2), key=key)
    assert_close(out, w.sum((0, 1)))
    assert len({str(k) for k in jax.random.key_data(keys).reshape(12, 2)}) == 12


@pytest.mark.smoke
def test_a_stack_without_variables_keeps_its_length():
    """A stack of layers that have no variables still tells scan how often to run."""

    def model(scope, x):
        return jax.lax.scan(lambda x, s: (x + 1, None), x, scope.stack(5))[0]

    assert sj.transform(model).apply({}, 0) == 5


@pytest.mark.smoke
def test_other_models_fit_into_a_model(key):
    """A transformed function may be called while another model is recorded."""
    inner = sj.transform(lambda scope: scope.get_variable("w", (2,)))

    def outer(scope):
        return scope.get_variable("v", (2,)) + inner.apply({"w": jnp.ones(2)})

    net = sj.transform(outer)
    assert list(net.init(key)) == ["v"]


@pytest.mark.smoke
def test_python_values_are_passed_as_they_are(key):
    """A flag or a number that is no array can steer Python while recording."""

    def model(scope, x, depth, *, training):
        for i in range(depth):
            x = x + scope.get_variable(f"w{i}", ())
        return x if training else -x

    net = sj.transform(model)
    params = net.init(key, jnp.ones(()), 2, training=True)
    assert list(params) == ["w0", "w1"]
    assert net.apply(params, 1.0, 2, training=False) == -net.apply(
        params, 1.0, 2, training=True
    )


@pytest.mark.smoke
def test_abstract_arguments_will_do(key):
    """Init and manifest take `jax.ShapeDtypeStruct` for arrays."""
    shape = jax.ShapeDtypeStruct(X.shape, X.dtype)
    net = sj.transform(CASES[0].with_transform)
    chex.assert_trees_all_equal(net.init(key, shape), net.init(key, X))
    assert list(net.manifest(shape)) == list(net.manifest(X))
