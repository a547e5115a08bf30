"""Initializers that do wrong, for the tests of what is told of them."""

import jax.numpy as jnp
import numpy as np


def raises(key, shape, dtype):
    """An initializer that fails."""
    raise RuntimeError("the disk is full")


OTHER = {
    "another length": (lambda k, s, d: jnp.zeros((3,), d), "shape (3,)"),
    "an axis more": (lambda k, s, d: jnp.zeros((1, *s), d), "shape (1, 2)"),
    "a scalar": (lambda k, s, d: jnp.zeros((), d), "shape ()"),
    "whole numbers": (lambda k, s, d: jnp.zeros(s, "int32"), "dtype int32"),
    "half precision": (lambda k, s, d: jnp.zeros(s, "bfloat16"), "dtype bfloat16"),
    "double precision": (lambda k, s, d: np.zeros(s), "dtype float64"),
}
