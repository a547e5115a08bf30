"""The same model as a plain function of a scope: same names, same numbers."""

import jax
import jax.numpy as jnp
import optax
from jax.nn.initializers import normal, ones, zeros


def layer_norm(scope, x):
    n = x.shape[-1]
    g = scope.get_variable("g", (n,), initializer=ones)
    b = scope.get_variable("b", (n,), initializer=zeros)
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-5) * g + b


def linear(scope, x, n_out):
    n = x.shape[-1]
    w = scope.get_variable("w", (1, n, n_out), initializer=normal(0.02))
    b = scope.get_variable("b", (n_out,), initializer=zeros)
    return x @ w[0] + b


def attention(scope, x, n_head):
    batch, time, n = x.shape
    qkv = linear(scope / "c_attn", x, 3 * n)
    q, k, v = jnp.moveaxis(qkv.reshape(batch, time, 3, n_head, n // n_head), 2, 0)
    mixed = jax.nn.dot_product_attention(q, k, v, is_causal=True)
    return linear(scope / "c_proj", mixed.reshape(x.shape), n)


def feed_forward(scope, x):
    n = x.shape[-1]
    h = jax.nn.gelu(linear(scope / "c_fc", x, 4 * n))
    return linear(scope / "c_proj", h, n)


def layer(scope, x, n_head):
    x = x + attention(scope / "attn", layer_norm(scope / "ln_1", x), n_head)
    return x + feed_forward(scope / "mlp", layer_norm(scope / "ln_2", x))


def embed(scope, tokens, hparams):
    n = hparams.n_embd
    wpe = scope.get_variable("wpe", (hparams.n_ctx, n), initializer=normal(0.01))
    wte = scope.get_variable("wte", (hparams.n_vocab, n), initializer=normal(0.02))
    return wte, wte[tokens] + wpe[: tokens.shape[1]]


def gpt2(scope, tokens, hparams):
    wte, x = embed(scope, tokens, hparams)
    for i in range(hparams.n_layer):
        x = layer(scope / f"h{i}", x, hparams.n_head)
    return layer_norm(scope / "ln_f", x) @ wte.T


def mean_loss(logits, tokens):
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, tokens)
    return losses.mean()
