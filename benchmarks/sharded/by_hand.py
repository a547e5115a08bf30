"""By hand: a function that makes nested dicts, under `jax.jit` with `out_shardings`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax.nn.initializers import normal
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from .. import maths
from . import Init, Way, axes

NORMAL = normal(0.02)


def dense(keys: Iterator[jax.Array], inputs: int, outputs: int) -> Any:
    """A dense layer."""
    return {"kernel": NORMAL(next(keys), (inputs, outputs)), "bias": jnp.zeros(outputs)}


def norm(width: int) -> Any:
    """Layer normalization."""
    return {"scale": jnp.ones(width), "bias": jnp.zeros(width)}


def block(keys: Iterator[jax.Array], width: int) -> Any:
    """A pre-LN transformer block."""
    return {
        "ln1": norm(width),
        "qkv": dense(keys, width, 3 * width),
        "out": dense(keys, width, width),
        "ln2": norm(width),
        "up": dense(keys, width, 4 * width),
        "down": dense(keys, 4 * width, width),
    }


def init(layers: int, width: int, mesh: Mesh) -> Init:
    """Of a GPT with a tied head."""

    def gpt(key: jax.Array) -> Any:
        keys = iter(jax.random.split(key, 4 * layers + 2))
        return {
            "table": NORMAL(next(keys), (maths.VOCABULARY, width)),
            "positions": NORMAL(next(keys), (maths.CONTEXT, width)),
            **{f"h{i}": block(keys, width) for i in range(layers)},
            "ln": norm(width),
        }

    def sharding(path: Any, _: Any) -> NamedSharding:
        spec = PartitionSpec(*axes(*(part.key for part in path)))  # type: ignore[no-untyped-call]
        return NamedSharding(mesh, spec)

    jitted: list[Any] = []

    def run(key: jax.Array, _: jax.Array) -> Any:
        if not jitted:
            shapes = jax.eval_shape(gpt, key)
            where = jax.tree_util.tree_map_with_path(sharding, shapes)
            jitted.append(jax.jit(gpt, out_shardings=where))
        return jitted[0](key)

    return run


WAYS = {"by_hand": Way("by hand", init, peer=False)}
