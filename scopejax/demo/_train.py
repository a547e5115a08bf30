"""Training: one jit-compiled step, optax, and a loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import optax

import scopejax as sj

from ._data import Digits, Pairs, pairs
from ._progress import progress

BATCH = 128
Params = dict[str, Any]
StepFn = Callable[[Params, Any, Pairs], tuple[Params, Any, jax.Array]]


def loss_function(net: sj.Transformed, params: Params, batch: Pairs) -> jax.Array:
    """The cross entropies of both heads, averaged over the batch; a scalar."""
    digit, same = net.apply(params, batch.left, batch.right)  # (n, 10), (n,)
    which = optax.softmax_cross_entropy_with_integer_labels(digit, batch.left_label)
    is_same = batch.same.astype(same.dtype)
    whether = optax.sigmoid_binary_cross_entropy(same, is_same)
    loss: jax.Array = (which + whether).mean()
    return loss


def make_step(net: sj.Transformed, optimizer: optax.GradientTransformation) -> StepFn:
    """The compiled step: `(params, state, batch)` to `(params, state, loss)`."""

    @jax.jit
    def step(params: Params, state: Any, batch: Pairs) -> tuple[Params, Any, jax.Array]:
        loss, grads = jax.value_and_grad(loss_function, 1)(net, params, batch)
        updates, state = optimizer.update(grads, state, params)
        return optax.apply_updates(params, updates), state, loss

    return step


def batches(digits: Digits, rng: np.random.Generator) -> Iterator[Pairs]:
    """Batches of random pairs, without end."""
    while True:
        yield pairs(digits, rng.integers(len(digits.labels), size=BATCH), rng)


def train(
    net: sj.Transformed, params: Params, source: Iterator[Pairs], steps: int
) -> tuple[Params, list[float]]:
    """Params after `steps` batches, and the loss of each."""
    optimizer = optax.adamw(optax.cosine_decay_schedule(3e-3, steps), weight_decay=0.1)
    state = optimizer.init(params)
    step = make_step(net, optimizer)
    losses: list[float] = []
    with progress(steps) as report:
        for count, batch in zip(range(1, steps + 1), source, strict=False):
            params, state, loss = step(params, state, batch)
            losses.append(float(loss))
            report(count, losses[-1])
    return params, losses
