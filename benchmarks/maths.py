"""What the models and their training compute, whoever holds the parameters.

The contestants share these functions and differ in nothing but where the parameters
come from, so a difference in time is theirs alone.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

WIDTH = 64
FEATURES, HEADS, VOCABULARY, CONTEXT = 128, 4, 1000, 64
RATE, DECAY, RANK, ALPHA = 0.01, 0.99, 8, 16.0

INPUTS: dict[str, Callable[[int], jax.Array]] = {
    "mlp": lambda width: jnp.ones((8, width)),
    "gpt": lambda _: jnp.zeros((2, 16), jnp.int32),
}
"""A batch for each kind of model, of a width."""

BATCHES: dict[str, Callable[[], jax.Array]] = {
    "mlp": lambda: jax.random.normal(jax.random.key(1), (32, WIDTH)),
    "gpt": lambda: jax.random.randint(jax.random.key(1), (2, 16), 0, VOCABULARY),
}
"""The same to train on: all alike has no variance."""


def dense(x: jax.Array, kernel: jax.Array, bias: jax.Array) -> jax.Array:
    """``x @ kernel + bias``."""
    return x @ kernel + bias


def layer_norm(x: jax.Array, scale: jax.Array, bias: jax.Array) -> jax.Array:
    """Layer normalization over the last axis."""
    return jax.nn.standardize(x) * scale + bias


def attend(qkv: jax.Array) -> jax.Array:
    """Causal attention: `(batch, time, 3 * features)` to `(batch, time, features)`."""
    heads = (*qkv.shape[:-1], HEADS, qkv.shape[-1] // (3 * HEADS))
    query, key, value = (part.reshape(heads) for part in jnp.split(qkv, 3, axis=-1))
    mixed = jax.nn.dot_product_attention(query, key, value, is_causal=True)
    return mixed.reshape(*qkv.shape[:-1], -1)


def tied_head(x: jax.Array, table: jax.Array) -> jax.Array:
    """Logits of `(batch, time, VOCABULARY)` from the table of embeddings."""
    return x @ table.T


def mean_and_variance(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Of each feature over the batch, `(1, features)`."""
    mean = jnp.mean(x, 0, keepdims=True)
    return mean, jnp.mean(jnp.square(x - mean), 0, keepdims=True)


def batch_norm(
    x: jax.Array,
    mean: jax.Array,
    variance: jax.Array,
    scale: jax.Array,
    bias: jax.Array,
) -> jax.Array:
    """Batch normalization, as `scopejax.layers.batch_norm` writes it."""
    y = (x - mean) * jax.lax.rsqrt(variance + 1e-5)
    return y * jnp.expand_dims(scale, 0) + jnp.expand_dims(bias, 0)


def moved(average: jax.Array, value: jax.Array) -> jax.Array:
    """An exponential moving average, one step on."""
    return DECAY * average + (1 - DECAY) * value


def moved_statistic(average: jax.Array, value: jax.Array) -> jax.Array:
    """The same as `scopejax.layers.batch_norm` writes it: weights that sum to 1."""
    kept = jnp.asarray(DECAY, average.dtype)
    return kept * average + (1.0 - kept) * jax.lax.stop_gradient(value)


def adapted(kernel: jax.Array, a: jax.Array, b: jax.Array) -> jax.Array:
    """A kernel and its adapter of low rank."""
    return kernel + (ALPHA / RANK) * (a @ b)


def squared_error(y: jax.Array, target: jax.Array) -> jax.Array:
    """Its mean."""
    return jnp.mean(jnp.square(y - target))


def cross_entropy(logits: jax.Array, tokens: jax.Array) -> jax.Array:
    """Of each next token, the mean."""
    found = jnp.take_along_axis(
        jax.nn.log_softmax(logits[:, :-1]), tokens[:, 1:, None], -1
    )
    return -jnp.mean(found)


LOSSES = {"mlp": squared_error, "gpt": cross_entropy}
"""``loss(outputs, batch)`` for each kind of model."""


def descended(weight: jax.Array, gradient: jax.Array) -> jax.Array:
    """A step of gradient descent."""
    return weight - RATE * gradient
