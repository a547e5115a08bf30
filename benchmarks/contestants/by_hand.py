"""By hand: a nested dict of arrays, initialised eagerly from split keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.nn.initializers import Initializer, glorot_uniform, normal

from .. import maths
from . import Contestant, Net

Params = dict[str, Any]
GLOROT, NORMAL = glorot_uniform(), normal(0.02)


def init_dense(
    key: jax.Array, inputs: int, outputs: int, initializer: Initializer
) -> Params:
    """A kernel and a bias of zeros."""
    return {"kernel": initializer(key, (inputs, outputs)), "bias": jnp.zeros(outputs)}


def dense(params: Params, x: jax.Array) -> jax.Array:
    """A dense layer."""
    return maths.dense(x, params["kernel"], params["bias"])


# The MLP


def init_mlp(
    layers: int, key: jax.Array, x: jax.Array, width: int = maths.WIDTH
) -> Params:
    """The MLP's parameters."""
    keys = jax.random.split(key, layers)
    return {
        f"layer{i}": init_dense(keys[i], width, width, GLOROT) for i in range(layers)
    }


def apply_mlp(layers: int, params: Params, x: jax.Array) -> jax.Array:
    """The MLP."""
    for i in range(layers):
        x = jnp.tanh(dense(params[f"layer{i}"], x))
    return x


def mlp(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` dense layers and tanh."""
    return Net(partial(init_mlp, layers, width=width), partial(apply_mlp, layers))


# Layers that libraries bring along


def stock(
    layer: Callable[[Params, jax.Array], jax.Array],
    make: Callable[[int], Params],
    layers: int,
    width: int = maths.WIDTH,
) -> Net:
    """`layers` times the same layer, and nothing between."""

    def init(_: jax.Array, x: jax.Array) -> Params:
        return {f"layer{i}": make(width) for i in range(layers)}

    def apply(params: Params, x: jax.Array) -> jax.Array:
        for i in range(layers):
            x = layer(params[f"layer{i}"], x)
        return x

    return Net(init, apply)


def _make_dense(width: int) -> Params:
    return init_dense(jax.random.key(0), width, width, GLOROT)


# The GPT


def init_norm(features: int = maths.FEATURES) -> Params:
    """A scale of ones and a bias of zeros."""
    return {"scale": jnp.ones(features), "bias": jnp.zeros(features)}


def init_block(key: jax.Array) -> Params:
    """A block's parameters."""
    qkv, out, up, down = jax.random.split(key, 4)
    wide = maths.FEATURES
    return {
        "ln1": init_norm(),
        "attn": {
            "qkv": init_dense(qkv, wide, 3 * wide, NORMAL),
            "out": init_dense(out, wide, wide, NORMAL),
        },
        "ln2": init_norm(),
        "mlp": {
            "up": init_dense(up, wide, 4 * wide, NORMAL),
            "down": init_dense(down, 4 * wide, wide, NORMAL),
        },
    }


def _listed(layers: int, key: jax.Array) -> Params:
    keys = jax.random.split(key, layers)
    return {f"h{i}": init_block(key) for i, key in enumerate(keys)}


def _stacked(layers: int, key: jax.Array) -> Params:
    return {"blocks": jax.vmap(init_block)(jax.random.split(key, layers))}


Blocks = Callable[[int, jax.Array], Params]


def _init_gpt(layers: int, blocks: Blocks, key: jax.Array, _: jax.Array) -> Params:
    table, positions, rest = jax.random.split(key, 3)
    return {
        "table": NORMAL(table, (maths.VOCABULARY, maths.FEATURES)),
        "positions": NORMAL(positions, (maths.CONTEXT, maths.FEATURES)),
        **blocks(layers, rest),
        "ln": init_norm(),
    }


def norm(params: Params, x: jax.Array) -> jax.Array:
    """Layer normalization."""
    return maths.layer_norm(x, params["scale"], params["bias"])


def block(params: Params, x: jax.Array) -> jax.Array:
    """A pre-LN transformer block."""
    attn, hidden = params["attn"], params["mlp"]
    mixed = maths.attend(dense(attn["qkv"], norm(params["ln1"], x)))
    x = x + dense(attn["out"], mixed)
    y = jax.nn.gelu(dense(hidden["up"], norm(params["ln2"], x)))
    return x + dense(hidden["down"], y)


Run = Callable[[int, Params, jax.Array], jax.Array]
_jitted_block = jax.jit(block)


def _unrolled(layers: int, params: Params, x: jax.Array) -> jax.Array:
    for i in range(layers):
        x = block(params[f"h{i}"], x)
    return x


def _jitted(layers: int, params: Params, x: jax.Array) -> jax.Array:
    for i in range(layers):
        x = _jitted_block(params[f"h{i}"], x)
    return x


def _scanned(_: int, params: Params, x: jax.Array) -> jax.Array:
    def body(x: jax.Array, params: Params) -> tuple[jax.Array, None]:
        return block(params, x), None

    return jax.lax.scan(body, x, params["blocks"])[0]


def _apply_gpt(layers: int, run: Run, params: Params, tokens: jax.Array) -> jax.Array:
    table = params["table"]
    x = table[tokens] + params["positions"][: tokens.shape[-1]]
    x = run(layers, params, x)
    return maths.tied_head(norm(params["ln"], x), table)


def gpt(layers: int, blocks: Blocks = _listed, run: Run = _unrolled) -> Net:
    """A GPT of `layers` blocks with a tied head."""
    return Net(partial(_init_gpt, layers, blocks), partial(_apply_gpt, layers, run))


CONTESTANT = Contestant(
    title="by hand",
    distribution="jax",
    models={
        "mlp": mlp,
        "gpt": gpt,
        "gpt-jit": partial(gpt, run=_jitted),
        "gpt-scan": partial(gpt, blocks=_stacked, run=_scanned),
        "mlp-dense": partial(stock, dense, _make_dense),
        "mlp-layer-norm": partial(stock, norm, init_norm),
    },
)
