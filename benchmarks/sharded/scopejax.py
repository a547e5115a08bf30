"""scopejax: a table by name says how to split, `init` is given the mesh."""

from __future__ import annotations

import jax
from jax.nn.initializers import normal, ones, zeros
from jax.sharding import Mesh, PartitionSpec

import scopejax as sj

from .. import maths
from ..contestants.scopejax import dense
from . import AXES, Init, Way

NORMAL = normal(0.02)
TABLE = sj.partitioners.by_name(
    {f"**/{name}": PartitionSpec(*axes) for name, axes in AXES.items()}  # type: ignore[no-untyped-call]
)


def norm(scope: sj.Scope, x: jax.Array) -> jax.Array:
    """Layer normalization."""
    width = x.shape[-1]
    scale = scope.get_variable("scale", (width,), initializer=ones)
    bias = scope.get_variable("bias", (width,), initializer=zeros)
    return maths.layer_norm(x, scale, bias)


def block(scope: sj.Scope, x: jax.Array) -> jax.Array:
    """A pre-LN transformer block."""
    wide = x.shape[-1]
    mixed = maths.attend(dense(scope / "qkv", norm(scope / "ln1", x), 3 * wide))
    x = x + dense(scope / "out", mixed, wide)
    y = jax.nn.gelu(dense(scope / "up", norm(scope / "ln2", x), 4 * wide))
    return x + dense(scope / "down", y, wide)


def init(layers: int, width: int, mesh: Mesh) -> Init:
    """Of a GPT with a tied head."""

    def gpt(scope: sj.Scope, tokens: jax.Array) -> jax.Array:
        scope = scope.with_options(initializer=NORMAL, partitioner=TABLE)
        table = scope.get_variable("table", (maths.VOCABULARY, width))
        positions = scope.get_variable("positions", (maths.CONTEXT, width))
        x = table[tokens] + positions[: tokens.shape[-1]]
        for i in range(layers):
            x = block(scope / f"h{i}", x)
        return maths.tied_head(norm(scope / "ln", x), table)

    net = sj.transform(gpt)
    return lambda key, tokens: net.init(key, tokens, mesh=mesh)


WAYS = {"scopejax": Way("scopejax", init, peer=False)}
