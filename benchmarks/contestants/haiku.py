"""haiku: modules within a function that `hk.transform` makes pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import haiku as hk
import jax
import jax.numpy as jnp
from jax.nn.initializers import Initializer, glorot_uniform, normal

from .. import maths
from . import Contestant, Net


def _initializer(initializer: Initializer) -> hk.initializers.Initializer:
    """One that takes haiku's keys; haiku's own draw other numbers."""
    return lambda shape, dtype: initializer(hk.next_rng_key(), shape, dtype)


GLOROT, NORMAL = _initializer(glorot_uniform()), _initializer(normal(0.02))


class Dense(hk.Module):
    """A dense layer."""

    def __init__(
        self,
        features: int,
        initializer: hk.initializers.Initializer = NORMAL,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.features, self.initializer = features, initializer

    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(..., inputs)`."""
        shape = (x.shape[-1], self.features)
        kernel = hk.get_parameter("kernel", shape, init=self.initializer)
        bias = hk.get_parameter("bias", shape[1:], init=jnp.zeros)
        return maths.dense(x, kernel, bias)


class Norm(hk.Module):
    """Layer normalization."""

    def __call__(self, x: jax.Array) -> jax.Array:
        """Over the last axis."""
        scale = hk.get_parameter("scale", (maths.FEATURES,), init=jnp.ones)
        bias = hk.get_parameter("bias", (maths.FEATURES,), init=jnp.zeros)
        return maths.layer_norm(x, scale, bias)


class Block(hk.Module):
    """A pre-LN transformer block."""

    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(batch, time, features)`."""
        wide = maths.FEATURES
        qkv = Dense(3 * wide, name="qkv")(Norm(name="ln1")(x))
        x = x + Dense(wide, name="out")(maths.attend(qkv))
        y = jax.nn.gelu(Dense(4 * wide, name="up")(Norm(name="ln2")(x)))
        return x + Dense(wide, name="down")(y)


def _mlp(layers: int, width: int, x: jax.Array) -> jax.Array:
    for i in range(layers):
        x = jnp.tanh(Dense(width, GLOROT, name=f"layer{i}")(x))
    return x


def _stock(
    layer: Callable[[str], Callable[[jax.Array], jax.Array]], layers: int, x: jax.Array
) -> jax.Array:
    for i in range(layers):
        x = layer(f"layer{i}")(x)
    return x


Blocks = Callable[[int, jax.Array], jax.Array]
"""``blocks(layers, x) -> x``, within a transformed function."""


def unrolled(layers: int, x: jax.Array) -> jax.Array:
    """One block after another."""
    for i in range(layers):
        x = Block(name=f"h{i}")(x)
    return x


_block = hk.transform(lambda x: Block(name="block")(x))
_jitted_block = jax.jit(_block.apply)


def jitted(layers: int, x: jax.Array) -> jax.Array:
    """One block after another, each a pure function, lifted, with `apply` jitted."""
    for i in range(layers):
        init = hk.lift(_block.init, name=f"h{i}")
        x = _jitted_block(init(hk.maybe_next_rng_key(), x), None, x)
    return x


def scanned(layers: int, x: jax.Array) -> jax.Array:
    """A scan over the blocks."""
    stack = hk.experimental.layer_stack(layers)
    out: jax.Array = stack(lambda x: Block(name="block")(x))(x)
    return out


def _gpt(layers: int, blocks: Blocks, tokens: jax.Array) -> jax.Array:
    wide = maths.FEATURES
    table = hk.get_parameter("table", (maths.VOCABULARY, wide), init=NORMAL)
    positions = hk.get_parameter("positions", (maths.CONTEXT, wide), init=NORMAL)
    x = blocks(layers, table[tokens] + positions[: tokens.shape[-1]])
    return maths.tied_head(Norm(name="ln")(x), table)


def net(model: Callable[[jax.Array], jax.Array]) -> Net:
    """Of a function with modules in it."""
    return Net(*hk.without_apply_rng(hk.transform(model)))


def mlp(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` dense layers and tanh."""
    return net(partial(_mlp, layers, width))


def dense_layers(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` times `hk.Linear`."""
    return net(partial(_stock, lambda name: hk.Linear(width, name=name), layers))


def norm_layers(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` times `hk.LayerNorm`, whatever the width."""
    layer = partial(hk.LayerNorm, -1, True, True)
    return net(partial(_stock, lambda name: layer(name=name), layers))


def gpt(layers: int, blocks: Blocks) -> Net:
    """A GPT of `layers` blocks with a tied head."""
    return net(partial(_gpt, layers, blocks))


CONTESTANT = Contestant(
    title="haiku",
    distribution="dm-haiku",
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
