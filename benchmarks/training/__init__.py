"""Training steps: of each model as it is, and of a contestant's own tasks.

Those are in a file of its name with `TASKS` in it. They stand apart from the models, so
that importing a contestant stays what it was.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax

from .. import contestants, maths
from ..contestants import Net


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


def plain(net: Net, kind: str) -> Task:
    """Trains all that a model has, and there is no state."""

    def init(key: jax.Array, x: jax.Array) -> Parts:
        return Parts(net.init(key, x), {}, {})

    def loss(params: Any, _: Any, __: Any, x: jax.Array) -> tuple[jax.Array, Any]:
        return maths.LOSSES[kind](net.apply(params, x), x), {}

    return Task(init, loss)


Tasks = Mapping[str, Callable[[int], Task]]
"""name -> number of layers -> task. A name starts with the kind of its batch."""


def own(contestant: str) -> Tasks:
    """The tasks that a contestant writes itself; none where it has no file here."""
    name = f"{__name__}.{contestant}"
    if importlib.util.find_spec(name) is None:
        return {}
    tasks: Tasks = importlib.import_module(name).TASKS
    return tasks


def load(contestant: str) -> Tasks:
    """All tasks of a contestant, those of its models included."""

    def task(model: str, layers: int) -> Task:
        return plain(models[model](layers), model.partition("-")[0])

    models = contestants.load(contestant).models
    return {**{model: partial(task, model) for model in models}, **own(contestant)}
