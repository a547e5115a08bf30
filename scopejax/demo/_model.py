"""The model: plain functions of a scope. One tower, shared by two images."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.nn import relu

import scopejax as sj
from scopejax.layers import conv, dense


def tower(scope: sj.Scope, images: jax.Array) -> jax.Array:
    """Embeds images: `(n, 8, 8, 1)` to `(n, 64)`."""
    x = relu(conv(scope / "conv1", images, 16, (3, 3)))  # (n, 8, 8, 16)
    x = relu(conv(scope / "conv2", x, 32, (3, 3), strides=2))  # (n, 4, 4, 32)
    x = x.reshape(-1, 4 * 4 * 32)  # (n, 512)
    return dense(scope / "embed", x, 64)  # (n, 64)


def siamese(
    scope: sj.Scope, left: jax.Array, right: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Which digit is on the left, and do both images show the same one?

    Returns:
      The logits of the ten digits `(n, 10)`, and those of "same" `(n,)`.
    """
    shared = scope / "tower"
    a = tower(shared, left)  # (n, 64)
    b = tower(shared.with_options(reuse=True), right)  # (n, 64), the same variables

    digit = dense(scope / "classify", relu(a), 10)  # (n, 10)
    same = dense(scope / "verify", jnp.abs(a - b), 1)  # (n, 1)
    return digit, same[:, 0]


def forgetful(
    scope: sj.Scope, left: jax.Array, right: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Two embeddings, with `reuse` forgotten: an error, not a second tower."""
    shared = scope / "tower"
    a = tower(shared, left)
    b = tower(shared, right)
    return a, b
