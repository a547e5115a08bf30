"""Training steps: one file for each contestant, with `TASKS` in it.

They stand apart from the models, so that importing a contestant stays what it was.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax

from .. import maths


class Parts(NamedTuple):
    """All variables of a model, each part a pytree.

    Attributes:
      trained: what gradients are taken of.
      state: what the model itself moves on.
      frozen: what stays.
    """

    trained: Any
    state: Any
    frozen: Any


class Task(NamedTuple):
    """A model to train.

    Attributes:
      init: ``init(key, x) -> parts``.
      loss: ``loss(trained, state, frozen, x) -> (loss, state)``.
    """

    init: Callable[[jax.Array, jax.Array], Parts]
    loss: Callable[[Any, Any, Any, jax.Array], tuple[jax.Array, Any]]

    def step(self, trained: Any, state: Any, frozen: Any, x: jax.Array) -> Any:
        """A step of gradient descent: new `(trained, state)`, and the loss."""
        loss_and_gradient = jax.value_and_grad(self.loss, has_aux=True)
        (loss, state), gradient = loss_and_gradient(trained, state, frozen, x)
        return jax.tree.map(maths.descended, trained, gradient), state, loss

    def jitted(self) -> Any:
        """`step` under `jax.jit`, in the memory of what it replaces."""

        def step(trained: Any, state: Any, frozen: Any, x: jax.Array) -> Any:
            return self.step(trained, state, frozen, x)

        return jax.jit(step, donate_argnums=(0, 1))


Tasks = Mapping[str, Callable[[int], Task]]
"""name -> number of layers -> task. A name starts with the kind of its batch."""


def load(contestant: str) -> Tasks:
    """A contestant's tasks; none where it has no file here."""
    try:
        tasks: Tasks = importlib.import_module(f"{__name__}.{contestant}").TASKS
    except ModuleNotFoundError:
        return {}
    return tasks
