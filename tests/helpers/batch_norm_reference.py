"""What the tests of batch normalization share: its formula, random variables."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

import scopejax as sj
from scopejax import layers

from .layers_reference import KEY, array

TRAIN, EVAL = ({"is_training": value} for value in (True, False))


def transformed(**kw):
    """The layer at `bn`; what is not in `kw` is an argument of its model."""
    layer = functools.partial(layers.batch_norm, **kw)
    return sj.transform_with_state(lambda s, x, **more: layer(s / "bn", x, **more))


NET = transformed()
X = array(8, 3) * 2 + 1


def variables(x, net=NET):
    """Params and state of random numbers, variances positive."""
    made = net.init(KEY, x, **TRAIN)
    params, state = jax.tree.map(lambda v: jnp.asarray(array(*v.shape)), made)
    state["bn"]["moving_variance"] = jnp.exp(state["bn"]["moving_variance"])
    return params, state


def moments(x):
    """Mean and biased variance over all axes but the last, in doubles."""
    axes = tuple(range(x.ndim - 1))
    x = np.asarray(x, np.float64)
    return x.mean(axes), x.var(axes)


def normalized(x, mean, variance, epsilon=1e-5):
    """The formula in doubles."""
    return (np.asarray(x, np.float64) - mean) / np.sqrt(variance + epsilon)
