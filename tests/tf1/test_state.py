"""State in TF1's style: assignments in JAX's transforms, and what apply returns."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import tf1

from ..helpers.closeness import assert_close

X = jnp.linspace(1.0, 2.0, 3)


def average(x):
    """A moving average, assigned and read again, and a weight."""
    with tf1.variable_scope("bn"):
        mean = tf1.get_variable(
            "mean", [], initializer=tf1.zeros_initializer(), trainable=False
        )
        w = tf1.get_variable("w", [], initializer=tf1.ones_initializer())
    mean.assign(0.5 * mean + 0.5 * jnp.mean(x))
    return x * w.value() + mean.value()


def averaged(steps, x=X):
    """What the moving average is after so many assignments."""
    mean = 0.0
    for _ in range(steps):
        mean = 0.5 * mean + 0.5 * float(jnp.mean(x))
    return mean


def twice(x):
    """A body of a loop that closes over nothing but variables."""
    return jax.lax.fori_loop(0, 2, lambda _, out: average(x) + 0.0 * out, x)


def while_twice(x):
    """The same by a while loop."""
    body = lambda carry: (carry[0] + 1, average(x))  # noqa: E731
    return jax.lax.while_loop(lambda carry: carry[0] < 2, body, (0, x))[1]


TRANSFORMS = {
    "plain": (average, 1),
    "jit": (lambda x: jax.jit(average)(x), 1),
    "jit of jit": (lambda x: jax.jit(jax.jit(average))(x), 1),
    "checkpoint": (lambda x: jax.checkpoint(average)(x), 1),
    "scan": (
        lambda x: jax.lax.scan(lambda c, _: (average(x), None), x, length=3)[0],
        3,
    ),
    "fori_loop": (twice, 2),
    "while_loop": (while_twice, 2),
    "cond": (lambda x: jax.lax.cond(x[0] > 0, average, lambda x: x, x), 1),
    "cond, not taken": (lambda x: jax.lax.cond(x[0] < 0, average, lambda x: x, x), 0),
    "switch": (
        lambda x: jax.lax.switch(1, [lambda x: x, average, lambda x: 2 * x], x),
        1,
    ),
    "scan of jit": (
        lambda x: jax.lax.scan(lambda c, _: (jax.jit(average)(x), None), x, length=2)[
            0
        ],
        2,
    ),
    "cond in scan": (
        lambda x: jax.lax.scan(
            lambda c, _: (jax.lax.cond(True, average, lambda x: x, x), None),
            x,
            length=2,
        )[0],
        2,
    ),
}


@pytest.mark.smoke
@pytest.mark.parametrize("name", TRANSFORMS)
def test_writes_are_those_of_the_unrolled_program(name, key):
    """State and output are what the program gives without its transforms."""
    model, steps = TRANSFORMS[name]
    net = tf1.transform_with_state(model)
    params, state = net.init(key, X)
    with jax.checking_leaks():
        out, after = net.apply(params, state, X)
    assert_close(after["bn"]["mean"], averaged(steps), ulps=8)
    expected = X + averaged(steps) if steps else X
    assert_close(out, expected, ulps=8)
    jitted = jax.jit(net.apply)(params, state, X)
    assert_close(jitted, (out, after), ulps=8)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_state_keeps_its_structure_and_dtypes(name, key):
    """Init and apply return state of one structure, shapes and strong dtypes."""
    net = tf1.transform_with_state(TRANSFORMS[name][0])
    params, state = net.init(key, X)
    _, after = net.apply(params, state, X)
    chex.assert_trees_all_equal_shapes_and_dtypes(state, after)
    assert not any(leaf.weak_type for leaf in jax.tree.leaves(after))
    net.check(params, state, X)


@pytest.mark.parametrize("name", ["plain", "jit", "scan", "cond", "switch"])
def test_gradients_go_past_the_state(name, key):
    """The gradient for params is there, with assignments along the way."""
    net = tf1.transform_with_state(TRANSFORMS[name][0])
    params, state = net.init(key, X)

    def loss(params):
        out, state_ = net.apply(params, state, X)
        return out.sum(), state_

    grads, after = jax.grad(loss, has_aux=True)(params)
    assert_close(grads["bn"]["w"], X.sum(), ulps=8)
    assert_close(after, net.apply(params, state, X)[1], ulps=8)


def test_inputs_stay_as_they_were(key):
    """Apply returns new state and leaves the one it was given alone."""
    net = tf1.transform_with_state(average)
    params, state = net.init(key, X)
    before = jax.tree.map(np.array, (params, state))
    net.apply(params, state, X)
    chex.assert_trees_all_equal((params, state), before)


def test_state_is_what_is_not_trainable(key):
    """Init splits by trainable; what is given is checked and kept on either side."""
    net = tf1.transform_with_state(average)
    params, state = net.init(key, X, given={"bn": {"mean": jnp.float32(3.0)}})
    assert list(params["bn"]) == ["w"]
    assert state["bn"]["mean"] == 3.0
    assert net.manifest(X)["bn/mean"].trainable is False


def test_assignments_within_grad_inside_of_the_model(key):
    """A model that differentiates itself may assign within."""
    net = tf1.transform_with_state(jax.grad(lambda x: average(x).sum()))
    params, state = net.init(key, X)
    out, after = net.apply(params, state, X)
    np.testing.assert_array_equal(out, jnp.ones(3))
    assert_close(after["bn"]["mean"], averaged(1), ulps=8)


def test_params_cannot_be_assigned(key):
    """A trainable variable is refused with the way out, in init and in apply."""

    def model():
        return tf1.get_variable("w", []).assign(1.0)

    for net in (tf1.transform_with_state(model), tf1.transform(model)):
        with pytest.raises(sj.ScopeUsageError, match=r"(?s)w was assigned.*trainable"):
            net.init(key)


def test_plain_transform_has_no_state(key):
    """Under transform even a variable that is not trainable cannot be assigned."""
    net = tf1.transform(average)
    with pytest.raises(sj.ScopeUsageError, match="transform_with_state"):
        net.init(key, X)


def test_a_batched_value_cannot_be_written(key):
    """Under vmap a value of each item is refused with the variable's name."""
    net = tf1.transform_with_state(lambda x: jax.vmap(average)(x))
    params, state = tf1.transform_with_state(average).init(key, X)
    for call in (lambda: net.init(key, X), lambda: net.apply(params, state, X)):
        with pytest.raises(sj.ScopeUsageError, match="bn/mean cannot be assigned here"):
            call()


