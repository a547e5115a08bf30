"""What the tests of interop share: numerics as users have them, and comparisons."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

KEY = jax.random.key(0)
OTHER = jax.random.key(7)
RANDOM = np.random.default_rng(0)


def array(*shape):
    """Random numbers, float32."""
    return jnp.asarray(RANDOM.standard_normal(shape), jnp.float32)


X = array(2, 4, 6)
ROWS = array(5, 3)
IMAGES = array(2, 6, 5, 4)
IDS = jnp.arange(8).reshape(2, 4)


@pytest.fixture(autouse=True)
def relaxed():
    """The libraries mix dtypes and ranks, which the suite's numerics refuse."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def identical(found, expected):
    """Trees of the same structure, dtypes and bits."""
    chex.assert_trees_all_equal_shapes_and_dtypes(found, expected)
    chex.assert_trees_all_equal(found, expected)


def filled(net, *args, **kwargs):
    """Variables of a model, all of them random: weights that were trained."""
    specs = net.manifest(*args, **kwargs)
    flat = {}
    for name, spec in specs.items():
        value = array(*spec.shape) ** 2 if not spec.trainable else array(*spec.shape)
        flat[name] = value.astype(spec.dtype)
    return sj.from_flat(flat)


def run(function, params, *args):
    """Result and gradients for params, of a function ``(params, *args) -> out``."""

    def loss(params):
        out = function(params, *args)
        floats = [
            x for x in jax.tree.leaves(out) if jnp.issubdtype(x.dtype, jnp.floating)
        ]
        return sum(jnp.sum(jnp.sin(x)) for x in floats), out

    grads, out = jax.jit(jax.grad(loss, has_aux=True))(params)
    return out, grads


def jaxpr(function, *args):
    """The text of a function's jaxpr."""
    return str(jax.make_jaxpr(function)(*args))


def shapes(tree):
    """A tree of shapes."""
    return jax.tree.map(jnp.shape, tree)


def of(function, *args, **kwargs):
    """A model that calls a function of interop in the scope `part`."""

    def model(scope, *inputs, **more):
        return function(scope / "part", *args, *inputs, **kwargs, **more)

    return model


def transformed(function, *args, **kwargs):
    """`of`, transformed; its variables are below `part`."""
    return sj.transform(of(function, *args, **kwargs))


batched = functools.partial(jax.vmap, in_axes=0)
