"""LoRA and EMA from end to end: trained, merged, evaluated."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import scopejax as sj
from scopejax import getters

from ..helpers.closeness import assert_close

KEY = jax.random.key(0)
X = jax.random.normal(jax.random.key(1), (16, 6))
Y = jnp.sin(X.sum(-1, keepdims=True) * 2)


def regressor(scope, x):
    """Convolution, scanned layers, and a head."""
    wide = sj.layers.conv(scope / "conv", x[:, :, None], 4, (3,))
    x = wide.reshape(x.shape[0], -1)

    def layer(x, scope):
        return x + jnp.tanh(sj.layers.dense(scope, x, x.shape[-1])), None

    x, _ = jax.lax.scan(layer, x, (scope / "layers").stack(3))
    return sj.layers.dense(scope / "head", x, 1)


ADAPTERS = getters.lora(rank=2, alpha=4.0)


def adapted(scope, x):
    """The same model, with adapters on all kernels."""
    return regressor(scope.with_options(custom_getter=ADAPTERS), x)


def loss(y):
    """The mean square error."""
    return ((y - Y) ** 2).mean()


def test_lora_trains_adapters_alone_and_merges():
    """The base stays to the bit; the merged model gives what the adapted one does."""
    base = sj.transform(regressor).init(KEY, X)
    net = sj.transform(adapted)
    params = net.init(KEY, X, given=base)
    np.testing.assert_array_equal(
        net.apply(params, X), sj.transform(regressor).apply(base, X)
    )
    trainable = net.manifest(X).select(trainable=True)
    assert len(trainable) == 6
    assert all("lora" in name for name in trainable)
    adapters, frozen = trainable.partition(params)
    optimizer = optax.sgd(0.01, momentum=0.9)
    opt_state = optimizer.init(adapters)

    @jax.jit
    def step(adapters, opt_state):
        value, grads = jax.value_and_grad(
            lambda a: loss(net.apply(sj.merge(a, frozen), X))
        )(adapters)
        updates, opt_state = optimizer.update(grads, opt_state, adapters)
        return optax.apply_updates(adapters, updates), opt_state, value

    losses = []
    for _ in range(60):
        adapters, opt_state, value = step(adapters, opt_state)
        losses.append(value)
    assert losses[-1] < 0.5 * losses[0]
    trained = sj.merge(adapters, frozen)
    chex.assert_trees_all_equal(_without(trained, "lora"), base)
    merged = ADAPTERS.merge(trained)
    sj.transform(regressor).check(merged, X)
    assert_close(sj.transform(regressor).apply(merged, X), net.apply(trained, X))
    assert float(loss(sj.transform(regressor).apply(merged, X))) < 0.5 * losses[0]


def _without(params, word):
    flat = sj.to_flat(params)
    return sj.from_flat({name: a for name, a in flat.items() if word not in name})


def averaged(scope, x, evaluate):
    """The model with averages beside its weights, or on them."""
    getter = getters.ema(0.9, evaluate)
    return regressor(scope.with_options(custom_getter=getter), x)


def test_ema_averages_what_is_trained():
    """The averages are those of a plain loop, and evaluation reads them."""
    net = sj.transform_with_state(averaged)
    params, state = net.init(KEY, X, False)
    by_hand = params
    for name, average in sj.to_flat(state).items():
        source = sj.to_flat(params)[name.removesuffix("_ema")]
        np.testing.assert_array_equal(average, source)

    @jax.jit
    def step(params, state):
        def objective(params):
            y, new = net.apply(params, state, X, False)
            return loss(y), new

        grads, state_ = jax.grad(objective, has_aux=True)(params)
        return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads), state_

    for _ in range(10):
        by_hand = jax.tree.map(lambda a, p: 0.9 * a + (1 - 0.9) * p, by_hand, params)
        params, state = step(params, state)
    averages = {
        name.removesuffix("_ema"): average
        for name, average in sj.to_flat(state).items()
    }
    assert_close(averages, sj.to_flat(by_hand))
    evaluated, same = net.apply(params, state, X, True)
    assert_close(evaluated, sj.transform(regressor).apply(by_hand, X))
    chex.assert_trees_all_equal(same, state)


@pytest.mark.smoke
@pytest.mark.parametrize("update", [True, False])
def test_a_kernel_that_is_read_twice_takes_its_steps_once(update):
    """Under `reuse=True` the same kernel is read, and its vector stays where it is."""
    normed = getters.spectral_norm(update=update)

    def model(scope):
        scope = scope.with_options(custom_getter=normed)
        first = scope.get_variable("kernel", (4, 3))
        return first, scope.with_options(reuse=True).get_variable("kernel", (4, 3))

    def once(scope):
        return scope.with_options(custom_getter=normed).get_variable("kernel", (4, 3))

    net, single = sj.transform_with_state(model), sj.transform_with_state(once)
    params, state = net.init(KEY)
    (first, second), new = net.apply(params, state)
    expected, moved = single.apply(params, state)
    chex.assert_trees_all_equal(new, moved)
    assert (new["kernel_u"].tolist() == state["kernel_u"].tolist()) is not update
    assert_close(first, expected, ulps=8)
    assert_close(second, first, ulps=8)


@pytest.mark.parametrize("reuse", [True, sj.AUTO_REUSE])
def test_a_weight_that_is_read_twice_moves_its_average_once(reuse):
    """A second reading under `reuse=True` is no second step; AUTO_REUSE cannot tell."""

    def model(scope):
        scope = scope.with_options(custom_getter=getters.ema(0.5))
        first = scope.get_variable("w", (), initializer=jax.nn.initializers.zeros)
        return first + scope.with_options(reuse=reuse).get_variable("w", ())

    net = sj.transform_with_state(model)
    _, state = net.init(KEY)
    _, new = net.apply({"w": jnp.float32(1)}, state)
    assert new["w_ema"].item() == (0.5 if reuse is True else 0.75)
