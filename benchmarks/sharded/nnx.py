"""flax.nnx: annotated initializers under `jax.set_mesh`, with `nnx.jit` and without.

Since flax 0.12 a variable goes to where its annotation says as it is made, if a mesh is
in force; within `nnx.jit` the compiler is told. It was a constraint on the whole state
before.

Source: "Scale up on multiple devices", flax's guide.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
from flax import nnx
from jax.nn.initializers import normal, ones, zeros
from jax.sharding import Mesh

from .. import maths
from . import BIAS, COLUMNS, ROWS, WHOLE, Axes, Init, Way, axes

NORMAL = normal(0.02)


def param(
    initializer: Any, where: Axes, rngs: nnx.Rngs, *shape: int
) -> nnx.Param[jax.Array]:
    """A parameter and its place."""
    split: Any = nnx.with_partitioning(initializer, where)
    return nnx.Param(split(rngs.params(), shape))


class Dense(nnx.Module):
    """A dense layer."""

    def __init__(
        self, inputs: int, outputs: int, kernel: Axes, bias: Axes, rngs: nnx.Rngs
    ) -> None:
        self.kernel = param(NORMAL, kernel, rngs, inputs, outputs)
        self.bias = param(zeros, bias, rngs, outputs)


class Norm(nnx.Module):
    """Layer normalization."""

    def __init__(self, width: int, rngs: nnx.Rngs) -> None:
        self.scale = param(ones, WHOLE, rngs, width)
        self.bias = param(zeros, WHOLE, rngs, width)


class Block(nnx.Module):
    """A pre-LN transformer block."""

    def __init__(self, width: int, rngs: nnx.Rngs) -> None:
        self.ln1, self.ln2 = Norm(width, rngs), Norm(width, rngs)
        self.qkv = Dense(width, 3 * width, COLUMNS, BIAS, rngs)
        self.out = Dense(width, width, ROWS, WHOLE, rngs)
        self.up = Dense(width, 4 * width, COLUMNS, BIAS, rngs)
        self.down = Dense(4 * width, width, ROWS, WHOLE, rngs)


class GPT(nnx.Module):
    """The parameters of a GPT with a tied head."""

    def __init__(self, layers: int, width: int, rngs: nnx.Rngs) -> None:
        self.table = param(NORMAL, axes("table"), rngs, maths.VOCABULARY, width)
        self.positions = param(NORMAL, axes("positions"), rngs, maths.CONTEXT, width)
        self.blocks = nnx.List(Block(width, rngs) for _ in range(layers))
        self.ln = Norm(width, rngs)


def _jitted(make: Callable[[jax.Array], GPT]) -> Callable[[jax.Array], GPT]:
    made: Callable[[jax.Array], GPT] = nnx.jit(make)
    return made


_eager_sharding: Any = nnx.use_eager_sharding
_constrain: Any = jax.lax.with_sharding_constraint


def _constrained(make: Callable[[jax.Array], GPT]) -> Callable[[jax.Array], GPT]:
    """As it was written before flax 0.12."""

    @nnx.jit
    def create(key: jax.Array) -> GPT:
        with _eager_sharding(False):
            model = make(key)
        state = nnx.state(model)
        nnx.update(model, _constrain(state, nnx.get_partition_spec(state)))
        return model

    created: Callable[[jax.Array], GPT] = create
    return created


def _eager(make: Callable[[jax.Array], GPT]) -> Callable[[jax.Array], GPT]:
    return make


def way(title: str, wrap: Callable[[Callable[[jax.Array], GPT]], Any]) -> Way:
    """One with a wrapper around the making of the module."""

    def init(layers: int, width: int, mesh: Mesh) -> Init:
        create = wrap(lambda key: GPT(layers, width, nnx.Rngs(key)))

        def run(key: jax.Array, _: jax.Array) -> Any:
            with jax.set_mesh(mesh):
                return nnx.split(create(key))

        return run

    return Way(title, init)


WAYS = {
    "nnx": way("flax.nnx, nnx.jit", _jitted),
    "nnx-constrained": way("flax.nnx, nnx.jit, constraint", _constrained),
    "nnx-eager": way("flax.nnx, eager", _eager),
}