def test_missing_and_misshapen_state(key):
    """State that does not fit is refused by name."""
    net = tf1.transform_with_state(average)
    params, state = net.init(key, X)
    with pytest.raises(sj.VariableNotFoundError, match="bn/mean does not exist"):
        net.apply(params, {}, X)
    wrong = jax.tree.map(lambda leaf: leaf[None], state)
    with pytest.raises(sj.VariableMismatchError, match=r"found shape \(1,\)"):
        net.apply(params, wrong, X)
    with pytest.raises(sj.VariableMismatchError, match="missing     bn/mean"):
        net.check(params, {}, X)


def test_a_whole_training_loop(key):
    """A step counts, an average follows, and the loop runs under scan and jit."""

    def model(x):
        step = tf1.train.get_or_create_global_step()
        step.assign_add(1)
        return average(x).sum()

    net = tf1.transform_with_state(model)
    params, state = net.init(key, X)

    def train(carry, _):
        params, state = carry
        grad = jax.grad(net.apply, has_aux=True)
        grads, state = grad(params, state, X)
        return (jax.tree.map(lambda p, g: p - 0.1 * g, params, grads), state), None

    (params, state), _ = jax.jit(lambda c: jax.lax.scan(train, c, length=4))(
        (params, state)
    )
    assert state["global_step"] == 4
    assert_close(state["bn"]["mean"], averaged(4), ulps=8)
    assert_close(params["bn"]["w"], 1 - 0.4 * X.sum())
