"""The program of TensorFlow 1 with another import and the ops of JAX."""

import math
from collections import namedtuple

import jax
import jax.numpy as jnp
import optax

from scopejax import tf1 as tf

HParams = namedtuple("HParams", "n_vocab n_ctx n_embd n_head n_layer")


def gelu(x):
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return 0.5 * x * (1 + jnp.tanh(inner))


def norm(x, scope):
    with tf.variable_scope(scope):
        n = x.shape[-1]
        g = tf.get_variable("g", [n], initializer=tf.ones_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
        mean = jnp.mean(x, axis=-1, keepdims=True)
        variance = jnp.mean(jnp.square(x - mean), axis=-1, keepdims=True)
        return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * g + b


def conv1d(x, scope, n_out):
    with tf.variable_scope(scope):
        *start, n = x.shape
        normal = tf.random_normal_initializer(stddev=0.02)
        w = tf.get_variable("w", [1, n, n_out], initializer=normal)
        b = tf.get_variable("b", [n_out], initializer=tf.zeros_initializer())
        y = jnp.matmul(jnp.reshape(x, [-1, n]), jnp.reshape(w, [-1, n_out])) + b
        return jnp.reshape(y, [*start, n_out])


def split_heads(x, n_head):
    batch, time, n = x.shape
    heads = jnp.reshape(x, [batch, time, n_head, n // n_head])
    return jnp.transpose(heads, [0, 2, 1, 3])


def merge_heads(x):
    batch, n_head, time, n = x.shape
    return jnp.reshape(jnp.transpose(x, [0, 2, 1, 3]), [batch, time, n_head * n])


def attn(x, scope, hparams):
    with tf.variable_scope(scope):
        n, time = hparams.n_embd, x.shape[1]
        qkv = conv1d(x, "c_attn", 3 * n)
        q, k, v = [split_heads(y, hparams.n_head) for y in jnp.split(qkv, 3, axis=2)]
        scores = jnp.matmul(q, jnp.transpose(k, [0, 1, 3, 2]))
        scores = scores * jax.lax.rsqrt(float(n // hparams.n_head))
        seen = jnp.arange(time)[:, None] >= jnp.arange(time)[None, :]
        mask = seen.astype(tf.float32)
        scores = scores * mask - 1e10 * (1 - mask)
        mixed = jnp.matmul(jax.nn.softmax(scores), v)
        return conv1d(merge_heads(mixed), "c_proj", n)


def mlp(x, scope, hparams):
    with tf.variable_scope(scope):
        h = gelu(conv1d(x, "c_fc", 4 * hparams.n_embd))
        return conv1d(h, "c_proj", hparams.n_embd)


def block(x, scope, hparams):
    with tf.variable_scope(scope):
        x = x + attn(norm(x, "ln_1"), "attn", hparams)
        return x + mlp(norm(x, "ln_2"), "mlp", hparams)


def model(hparams, tokens, scope="model", reuse=False):
    with tf.variable_scope(scope, reuse=reuse):
        n, time = hparams.n_embd, tokens.shape[1]
        near = tf.random_normal_initializer(stddev=0.01)
        wpe = tf.get_variable("wpe", [hparams.n_ctx, n], initializer=near)
        normal = tf.random_normal_initializer(stddev=0.02)
        wte = tf.get_variable("wte", [hparams.n_vocab, n], initializer=normal)
        x = jnp.take(wte, tokens, 0) + jnp.take(wpe, jnp.arange(time), 0)
        for layer in range(hparams.n_layer):
            x = block(x, f"h{layer}", hparams)
        x = norm(x, "ln_f")
        return jnp.tensordot(x, jnp.transpose(wte), 1)


def loss_of(hparams, tokens):
    logits = model(hparams, tokens[:, :-1])
    losses = optax.softmax_cross_entropy_with_integer_labels(
        labels=tokens[:, 1:], logits=logits
    )
    return jnp.mean(losses)
