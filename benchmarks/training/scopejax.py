"""Training with scopejax: state is assigned, adapters and averages are getters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

import scopejax as sj

from .. import maths
from ..contestants.scopejax import dense, run_mlp
from . import Parts, Task, Tasks

Model = Callable[[sj.Scope, jax.Array], jax.Array]
AVERAGED = sj.getters.ema(maths.DECAY)
ADAPTED = sj.getters.lora(rank=maths.RANK, alpha=maths.ALPHA)


def _with_state(model: Model) -> Task:
    """All that is trainable is trained; the rest is state."""
    net = sj.transform_with_state(model)

    def init(key: jax.Array, x: jax.Array) -> Parts:
        return Parts(*net.init(key, x), {})

    def loss(trained: Any, state: Any, _: Any, x: jax.Array) -> tuple[jax.Array, Any]:
        y, state = net.apply(trained, state, x)
        return maths.squared_error(y, x), state

    return Task(init, loss)


def _without_state(model: Model) -> Task:
    """What is trainable is trained, and the rest is frozen."""
    net = sj.transform(model)

    def init(key: jax.Array, x: jax.Array) -> Parts:
        trainable = net.manifest(x).select(trainable=True)
        trained, frozen = trainable.partition(net.init(key, x))
        return Parts(trained, {}, frozen)

    def loss(trained: Any, _: Any, frozen: Any, x: jax.Array) -> tuple[jax.Array, Any]:
        y = net.apply(sj.merge(trained, frozen), x)
        return maths.squared_error(y, x), {}

    return Task(init, loss)


def _normed(layers: int, scope: sj.Scope, x: jax.Array) -> jax.Array:
    for i in range(layers):
        layer = scope / f"layer{i}"
        x = dense(layer, x, maths.WIDTH)
        x = jnp.tanh(sj.layers.batch_norm(layer / "norm", x, is_training=True))
    return x


def mlp_norm(layers: int) -> Task:
    """The MLP with batch normalization."""
    return _with_state(partial(_normed, layers))


def _with_getter(
    layers: int, getter: Callable[..., Any], scope: sj.Scope, x: jax.Array
) -> jax.Array:
    return run_mlp(layers, scope.with_options(custom_getter=getter), x)


def mlp_ema(layers: int) -> Task:
    """The MLP and a moving average of each of its parameters."""
    return _with_state(partial(_with_getter, layers, AVERAGED))


def mlp_lora(layers: int) -> Task:
    """Adapters of the MLP's kernels."""
    return _without_state(partial(_with_getter, layers, ADAPTED))


TASKS: Tasks = {
    "mlp-norm": mlp_norm,
    "mlp-ema": mlp_ema,
    "mlp-lora": mlp_lora,
}
