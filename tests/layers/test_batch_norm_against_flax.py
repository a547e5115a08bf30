"""Batch normalization beside that of flax.linen: results, gradients and state."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest

from ..helpers.batch_norm_reference import EVAL, NET, TRAIN, transformed, variables
from ..helpers.closeness import assert_close
from ..helpers.layers_reference import KEY, array, flax_apply


def their_batch_norm(params, state, x, is_training, **kw):
    """flax's result and running statistics, in our names."""
    # Its fast variance, the default, loses digits to an offset; ours does not.
    module = nn.BatchNorm(**{"use_fast_variance": False, **kw})
    stats = {
        "mean": state["bn"]["moving_mean"],
        "var": state["bn"]["moving_variance"],
    }
    out, after = flax_apply(
        module,
        {"params": params["bn"], "batch_stats": stats},
        x,
        use_running_average=not is_training,
        mutable=["batch_stats"],
    )
    stats = after["batch_stats"]
    return out, {"bn": {"moving_mean": stats["mean"], "moving_variance": stats["var"]}}


@pytest.mark.parametrize("shape", [(8, 3), (4, 5, 5, 3)])
@pytest.mark.parametrize("momentum", [0.9, 0.99])
def test_batch_norm_trains_and_evaluates_as_flax(shape, momentum):
    """Over several steps: results, gradients and running statistics."""
    params, state = variables(array(*shape))
    theirs = state

    def both_modes(function):
        def loss(params, state, x):
            out, after = function(params, state, x, **TRAIN, momentum=momentum)
            evaluated, _ = function(params, after, x, **EVAL)
            return jnp.sum(out**3), (after, out, evaluated)

        return jax.jit(jax.grad(loss, (0, 2), has_aux=True))

    ours, flax = both_modes(NET.apply), both_modes(their_batch_norm)
    for step in range(4):
        x = jnp.asarray(array(*shape) * (step + 1) + step)
        grads, (state, *outs) = ours(params, state, x)
        expected, (theirs, *references) = flax(params, theirs, x)
        assert_close(state, theirs)
        assert_close(outs, references)
        assert_close(grads, expected)


def test_batch_norm_starts_as_flax():
    """The same defaults and the same first values."""
    x = array(8, 3)
    params, state = NET.init(KEY, x, **TRAIN)
    theirs = nn.BatchNorm(use_running_average=False).init(KEY, x)
    assert_close(params["bn"], theirs["params"])
    assert_close(list(state["bn"].values()), list(theirs["batch_stats"].values()))
    found = NET.apply(params, state, x, **TRAIN)
    assert_close(found, their_batch_norm(params, state, x, **TRAIN))


def test_batch_norm_of_half_precision_has_the_statistics_of_flax():
    """Of a bfloat16 batch both add up in float32; results differ by a rounding."""
    x = jnp.asarray(array(64, 3) * 2 + 5, "bfloat16")
    params, state = variables(x)
    out, after = NET.apply(params, state, x, **TRAIN)
    reference, theirs = their_batch_norm(params, state, x, **TRAIN, dtype="bfloat16")
    assert_close(after, theirs)
    assert_close(out, reference)


def test_batch_norm_of_replicas_is_that_of_flax():
    """Under vmap with an axis's name, results, gradients and state are the same."""
    x = jnp.asarray(array(2, 4, 3) + 10 * array(2, 1, 1))
    params, state = variables(x[0])
    ours = transformed(axis_name="i").apply
    theirs = functools.partial(their_batch_norm, axis_name="i")

    def trained(function):
        def loss(params, x):
            replica = functools.partial(function, **TRAIN)
            mapped = jax.vmap(replica, in_axes=(None, None, 0), axis_name="i")
            out, after = mapped(params, state, x)
            return jnp.sum(out**3), (out, after)

        return jax.jit(jax.grad(loss, (0, 1), has_aux=True))(params, x)

    assert_close(trained(ours), trained(theirs))
