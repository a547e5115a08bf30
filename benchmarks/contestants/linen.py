"""flax.linen: compact modules, whose parameters are made where they are used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax.nn.initializers import Initializer, glorot_uniform, normal, ones, zeros

from .. import maths
from . import Contestant, Net

GLOROT, NORMAL = glorot_uniform(), normal(0.02)


class Dense(nn.Module):
    """A dense layer."""

    features: int
    initializer: Initializer = NORMAL

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(..., inputs)`."""
        kernel = self.param("kernel", self.initializer, (x.shape[-1], self.features))
        return maths.dense(x, kernel, self.param("bias", zeros, (self.features,)))


class MLP(nn.Module):
    """Dense layers and tanh."""

    layers: int
    width: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(batch, width)`."""
        for i in range(self.layers):
            x = jnp.tanh(Dense(self.width, GLOROT, name=f"layer{i}")(x))
        return x


class Stock(nn.Module):
    """The same layer of the library again and again."""

    layers: int
    layer: Callable[[str], nn.Module]

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(batch, width)`."""
        for i in range(self.layers):
            made: Any = self.layer(f"layer{i}")
            x = made(x)
        return x


class Norm(nn.Module):
    """Layer normalization."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Over the last axis."""
        scale = self.param("scale", ones, (maths.FEATURES,))
        return maths.layer_norm(x, scale, self.param("bias", zeros, (maths.FEATURES,)))


class Block(nn.Module):
    """A pre-LN transformer block."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(batch, time, features)`."""
        wide = maths.FEATURES
        qkv = Dense(3 * wide, name="qkv")(Norm(name="ln1")(x))
        x = x + Dense(wide, name="out")(maths.attend(qkv))
        y = jax.nn.gelu(Dense(4 * wide, name="up")(Norm(name="ln2")(x)))
        return x + Dense(wide, name="down")(y)


Blocks = Callable[[int, jax.Array], jax.Array]
"""``blocks(layers, x) -> x``, within a module."""


def unrolled(layers: int, x: jax.Array) -> jax.Array:
    """One block after another."""
    for i in range(layers):
        x = Block(name=f"h{i}")(x)
    return x


JittedBlock: type[Block] = nn.jit(Block)


def jitted(layers: int, x: jax.Array) -> jax.Array:
    """One block after another, each under `nn.jit`."""
    for i in range(layers):
        x = JittedBlock(name=f"h{i}")(x)
    return x


def scanned(layers: int, x: jax.Array) -> jax.Array:
    """A scan over the blocks."""
    scan: Any = nn.scan(
        lambda block, x, _: (block(x), None),
        variable_axes={"params": 0},
        split_rngs={"params": True},
        length=layers,
    )
    out: jax.Array = scan(Block(name="blocks"), x, None)[0]
    return out


class GPT(nn.Module):
    """A GPT with a tied head."""

    layers: int
    blocks: Blocks

    @nn.compact
    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Of `(batch, time)`."""
        table = self.param("table", NORMAL, (maths.VOCABULARY, maths.FEATURES))
        positions = self.param("positions", NORMAL, (maths.CONTEXT, maths.FEATURES))
        x = self.blocks(self.layers, table[tokens] + positions[: tokens.shape[-1]])
        return maths.tied_head(Norm(name="ln")(x), table)


def net(model: nn.Module) -> Net:
    """Of a module."""
    apply: Any = model.apply  # its type tells of what else it can return
    return Net(model.init, apply)


def mlp(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` dense layers and tanh."""
    return net(MLP(layers, width))


def dense_layers(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` times `nn.Dense`."""
    return net(Stock(layers, lambda name: nn.Dense(width, name=name)))


def norm_layers(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` times `nn.LayerNorm`, whatever the width."""
    return net(Stock(layers, lambda name: nn.LayerNorm(name=name)))


def gpt(layers: int, blocks: Blocks) -> Net:
    """A GPT of `layers` blocks with a tied head."""
    return net(GPT(layers, blocks))


CONTESTANT = Contestant(
    title="flax.linen",
    distribution="flax",
    models={
        "mlp": mlp,
        "gpt": partial(gpt, blocks=unrolled),
        "gpt-jit": partial(gpt, blocks=jitted),
        "gpt-scan": partial(gpt, blocks=scanned),
        "mlp-dense": dense_layers,
        "mlp-layer-norm": norm_layers,
    },
    peer=True,
)
