"""One step of training, compiled: a pure function of what was before and its number."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

import scopejax as sj

from ._model import Sizes, language_model

Tree = dict[str, Any]


class Settings(NamedTuple):
    """All that a run depends on besides the text and the versions of packages."""

    steps: int
    seed: int
    sizes: Sizes = Sizes()
    batch: int = 16
    learning_rate: float = 3e-3
    warm_up: int = 50
    weight_decay: float = 0.1


class Run(NamedTuple):
    """What a step makes anew, and a snapshot keeps: a pytree of arrays."""

    params: Tree
    state: Tree  # the averages of the params
    optimizer: Any


StepFn = Callable[[Run, jax.Array, int], tuple[Run, jax.Array]]


def make_net(settings: Settings) -> sj.TransformedWithState:
    """The model of these sizes: ``net.apply(params, state, ids, is_training=...)``."""
    return sj.transform_with_state(
        functools.partial(language_model, sizes=settings.sizes)
    )


def manifest(settings: Settings) -> sj.Manifest:
    """Its variables, from an abstract run."""
    return make_net(settings).manifest(example(settings), is_training=True)


def example(settings: Settings) -> jax.Array:
    """Characters as the model gets them in training."""
    return jnp.zeros((settings.batch, settings.sizes.window), jnp.uint8)


def make_optimizer(settings: Settings) -> optax.GradientTransformation:
    """AdamW. After a warm-up its rate stays: averages do what a decay of it would."""
    rate = settings.learning_rate
    schedule = optax.linear_schedule(0.1 * rate, rate, settings.warm_up)
    # Only kernels decay: they are nearly all of the numbers, and what they grow beyond
    # need is overfitting. A smaller bias or scale is only a worse one, and a table's
    # rows would fade while their characters do not occur.
    kernels = manifest(settings).select(trainable=True).mask("**/kernel")
    return optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adamw(schedule, weight_decay=settings.weight_decay, mask=kernels),
    )


def start(settings: Settings) -> Run:
    """The initial values; the averages start as their variables do."""
    net, root = make_net(settings), jax.random.key(settings.seed)
    params, state = net.init(root, example(settings), is_training=True)
    return Run(params, state, make_optimizer(settings).init(params))


def make_step(settings: Settings) -> StepFn:
    """The compiled step: `(run, text, number)` to `(run, loss)`.

    Batch and dropout come from the seed and the step's number alone, so that a run
    that was stopped goes on as if it had not been. The `run` that goes in is used up:
    its memory becomes that of the one that comes out.
    """
    net, optimizer = make_net(settings), make_optimizer(settings)
    root, size = jax.random.key(settings.seed), settings.sizes.window + 1

    def loss_function(
        params: Tree, state: Tree, windows: jax.Array, key: jax.Array
    ) -> tuple[jax.Array, Tree]:
        ids, following = windows[:, :-1], windows[:, 1:]
        logits, state = net.apply(params, state, ids, is_training=True, key=key)
        return bits(logits, following), state

    @functools.partial(jax.jit, donate_argnums=0)
    def step(run: Run, text: jax.Array, number: int) -> tuple[Run, jax.Array]:
        where, dropout = jax.random.split(jax.random.fold_in(root, number))
        windows = random_windows(text, where, settings.batch, size)
        (loss, state), grads = jax.value_and_grad(loss_function, has_aux=True)(
            run.params, run.state, windows, dropout
        )
        updates, optimizer_state = optimizer.update(grads, run.optimizer, run.params)
        params = optax.apply_updates(run.params, updates)
        return Run(params, state, optimizer_state), loss

    return step


def random_windows(text: jax.Array, key: jax.Array, count: int, size: int) -> jax.Array:
    """Pieces of `text` from random places, `(count, size)`."""
    first = jax.random.randint(key, (count, 1), 0, len(text) - size + 1)
    return text[first + jnp.arange(size)[None]]


def bits(logits: jax.Array, following: jax.Array) -> jax.Array:
    """The cross entropy in bits per character, a scalar; 6.6 is guessing."""
    losses = optax.softmax_cross_entropy_with_integer_labels(
        logits, following.astype(jnp.int32)
    )
    mean: jax.Array = losses.mean() / jnp.log(2.0)
    return mean
