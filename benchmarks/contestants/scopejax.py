"""scopejax: functions of a scope."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax.nn.initializers import normal, ones, zeros

import scopejax as sj

from .. import maths
from . import Contestant, Net

NORMAL = normal(0.02)


def dense(scope: sj.Scope, x: jax.Array, features: int) -> jax.Array:
    """A dense layer."""
    kernel = scope.get_variable("kernel", (x.shape[-1], features))
    bias = scope.get_variable("bias", (features,), initializer=zeros)
    return maths.dense(x, kernel, bias)


def run_mlp(
    layers: int, scope: sj.Scope, x: jax.Array, width: int = maths.WIDTH
) -> jax.Array:
    """The MLP."""
    for i in range(layers):
        x = jnp.tanh(dense(scope / f"layer{i}", x, width))
    return x


def run_stock(
    layer: Callable[[sj.Scope, jax.Array], jax.Array],
    layers: int,
    scope: sj.Scope,
    x: jax.Array,
) -> jax.Array:
    """`layers` times a layer that the library brings along."""
    for i in range(layers):
        x = layer(scope / f"layer{i}", x)
    return x


def norm(scope: sj.Scope, x: jax.Array) -> jax.Array:
    """Layer normalization."""
    scale = scope.get_variable("scale", (maths.FEATURES,), initializer=ones)
    bias = scope.get_variable("bias", (maths.FEATURES,), initializer=zeros)
    return maths.layer_norm(x, scale, bias)


def block(scope: sj.Scope, x: jax.Array) -> jax.Array:
    """A pre-LN transformer block."""
    wide = maths.FEATURES
    attn, hidden = scope / "attn", scope / "mlp"
    mixed = maths.attend(dense(attn / "qkv", norm(scope / "ln1", x), 3 * wide))
    x = x + dense(attn / "out", mixed, wide)
    y = jax.nn.gelu(dense(hidden / "up", norm(scope / "ln2", x), 4 * wide))
    return x + dense(hidden / "down", y, wide)


Run = Callable[[int, sj.Scope, jax.Array], jax.Array]
_jitted_block = jax.jit(block)


def _unrolled(layers: int, scope: sj.Scope, x: jax.Array) -> jax.Array:
    for i in range(layers):
        x = block(scope / f"h{i}", x)
    return x


def _jitted(layers: int, scope: sj.Scope, x: jax.Array) -> jax.Array:
    for i in range(layers):
        x = _jitted_block(scope / f"h{i}", x)
    return x


def _scanned(layers: int, scope: sj.Scope, x: jax.Array) -> jax.Array:
    def body(x: jax.Array, scope: sj.Scope) -> tuple[jax.Array, None]:
        return block(scope, x), None

    return jax.lax.scan(body, x, (scope / "blocks").stack(layers))[0]


def _gpt(layers: int, run: Run, scope: sj.Scope, tokens: jax.Array) -> jax.Array:
    scope = scope.with_options(initializer=NORMAL)
    table = scope.get_variable("table", (maths.VOCABULARY, maths.FEATURES))
    positions = scope.get_variable("positions", (maths.CONTEXT, maths.FEATURES))
    x = table[tokens] + positions[: tokens.shape[-1]]
    x = run(layers, scope, x)
    return maths.tied_head(norm(scope / "ln", x), table)


def mlp(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` dense layers and tanh."""
    net = sj.transform(partial(run_mlp, layers, width=width))
    return Net(net.init, net.apply)


def dense_layers(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` times `layers.dense`."""
    net = sj.transform(
        partial(run_stock, partial(sj.layers.dense, features=width), layers)
    )
    return Net(net.init, net.apply)


def norm_layers(layers: int, width: int = maths.WIDTH) -> Net:
    """`layers` times `layers.layer_norm`, whatever the width."""
    net = sj.transform(partial(run_stock, sj.layers.layer_norm, layers))
    return Net(net.init, net.apply)


def gpt(layers: int, run: Run = _unrolled) -> Net:
    """A GPT of `layers` blocks with a tied head."""
    net = sj.transform(partial(_gpt, layers, run))
    return Net(net.init, net.apply)


CONTESTANT = Contestant(
    title="scopejax",
    distribution="scopejax",
    models={
        "mlp": mlp,
        "gpt": gpt,
        "gpt-jit": partial(gpt, run=_jitted),
        "gpt-scan": partial(gpt, run=_scanned),
        "mlp-dense": dense_layers,
        "mlp-layer-norm": norm_layers,
    },
)
