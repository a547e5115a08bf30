"""flax.nnx: modules that hold their parameters, split into graph and state."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax.nn.initializers import Initializer, glorot_uniform, normal

from .. import maths
from . import Contestant, Net

GLOROT, NORMAL = glorot_uniform(), normal(0.02)


class Dense(nnx.Module):
    """A dense layer."""

    def __init__(
        self, inputs: int, outputs: int, rngs: nnx.Rngs, initializer: Initializer
    ) -> None:
        self.kernel = nnx.Param(initializer(rngs.params(), (inputs, outputs)))
        self.bias = nnx.Param(jnp.zeros(outputs))

    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(..., inputs)`."""
        return maths.dense(x, self.kernel[...], self.bias[...])


class MLP(nnx.Module):
    """Dense layers and tanh."""

    def __init__(self, layers: int, width: int, rngs: nnx.Rngs) -> None:
        made = (Dense(width, width, rngs, GLOROT) for _ in range(layers))
        self.layers = nnx.List(made)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(batch, width)`."""
        for layer in self.layers:
            x = jnp.tanh(layer(x))
        return x


class Stock(nnx.Module):
    """Layers of the library, one after another."""

    def __init__(self, made: list[Any]) -> None:
        self.layers = nnx.List(made)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(batch, width)`."""
        for layer in self.layers:
            x = layer(x)
        return x


class Norm(nnx.Module):
    """Layer normalization."""

    def __init__(self) -> None:
        self.scale = nnx.Param(jnp.ones(maths.FEATURES))
        self.bias = nnx.Param(jnp.zeros(maths.FEATURES))

    def __call__(self, x: jax.Array) -> jax.Array:
        """Over the last axis."""
        return maths.layer_norm(x, self.scale[...], self.bias[...])


class Block(nnx.Module):
    """A pre-LN transformer block."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        wide = maths.FEATURES
        self.ln1, self.ln2 = Norm(), Norm()
        self.qkv = Dense(wide, 3 * wide, rngs, NORMAL)
        self.out = Dense(wide, wide, rngs, NORMAL)
        self.up = Dense(wide, 4 * wide, rngs, NORMAL)
        self.down = Dense(4 * wide, wide, rngs, NORMAL)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(batch, time, features)`."""
        x = x + self.out(maths.attend(self.qkv(self.ln1(x))))
        return x + self.down(jax.nn.gelu(self.up(self.ln2(x))))


def listed(layers: int, rngs: nnx.Rngs) -> Any:
    """The blocks as a list."""
    return nnx.List(Block(rngs) for _ in range(layers))


def stacked(layers: int, rngs: nnx.Rngs) -> Any:
    """The blocks as one module of stacked parameters."""

    @nnx.split_rngs(splits=layers)
    @nnx.vmap
    def make(rngs: nnx.Rngs) -> Block:
        return Block(rngs)

    return make(rngs)


def unrolled(blocks: Any, x: jax.Array) -> jax.Array:
    """One block after another."""
    for block in blocks:
        x = block(x)
    return x


@nnx.jit
def _jitted_block(block: Block, x: jax.Array) -> jax.Array:
    return block(x)


def jitted(blocks: Any, x: jax.Array) -> jax.Array:
    """One block after another, each under `nnx.jit`."""
    for block in blocks:
        x = _jitted_block(block, x)
    return x


@nnx.scan(in_axes=(0, nnx.Carry), out_axes=nnx.Carry)
def scanned(block: Any, x: jax.Array) -> jax.Array:
    """A scan over the blocks."""
    out: jax.Array = block(x)
    return out


Make = Callable[[int, nnx.Rngs], Any]
Run = Callable[[Any, jax.Array], jax.Array]


class GPT(nnx.Module):
    """A GPT with a tied head."""

    def __init__(self, layers: int, make: Make, run: Run, rngs: nnx.Rngs) -> None:
        table, positions = (
            NORMAL(rngs.params(), (size, maths.FEATURES))
            for size in (maths.VOCABULARY, maths.CONTEXT)
        )
        self.table, self.positions = nnx.Param(table), nnx.Param(positions)
        self.blocks, self.ln, self.run = make(layers, rngs), Norm(), run

    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Of `(batch, time)`."""
        table = self.table[...]
        x = table[tokens] + self.positions[: tokens.shape[-1]]
        return maths.tied_head(self.ln(self.run(self.blocks, x)), table)


def net(make: Callable[[nnx.Rngs], nnx.Module]) -> Net:
    """Params are the graph, which is static, and the state."""

    def init(key: jax.Array, _: jax.Array) -> Any:
        return nnx.split(make(nnx.Rngs(key)))

    def apply(params: Any, x: jax.Array) -> jax.Array:
        out: jax.Array = nnx.merge(*params)(x)
        return out

    return Net(init, apply)


def mlp(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` dense layers and tanh."""
    return net(partial(MLP, layers, width))


def dense_layers(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` times `nnx.Linear`."""
    return net(
        lambda rngs: Stock([nnx.Linear(width, width, rngs=rngs) for _ in range(layers)])
    )


def norm_layers(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` times `nnx.LayerNorm`."""
    return net(
        lambda rngs: Stock([nnx.LayerNorm(width, rngs=rngs) for _ in range(layers)])
    )


def gpt(layers: int, make: Make, run: Run) -> Net:
    """A GPT of `layers` blocks with a tied head."""
    return net(partial(GPT, layers, make, run))


CONTESTANT = Contestant(
    title="flax.nnx",
    distribution="flax",
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
