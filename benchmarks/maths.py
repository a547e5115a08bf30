"""What the two models compute, whoever holds their parameters.

The contestants share these functions and differ in nothing but where the parameters
come from, so a difference in time is theirs alone.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

WIDTH = 64
FEATURES, HEADS, VOCABULARY, CONTEXT = 128, 4, 1000, 64

INPUTS: dict[str, Callable[[], jax.Array]] = {
    "mlp": lambda: jnp.ones((8, WIDTH)),
    "gpt": lambda: jnp.zeros((2, 16), jnp.int32),
}
"""A batch for each kind of model."""


def dense(x: jax.Array, kernel: jax.Array, bias: jax.Array) -> jax.Array:
    """``x @ kernel + bias``."""
    return x @ kernel + bias


def layer_norm(x: jax.Array, scale: jax.Array, bias: jax.Array) -> jax.Array:
    """Layer normalization over the last axis."""
    return jax.nn.standardize(x) * scale + bias


def attend(qkv: jax.Array) -> jax.Array:
    """Causal attention: `(batch, time, 3 * FEATURES)` to `(batch, time, FEATURES)`."""
    heads = (*qkv.shape[:-1], HEADS, FEATURES // HEADS)
    query, key, value = (part.reshape(heads) for part in jnp.split(qkv, 3, axis=-1))
    mixed = jax.nn.dot_product_attention(query, key, value, is_causal=True)
    return mixed.reshape(*qkv.shape[:-1], FEATURES)


def tied_head(x: jax.Array, table: jax.Array) -> jax.Array:
    """Logits of `(batch, time, VOCABULARY)` from the table of embeddings."""
    return x @ table.T
