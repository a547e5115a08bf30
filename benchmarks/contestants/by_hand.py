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


def init_mlp(layers: int, key: jax.Array, x: jax.Array) -> Params:
    """The MLP's parameters."""
    keys = jax.random.split(key, layers)
    return {
        f"layer{i}": init_dense(keys[i], maths.WIDTH, maths.WIDTH, GLOROT)
        for i in range(layers)
    }


def apply_mlp(layers: int, params: Params, x: jax.Array) -> jax.Array:
    """The MLP."""
    for i in range(layers):
        x = jnp.tanh(dense(params[f"layer{i}"], x))
    return x


def mlp(layers: int) -> Net:
    """`layers` dense layers and tanh."""
    return Net(partial(init_mlp, layers), partial(apply_mlp, layers))


# The GPT


def init_norm() -> Params:
    """A scale of ones and a bias of zeros."""
    return {"scale": jnp.ones(maths.FEATURES), "bias": jnp.zeros(maths.FEATURES)}


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


def init_gpt(layers: int, key: jax.Array, tokens: jax.Array) -> Params:
    """The GPT's parameters."""
    table, positions, *blocks = jax.random.split(key, layers + 2)
    return {
        "table": NORMAL(table, (maths.VOCABULARY, maths.FEATURES)),
        "positions": NORMAL(positions, (maths.CONTEXT, maths.FEATURES)),
        **{f"h{i}": init_block(blocks[i]) for i in range(layers)},
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


Block = Callable[[Params, jax.Array], jax.Array]
_jitted_block: Block = jax.jit(block)


def _apply_gpt(
    layers: int, block: Block, params: Params, tokens: jax.Array
) -> jax.Array:
    table = params["table"]
    x = table[tokens] + params["positions"][: tokens.shape[-1]]
    for i in range(layers):
        x = block(params[f"h{i}"], x)
    return maths.tied_head(norm(params["ln"], x), table)


def gpt(layers: int, block: Block = block) -> Net:
    """A GPT of `layers` blocks with a tied head."""
    return Net(partial(init_gpt, layers), partial(_apply_gpt, layers, block))


CONTESTANT = Contestant(
    title="by hand",
    distribution="jax",
    models={"mlp": mlp, "gpt": gpt, "gpt-jit": partial(gpt, block=_jitted_block)},
)
