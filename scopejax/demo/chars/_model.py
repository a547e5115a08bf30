"""The model: a transformer over characters, as plain functions of a scope.

What it stores is float32. That it computes in bfloat16, and that it is evaluated with
averages of its weights, is said once, at the root; the blocks know nothing of it.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.nn.initializers import normal

import scopejax as sj
from scopejax.layers import attention, dense, dropout, embedding, layer_norm

from ._text import VOCABULARY


class Sizes(NamedTuple):
    """How large the model is, what it drops, and how long its averages remember."""

    width: int = 96
    layers: int = 3
    heads: int = 4
    window: int = 64
    dropout: float = 0.05
    decay: float = 0.98


def language_model(
    scope: sj.Scope, ids: jax.Array, sizes: Sizes, *, is_training: bool
) -> jax.Array:
    """Logits of each next character, `(batch, time, VOCABULARY)`, float32."""
    # Getters of an inner scope run first, so the averages see what is stored: float32.
    averages = sj.getters.ema(sizes.decay, evaluate=not is_training)
    scope = scope.with_options(custom_getter=averages)
    scope = scope.with_options(custom_getter=sj.getters.cast("bfloat16"))

    @jax.checkpoint
    def layer(x: jax.Array, scope: sj.Scope) -> tuple[jax.Array, None]:
        return block(scope, x, sizes, is_training), None

    x = embed(scope, ids, sizes)  # (batch, time, width), bfloat16
    x, _ = jax.lax.scan(layer, x, (scope / "layers").stack(sizes.layers))
    x = layer_norm(scope / "norm", x).astype(jnp.float32)
    # Not tied to the table of characters: in runs this short, apart learns faster.
    return dense(scope / "head", x, VOCABULARY, kernel_initializer=normal(0.02))


def embed(scope: sj.Scope, ids: jax.Array, sizes: Sizes) -> jax.Array:
    """Characters `(batch, time)` at their places, `(batch, time, width)`."""
    large, (window, width) = normal(0.5), (sizes.window, sizes.width)
    x = embedding(scope / "characters", ids, VOCABULARY, width, initializer=large)
    places = scope.get_variable("places", (window, width), initializer=large)
    return x + places[None, : ids.shape[1]]


def block(scope: sj.Scope, x: jax.Array, sizes: Sizes, is_training: bool) -> jax.Array:
    """Attention, then two dense layers; each adds to `x` `(batch, time, width)`."""
    y = layer_norm(scope / "norm1", x)
    y = attention(scope / "attention", y, sizes.heads, is_causal=True)
    x = x + dropout(scope / "drop1", y, sizes.dropout, is_training=is_training)
    y = layer_norm(scope / "norm2", x)
    y = jax.nn.gelu(dense(scope / "up", y, 4 * sizes.width))
    y = dense(scope / "down", y, sizes.width)
    return x + dropout(scope / "drop2", y, sizes.dropout, is_training=is_training)
