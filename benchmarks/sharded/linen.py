"""flax.linen: annotated initializers, `get_sharding` of `eval_shape`, and `jax.jit`.

Source: "Scale up Flax Modules on multiple devices", flax's guide.
"""

from __future__ import annotations

from typing import Any

import jax
from flax import linen as nn
from jax.nn.initializers import Initializer, normal, ones, zeros
from jax.sharding import Mesh

from .. import maths
from . import BIAS, COLUMNS, ROWS, WHOLE, Axes, Init, Way, axes

NORMAL = normal(0.02)


def split(initializer: Initializer, where: Axes) -> Any:
    """An initializer and its place; what it makes `Module.param` unboxes."""
    return nn.with_partitioning(initializer, where)


class Dense(nn.Module):
    """A dense layer."""

    features: int
    kernel: Axes
    bias: Axes

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(..., inputs)`."""
        normals, zero = split(NORMAL, self.kernel), split(zeros, self.bias)
        kernel = self.param("kernel", normals, (x.shape[-1], self.features))
        return maths.dense(x, kernel, self.param("bias", zero, (self.features,)))


class Norm(nn.Module):
    """Layer normalization."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Over the last axis."""
        one, zero = split(ones, WHOLE), split(zeros, WHOLE)
        scale = self.param("scale", one, (x.shape[-1],))
        return maths.layer_norm(x, scale, self.param("bias", zero, (x.shape[-1],)))


class Block(nn.Module):
    """A pre-LN transformer block."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Of `(batch, time, features)`."""
        wide = x.shape[-1]
        qkv = Dense(3 * wide, COLUMNS, BIAS, name="qkv")(Norm(name="ln1")(x))
        x = x + Dense(wide, ROWS, WHOLE, name="out")(maths.attend(qkv))
        y = Dense(4 * wide, COLUMNS, BIAS, name="up")(Norm(name="ln2")(x))
        return x + Dense(wide, ROWS, WHOLE, name="down")(jax.nn.gelu(y))


class GPT(nn.Module):
    """A GPT with a tied head."""

    layers: int
    width: int

    @nn.compact
    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Of `(batch, time)`."""
        table, positions = (
            self.param(name, split(NORMAL, axes(name)), shape)
            for name, shape in (
                ("table", (maths.VOCABULARY, self.width)),
                ("positions", (maths.CONTEXT, self.width)),
            )
        )
        x = table[tokens] + positions[: tokens.shape[-1]]
        for i in range(self.layers):
            x = Block(name=f"h{i}")(x)
        return maths.tied_head(Norm(name="ln")(x), table)


def init(layers: int, width: int, mesh: Mesh) -> Init:
    """Of a GPT with a tied head."""
    model = GPT(layers, width)
    jitted: list[Any] = []

    def run(key: jax.Array, tokens: jax.Array) -> Any:
        if not jitted:
            shapes = jax.eval_shape(model.init, key, tokens)
            where = nn.get_sharding(shapes, mesh)
            jitted.append(jax.jit(model.init, out_shardings=where))
        return jitted[0](key, tokens)

    return run


WAYS = {"linen": Way("flax.linen", init)}
