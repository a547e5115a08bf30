"""Training by hand: state goes in as a dict and comes out as a dict."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.nn.initializers import normal

from .. import maths
from ..contestants import by_hand as models
from ..contestants.by_hand import Params
from . import Parts, Task, Tasks

# Batch normalization


def _init_moving() -> Params:
    wide = maths.WIDTH
    return {"moving_mean": jnp.zeros(wide), "moving_variance": jnp.ones(wide)}


def _init_normed(layers: int, key: jax.Array, x: jax.Array) -> Parts:
    params, wide = models.init_mlp(layers, key, x), maths.WIDTH
    for layer in params.values():
        layer["norm"] = {"scale": jnp.ones(wide), "bias": jnp.zeros(wide)}
    return Parts(params, {name: {"norm": _init_moving()} for name in params}, {})


def _norm(params: Params, state: Params, x: jax.Array) -> tuple[jax.Array, Params]:
    mean, variance = maths.mean_and_variance(x)
    new = {"moving_mean": mean, "moving_variance": variance}
    moved = {name: maths.moved_statistic(state[name], new[name][0]) for name in new}
    return maths.batch_norm(x, mean, variance, params["scale"], params["bias"]), moved


def _normed_loss(
    layers: int, params: Params, state: Params, _: Any, x: jax.Array
) -> tuple[jax.Array, Params]:
    y, new = x, {}
    for name in (f"layer{i}" for i in range(layers)):
        y = models.dense(params[name], y)
        y, norm = _norm(params[name]["norm"], state[name]["norm"], y)
        y, new[name] = jnp.tanh(y), {"norm": norm}
    return maths.squared_error(y, x), new


def mlp_norm(layers: int) -> Task:
    """The MLP with batch normalization."""
    return Task(partial(_init_normed, layers), partial(_normed_loss, layers))


# Moving averages of the weights


def _init_averaged(layers: int, key: jax.Array, x: jax.Array) -> Parts:
    params = models.init_mlp(layers, key, x)
    return Parts(params, jax.tree.map(jnp.copy, params), {})


def _averaged_loss(
    layers: int, params: Params, averages: Params, _: Any, x: jax.Array
) -> tuple[jax.Array, Params]:
    fixed = jax.lax.stop_gradient(params)
    averages = jax.tree.map(maths.moved, averages, fixed)
    return maths.squared_error(models.apply_mlp(layers, params, x), x), averages


def mlp_ema(layers: int) -> Task:
    """The MLP and a moving average of each of its parameters."""
    return Task(partial(_init_averaged, layers), partial(_averaged_loss, layers))


# Adapters of low rank


def _init_adapter(key: jax.Array) -> Params:
    wide, rank = maths.WIDTH, maths.RANK
    a = normal(wide**-0.5)(key, (wide, rank))
    return {"kernel_lora_a": a, "kernel_lora_b": jnp.zeros((rank, wide))}


def _init_adapted(layers: int, key: jax.Array, x: jax.Array) -> Parts:
    keys = jax.random.split(key, layers)
    adapters = {f"layer{i}": _init_adapter(keys[i]) for i in range(layers)}
    return Parts(adapters, {}, models.init_mlp(layers, key, x))


def _adapted_loss(
    layers: int, adapters: Params, _: Any, frozen: Params, x: jax.Array
) -> tuple[jax.Array, Params]:
    y = x
    for name in (f"layer{i}" for i in range(layers)):
        a, b = adapters[name]["kernel_lora_a"], adapters[name]["kernel_lora_b"]
        kernel = maths.adapted(frozen[name]["kernel"], a, b)
        y = jnp.tanh(maths.dense(y, kernel, frozen[name]["bias"]))
    return maths.squared_error(y, x), {}


def mlp_lora(layers: int) -> Task:
    """Adapters of the MLP's kernels."""
    return Task(partial(_init_adapted, layers), partial(_adapted_loss, layers))


TASKS: Tasks = {
    "mlp-norm": mlp_norm,
    "mlp-ema": mlp_ema,
    "mlp-lora": mlp_lora,
}
