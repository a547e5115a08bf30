"""The model: plain functions of a scope. One tower, shared by two images."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.nn import relu

import scopejax as sj
from scopejax.layers import conv, dense, layer_norm


def tower(scope: sj.Scope, images: jax.Array) -> jax.Array:
    """Embeds images `(n, 8, 8, 1)` as points `(n, 64)`."""
    x = relu(conv(scope / "conv1", images, 16, (3, 3)))  # (n, 8, 8, 16)
    x = relu(conv(scope / "conv2", x, 32, (3, 3), strides=2))  # (n, 4, 4, 32)
    x = x.reshape(len(x), -1)  # (n, 512)
    x = dense(scope / "embed", x, 64)  # (n, 64)
    return layer_norm(scope / "norm", x)  # (n, 64)


def siamese(
    scope: sj.Scope, left: jax.Array, right: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Logits: which digit is on the left, and do both images show the same one?"""
    shared = scope / "tower"
    a = tower(shared, left)  # (n, 64)
    b = tower(shared.with_options(reuse=True), right)  # (n, 64), the same variables

    digit = dense(scope / "classify", relu(a), 10)  # (n, 10)
    same = dense(scope / "verify", jnp.abs(a - b), 1)  # (n, 1)
    return digit, same[:, 0]  # (n, 10), (n,)


def forgetful(
    scope: sj.Scope, left: jax.Array, right: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Two embeddings, but with `reuse` forgotten: an error."""
    shared = scope / "tower"
    a = tower(shared, left)
    b = tower(shared, right)
    return a, b
