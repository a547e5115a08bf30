"""Layers beside those of flax.linen: the same numbers from the same weights."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import (
    IDS,
    KEY,
    X,
    array,
    filled,
    flax_apply,
    gates_of_flax,
    gru_of_flax,
)

IMAGES = array(2, 6, 5, 4)
STEPS = array(5, 2, 4)
CONTEXT = array(2, 3, 6)
MASK = np.random.default_rng(2).random((2, 1, 4, 4)) < 0.5
MASK[..., 0] = True


# Their weights, from ours


def embed(params):
    """The table has another name."""
    return {"embedding": params["table"]}


def heads(params):
    """The features of all heads are split in the arrays themselves."""
    flat = sj.to_flat(params)
    for name, leaf in flat.items():
        if name == "out/kernel":
            flat[name] = leaf.reshape(2, -1, leaf.shape[-1])
        elif name != "out/bias":
            flat[name] = leaf.reshape(*leaf.shape[:-1], 2, -1)
    return sj.from_flat(flat)


def lstm(params):
    """The bias stands with the hidden state in place of the input."""
    theirs = gates_of_flax(params, "ifgo")
    for gate in "ifgo":
        theirs[f"h{gate}"]["bias"] = theirs[f"i{gate}"].pop("bias")
    return theirs


# Layers of params alone


def of(module, convert=dict):
    """A flax module as a function of our params."""
    return lambda params, *args, **kw: flax_apply(
        module, {"params": convert(params)}, *args, **kw
    )


def over_time(cell, carry):
    """A cell, as a function of weights, carry and input, over the steps."""
    zeros = jax.tree.map(lambda size: jnp.zeros((2, size)), carry)
    return lambda weights, xs: jax.lax.scan(functools.partial(cell, weights), zeros, xs)


no_forget_bias = functools.partial(layers.lstm, forget_bias=0.0)  # flax has none
attention = functools.partial(layers.attention, heads=2)
Attention = functools.partial(nn.MultiHeadDotProductAttention, num_heads=2)

# name -> our model, theirs as a function of our params, the input
LAYERS = {
    "dense": (lambda s, x: layers.dense(s, x, 5), of(nn.Dense(5)), X),
    "conv": (lambda s, x: layers.conv(s, x, 3, (3,)), of(nn.Conv(3, (3,))), X),
    "conv, all options": (
        lambda s, x: layers.conv(
            s, x, 6, (3, 2), strides=(1, 2), padding="VALID", dilation=(2, 1), groups=2
        ),
        of(
            nn.Conv(
                6,
                (3, 2),
                strides=(1, 2),
                padding="VALID",
                kernel_dilation=(2, 1),
                feature_group_count=2,
            )
        ),
        IMAGES,
    ),
    "conv_transpose": (
        lambda s, x: layers.conv_transpose(s, x, 3, (3, 3), strides=2),
        of(nn.ConvTranspose(3, (3, 3), strides=(2, 2))),
        IMAGES,
    ),
    "embedding": (
        lambda s, ids: layers.embedding(s, ids, 9, 3),
        of(nn.Embed(9, 3), embed),
        IDS,
    ),
    "dense, several axes": (
        lambda s, x: layers.dense(s, x, (3, 2)),
        of(nn.DenseGeneral((3, 2))),
        X,
    ),
    "dense, several axes in": (
        lambda s, x: layers.dense(s, x, 3, axes=2),
        of(nn.DenseGeneral(3, axis=(-2, -1))),
        X,
    ),
    "einsum": (
        lambda s, x: layers.einsum(s, x, "btd,dhk->bthk", (6, 3, 2)),
        of(nn.Einsum((6, 3, 2), "btd,dhk->bthk")),
        X,
    ),
    "mlp": (
        lambda s, x: layers.mlp(s, x, (5, 3)),
        lambda params, x: of(nn.Dense(3))(
            params["layer1"], jax.nn.relu(of(nn.Dense(5))(params["layer0"], x))
        ),
        X,
    ),
    "group_norm": (
        lambda s, x: layers.group_norm(s, x, 2),
        of(nn.GroupNorm(2, use_fast_variance=False)),
        IMAGES,
    ),
    "instance norm": (
        lambda s, x: layers.group_norm(s, x, x.shape[-1]),
        of(nn.InstanceNorm(use_fast_variance=False)),
        IMAGES,
    ),
    "tied head": (
        lambda s, x: (
            layers.embedding(s, IDS, 9, 6),
            layers.attend(s, x),
        )[1],
        lambda params, x: flax_apply(
            nn.Embed(9, 6), {"params": embed(params)}, x, method="attend"
        ),
        X,
    ),
    "layer_norm": (layers.layer_norm, of(nn.LayerNorm(use_fast_variance=False)), X),
    "rms_norm": (layers.rms_norm, of(nn.RMSNorm()), X),
    "attention": (attention, of(Attention(), heads), X),
    "attention, features": (
        functools.partial(attention, features=4, use_bias=False),
        of(Attention(qkv_features=4, use_bias=False), heads),
        X,
    ),
    "attention, mask": (
        functools.partial(attention, mask=MASK),
        functools.partial(of(Attention(), heads), mask=MASK),
        X,
    ),
    "attention, causal": (
        functools.partial(attention, is_causal=True),
        functools.partial(
            of(Attention(), heads), mask=np.tri(4, dtype=bool)[None, None]
        ),
        X,
    ),
    "attention, context": (
        lambda s, x: attention(s, x, context=CONTEXT),
        lambda params, x: of(Attention(), heads)(params, x, CONTEXT),
        X,
    ),
    "lstm": (
        over_time(no_forget_bias, (5, 5)),
        over_time(of(nn.LSTMCell(5), lstm), (5, 5)),
        STEPS,
    ),
    "lstm, optimized": (
        over_time(no_forget_bias, (5, 5)),
        over_time(of(nn.OptimizedLSTMCell(5), lstm), (5, 5)),
        STEPS,
    ),
    "gru": (
        over_time(layers.gru, 5),
        over_time(of(nn.GRUCell(5), gru_of_flax), 5),
        STEPS,
    ),
}


@pytest.mark.parametrize(("model", "theirs", "x"), LAYERS.values(), ids=LAYERS)
def test_layers_are_those_of_flax(model, theirs, x):
    """Results and gradients, for weights and input, are the same."""
    net, params = filled(model, x)
    inputs = (0, 1) if x.dtype == "float32" else 0

    def run(function):
        def loss(params, x):
            out = function(params, x)
            return sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(out)), out

        return jax.jit(jax.grad(loss, inputs, has_aux=True))(params, jnp.asarray(x))

    (grads, out), (expected, reference) = run(net.apply), run(theirs)
    assert_close(out, reference)
    # Of attention the gradient of a key's bias is a sum to zero.
    scale = max(abs(leaf).max() for leaf in jax.tree.leaves(expected))
    assert_close(grads, expected, scale=scale)


# Dropout


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_dropout_drops_what_flax_drops(rate):
    """With one key the same numbers are dropped, and the rest is scaled alike."""
    x = jnp.linspace(1.0, 2.0, 1000)
    scope = sj.Scope({}, key=KEY)
    again = scope.with_options(reuse=True)
    found = layers.dropout(scope, x, rate)
    module = nn.Dropout(rate, deterministic=False)
    assert_close(found, flax_apply(module, {}, x, rng=again.key("dropout")))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_has_the_rate_of_flax(rate):
    """Whatever the key, as much is kept as flax keeps, and the mean stays."""
    x = jnp.ones(100_000)
    module = nn.Dropout(rate, deterministic=False)
    ours = layers.dropout(sj.Scope({}, key=jax.random.key(1)), x, rate)
    theirs = flax_apply(module, {}, x, rngs={"dropout": jax.random.key(2)})
    deviation = np.sqrt(rate * (1 - rate) / x.size)
    for out in (ours, theirs):
        kept = np.asarray(out) != 0
        assert abs(kept.mean() - (1 - rate)) < 5 * deviation
        assert abs(np.asarray(out).mean() - 1.0) < 5 * deviation / (1 - rate)
    assert_close(ours.max(), theirs.max(), ulps=8)
