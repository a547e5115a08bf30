"""The state of batch normalization: what moves it, in JAX's transforms too."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.batch_norm_reference import (
    EVAL,
    NET,
    TRAIN,
    X,
    moments,
    transformed,
    variables,
)
from ..helpers.closeness import assert_close
from ..helpers.layers_reference import KEY, array, wide


@pytest.mark.smoke
def test_both_modes_make_the_same_variables():
    """Training or not, init makes the same; trainable are the scale and the bias."""
    train, evaluation = (NET.manifest(X, **mode) for mode in (TRAIN, EVAL))
    assert list(train) == list(evaluation)
    chex.assert_trees_all_equal(NET.init(KEY, X, **TRAIN), NET.init(KEY, X, **EVAL))
    assert {name: spec.collections for name, spec in train.items()} == {
        "bn/moving_mean": ("variables",),
        "bn/moving_variance": ("variables",),
        "bn/scale": ("variables", "trainable_variables"),
        "bn/bias": ("variables", "trainable_variables"),
    }


def test_regularizers_leave_the_state_alone():
    """The scope's regularizer acts on none of the variables, so params suffice."""

    def model(scope, x):
        scope = scope.with_options(regularizer=jnp.sum)
        return layers.batch_norm(scope / "bn", x, **TRAIN)

    net = sj.transform_with_state(model)
    params, _ = net.init(KEY, X)
    assert net.manifest(X).regularization_loss(params) == 0.0


def test_batch_norm_starts_as_the_identity():
    """Fresh state is mean 0 and variance 1, whatever the scope's initializer."""
    sevens = jax.nn.initializers.constant(7.0)

    def model(scope, x):
        return layers.batch_norm(scope.with_options(initializer=sevens), x, **EVAL)

    net = sj.transform_with_state(model)
    out, _ = net.apply(*net.init(KEY, X), X)
    assert_close(out, X / np.sqrt(1 + 1e-5))


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.99, 1.0])
def test_moving_moments_follow_those_of_the_batches(momentum):
    """Each step keeps `momentum` of the old and takes the rest of the batch's own."""
    net = transformed(momentum=momentum)
    params, state = variables(X, net)
    mean, variance = wide(state["bn"]).values()
    for step in range(4):
        x = array(8, 3) * (step + 1) + step
        found = moments(x)
        mean, variance = (
            momentum * old + (1 - momentum) * new
            for old, new in zip((mean, variance), found, strict=True)
        )
        _, state = jax.jit(functools.partial(net.apply, **TRAIN))(params, state, x)
        assert_close(state["bn"]["moving_mean"], mean)
        assert_close(state["bn"]["moving_variance"], variance)


@pytest.mark.parametrize("momentum", [0.9, 0.999, 0.99999])
def test_equal_batches_keep_their_moments(momentum):
    """Moving moments that are those of each batch stay what they are."""
    params, state = variables(X)
    _, state = NET.apply(params, state, X, **TRAIN, momentum=0.0)

    def step(state, _):
        return NET.apply(params, state, X, **TRAIN, momentum=momentum)[1], None

    after, _ = jax.lax.scan(step, state, length=200)
    assert_close(after, state)


def test_evaluation_writes_nothing_and_sees_no_batch():
    """Not training, state comes back to the bit, and items do not see each other."""
    params, state = variables(X)
    out, after = jax.jit(functools.partial(NET.apply, **EVAL))(params, state, X)
    chex.assert_trees_all_equal(after, state)
    alone = [NET.apply(params, state, x[None], **EVAL)[0][0] for x in X]
    assert_close(out, np.stack(alone))


def test_evaluation_needs_no_state_of_its_own():
    """What only evaluates may be of `transform`, or of a dict that exists."""
    params, state = variables(X)
    expected, _ = NET.apply(params, state, X, **EVAL)
    whole = sj.merge(params, state)
    net = sj.transform(lambda s, x: layers.batch_norm(s / "bn", x, **EVAL))
    chex.assert_trees_all_equal_shapes_and_dtypes(net.init(KEY, X), whole)
    np.testing.assert_array_equal(net.apply(whole, X), expected)
    direct = layers.batch_norm(sj.Scope(whole) / "bn", X, **EVAL)
    np.testing.assert_array_equal(direct, expected)


def test_a_shared_layer_moves_at_each_use():
    """Under reuse the second use starts from what the first has assigned."""

    def siamese(scope, one, two):
        again = scope.with_options(reuse=True)
        layers.batch_norm(scope / "bn", one, **TRAIN)
        layers.batch_norm(again / "bn", two, **TRAIN)

    net = sj.transform_with_state(siamese)
    params, state = net.init(KEY, X, 2 * X)
    _, shared = net.apply(params, state, X, 2 * X)
    for x in (X, 2 * X):
        _, state = NET.apply(params, state, x, **TRAIN)
    chex.assert_trees_all_equal(shared, state)


# In JAX's transforms


def layer(x, scope):
    """One of four: a product and a batch norm."""
    x = layers.dense(scope / "dense", x, x.shape[-1])
    return jnp.tanh(layers.batch_norm(scope / "bn", x, **TRAIN)), None


def deep(scope, x, layer=layer):
    """The four as a stack."""
    return jax.lax.scan(layer, x, (scope / "layers").stack(4))[0]


def unrolled(scope, x):
    """The four one by one."""
    for i in range(4):
        x, _ = layer(x, scope / f"layer{i}")
    return x


@pytest.mark.parametrize(
    "layer", [layer, jax.jit(layer), sj.remat(layer)], ids=["", "jit", "remat"]
)
def test_a_scan_over_a_stack_is_the_unrolled_loop(layer):
    """Under jit and grad a stack's loss, gradients and state are those of its items."""
    x = jnp.asarray(X)
    net = sj.transform_with_state(functools.partial(deep, layer=layer))
    params, state = net.init(KEY, x)
    slow = sj.transform_with_state(unrolled)

    def split(tree):
        flat = sj.to_flat(tree["layers"]).items()
        items = ((i, name, value[i]) for name, value in flat for i in range(4))
        return sj.from_flat({f"layer{i}/{name}": item for i, name, item in items})

    def trained(net, params, state):
        def loss(params):
            out, after = net.apply(params, state, x)
            return jnp.sum(out**3), after

        return jax.jit(jax.value_and_grad(loss, has_aux=True))(params)

    (value, after), grads = trained(net, params, state)
    (expected, items), item_grads = trained(slow, split(params), split(state))
    assert_close(value, expected)
    assert_close(split(after), items)
    assert_close(split(grads), item_grads)
    chex.assert_trees_all_equal_shapes_and_dtypes(after, state)
    assert not any(leaf.weak_type for leaf in jax.tree.leaves(after))


@pytest.mark.parametrize("taken", [True, False])
def test_a_branch_chooses_the_mode(taken):
    """A traced choice is a `lax.cond` of the two modes, which share the variables."""

    def model(scope, x, training):
        branches = (
            functools.partial(layers.batch_norm, scope / "bn", **mode)
            for mode in (TRAIN, EVAL)
        )
        return jax.lax.cond(training, *branches, x)

    net = sj.transform_with_state(model)
    x = jnp.asarray(X)
    params, state = variables(x)
    shared = sj.transform_with_state(
        lambda s, *args: model(s.with_options(reuse=sj.AUTO_REUSE), *args)
    )
    chex.assert_trees_all_equal_shapes_and_dtypes(
        shared.init(KEY, x, jnp.array(True)), (params, state)
    )
    found = jax.jit(net.apply)(params, state, x, jnp.array(taken))
    expected = NET.apply(params, state, x, is_training=taken)
    assert_close(found, expected)
