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
_GLOROT, _NORMAL = glorot_uniform(), normal(0.02)


def _init_dense(
    key: jax.Array, inputs: int, outputs: int, initializer: Initializer
) -> Params:
    return {"kernel": initializer(key, (inputs, outputs)), "bias": jnp.zeros(outputs)}


def _dense(params: Params, x: jax.Array) -> jax.Array:
    return maths.dense(x, params["kernel"], params["bias"])


# The MLP


def _init_mlp(layers: int, key: jax.Array, x: jax.Array) -> Params:
    keys = jax.random.split(key, layers)
    return {
        f"layer{i}": _init_dense(keys[i], maths.WIDTH, maths.WIDTH, _GLOROT)
        for i in range(layers)
    }


def _apply_mlp(layers: int, params: Params, x: jax.Array) -> jax.Array:
    for i in range(layers):
        x = jnp.tanh(_dense(params[f"layer{i}"], x))
    return x


def mlp(layers: int) -> Net:
    """`layers` dense layers and tanh."""
    return Net(partial(_init_mlp, layers), partial(_apply_mlp, layers))


# The GPT


def _init_norm() -> Params:
    return {"scale": jnp.ones(maths.FEATURES), "bias": jnp.zeros(maths.FEATURES)}


def _init_block(key: jax.Array) -> Params:
    qkv, out, up, down = jax.random.split(key, 4)
    wide = maths.FEATURES
    return {
        "ln1": _init_norm(),
        "attn": {
            "qkv": _init_dense(qkv, wide, 3 * wide, _NORMAL),
            "out": _init_dense(out, wide, wide, _NORMAL),
        },
        "ln2": _init_norm(),
        "mlp": {
            "up": _init_dense(up, wide, 4 * wide, _NORMAL),
            "down": _init_dense(down, 4 * wide, wide, _NORMAL),
        },
    }


def _init_gpt(layers: int, key: jax.Array, tokens: jax.Array) -> Params:
    table, positions, *blocks = jax.random.split(key, layers + 2)
    return {
        "table": _NORMAL(table, (maths.VOCABULARY, maths.FEATURES)),
        "positions": _NORMAL(positions, (maths.CONTEXT, maths.FEATURES)),
        **{f"h{i}": _init_block(blocks[i]) for i in range(layers)},
        "ln": _init_norm(),
    }


def _norm(params: Params, x: jax.Array) -> jax.Array:
    return maths.layer_norm(x, params["scale"], params["bias"])


def block(params: Params, x: jax.Array) -> jax.Array:
    """A pre-LN transformer block."""
    attn, hidden = params["attn"], params["mlp"]
    mixed = maths.attend(_dense(attn["qkv"], _norm(params["ln1"], x)))
    x = x + _dense(attn["out"], mixed)
    y = jax.nn.gelu(_dense(hidden["up"], _norm(params["ln2"], x)))
    return x + _dense(hidden["down"], y)


Block = Callable[[Params, jax.Array], jax.Array]
_jitted_block: Block = jax.jit(block)


def _apply_gpt(
    layers: int, block: Block, params: Params, tokens: jax.Array
) -> jax.Array:
    table = params["table"]
    x = table[tokens] + params["positions"][: tokens.shape[-1]]
    for i in range(layers):
        x = block(params[f"h{i}"], x)
    return maths.tied_head(_norm(params["ln"], x), table)


def gpt(layers: int, block: Block = block) -> Net:
    """A GPT of `layers` blocks with a tied head."""
    return Net(partial(_init_gpt, layers), partial(_apply_gpt, layers, block))


CONTESTANT = Contestant(
    title="by hand",
    distribution="jax",
    models={"mlp": mlp, "gpt": gpt, "gpt-jit": partial(gpt, block=_jitted_block)},
)
