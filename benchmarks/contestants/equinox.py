"""equinox: modules that are pytrees of their parameters.

Every leaf of these models is an array, so that `eqx.partition` would leave nothing
behind: the module is its own params.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.nn.initializers import Initializer, glorot_uniform, normal

from .. import maths
from . import Contestant, Net

GLOROT, NORMAL = glorot_uniform(), normal(0.02)


class Dense(eqx.Module):
    """A dense layer."""

    kernel: jax.Array
    bias: jax.Array

    def __init__(
        self, inputs: int, outputs: int, key: jax.Array, initializer: Initializer
    ) -> None:
        self.kernel = initializer(key, (inputs, outputs))
        self.bias = jnp.zeros(outputs)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(..., inputs)`."""
        return maths.dense(x, self.kernel, self.bias)


class MLP(eqx.Module):
    """Dense layers and tanh."""

    layers: list[Dense]

    def __init__(self, layers: int, width: int, key: jax.Array) -> None:
        keys = jax.random.split(key, layers)  # taken one by one, as in `eqx.nn.MLP`
        self.layers = [Dense(width, width, keys[i], GLOROT) for i in range(layers)]

    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(batch, width)`."""
        for layer in self.layers:
            x = jnp.tanh(layer(x))
        return x


class Stock(eqx.Module):
    """Layers of the library, one after another, each over the rows by `jax.vmap`."""

    layers: list[Any]

    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(batch, width)`."""
        for layer in self.layers:
            x = jax.vmap(layer)(x)
        return x


class Norm(eqx.Module):
    """Layer normalization."""

    scale: jax.Array
    bias: jax.Array

    def __init__(self) -> None:
        self.scale = jnp.ones(maths.FEATURES)
        self.bias = jnp.zeros(maths.FEATURES)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Over the last axis."""
        return maths.layer_norm(x, self.scale, self.bias)


class Block(eqx.Module):
    """A pre-LN transformer block."""

    ln1: Norm
    qkv: Dense
    out: Dense
    ln2: Norm
    up: Dense
    down: Dense

    def __init__(self, key: jax.Array) -> None:
        qkv, out, up, down = jax.random.split(key, 4)
        wide = maths.FEATURES
        self.ln1, self.ln2 = Norm(), Norm()
        self.qkv = Dense(wide, 3 * wide, qkv, NORMAL)
        self.out = Dense(wide, wide, out, NORMAL)
        self.up = Dense(wide, 4 * wide, up, NORMAL)
        self.down = Dense(4 * wide, wide, down, NORMAL)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(batch, time, features)`."""
        x = x + self.out(maths.attend(self.qkv(self.ln1(x))))
        return x + self.down(jax.nn.gelu(self.up(self.ln2(x))))


def listed(keys: jax.Array) -> Any:
    """The blocks as a list."""
    return [Block(key) for key in keys]


def stacked(keys: jax.Array) -> Any:
    """The blocks as one module of stacked parameters."""
    return eqx.filter_vmap(Block)(keys)


def unrolled(blocks: Any, x: jax.Array) -> jax.Array:
    """One block after another."""
    for block in blocks:
        x = block(x)
    return x


@eqx.filter_jit
def _jitted_block(block: Block, x: jax.Array) -> jax.Array:
    return block(x)


def jitted(blocks: Any, x: jax.Array) -> jax.Array:
    """One block after another, each under `eqx.filter_jit`."""
    for block in blocks:
        x = _jitted_block(block, x)
    return x


def scanned(blocks: Any, x: jax.Array) -> jax.Array:
    """A scan over the blocks."""
    return jax.lax.scan(lambda x, block: (block(x), None), x, blocks)[0]


Make = Callable[[jax.Array], Any]
Run = Callable[[Any, jax.Array], jax.Array]


class GPT(eqx.Module):
    """A GPT with a tied head."""

    table: jax.Array
    positions: jax.Array
    blocks: Any
    ln: Norm
    run: Run = eqx.field(static=True)

    def __init__(self, layers: int, make: Make, run: Run, key: jax.Array) -> None:
        table, positions, blocks = jax.random.split(key, 3)
        self.table = NORMAL(table, (maths.VOCABULARY, maths.FEATURES))
        self.positions = NORMAL(positions, (maths.CONTEXT, maths.FEATURES))
        self.blocks = make(jax.random.split(blocks, layers))
        self.ln, self.run = Norm(), run

    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Of `(batch, time)`."""
        x = self.table[tokens] + self.positions[: tokens.shape[-1]]
        return maths.tied_head(self.ln(self.run(self.blocks, x)), self.table)


def net(make: Callable[[jax.Array], Any]) -> Net:
    """Params are the module itself."""
    return Net(lambda key, _: make(key), lambda module, x: module(x))


def mlp(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` dense layers and tanh."""
    return net(partial(MLP, layers, width))


def dense_layers(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` times `eqx.nn.Linear`."""

    def make(key: jax.Array) -> Stock:
        keys = jax.random.split(key, layers)
        return Stock([eqx.nn.Linear(width, width, key=keys[i]) for i in range(layers)])

    return net(make)


def norm_layers(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` times `eqx.nn.LayerNorm`."""
    return net(lambda _: Stock([eqx.nn.LayerNorm(width) for _ in range(layers)]))


def gpt(layers: int, make: Make, run: Run) -> Net:
    """A GPT of `layers` blocks with a tied head."""
    return net(partial(GPT, layers, make, run))


CONTESTANT = Contestant(
    title="equinox",
    distribution="equinox",
    models={
        "mlp": mlp,
        "gpt": partial(gpt, make=listed, run=unrolled),
        "gpt-jit": partial(gpt, make=listed, run=jitted),
        "gpt-scan": partial(gpt, make=stacked, run=scanned),
        "mlp-dense": dense_layers,
        "mlp-layer-norm": norm_layers,
    },
    peer=True,
)
