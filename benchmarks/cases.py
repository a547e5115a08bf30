"""What one figure is taken of: a contestant's model, of a size."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax

from . import training
from .contestants import Net, load
from .maths import BATCHES, INPUTS, WIDTH

CLOCKS: dict[str, Callable[[], float]] = {
    "wall": time.perf_counter,
    "cpu": time.process_time,
}


def wait(arrays: Any) -> None:
    """Returns when all `arrays` have their values."""
    jax.block_until_ready(arrays)  # type: ignore[no-untyped-call]


class Case(NamedTuple):
    """What one figure is taken of.

    Attributes:
      contestant: who runs it.
      model: the name of a model, or of a training task.
      layers: how many the model has.
      clock: ``"wall"``, or ``"cpu"`` for the processor time of all threads.
      width: of the MLP.
    """

    contestant: str
    model: str
    layers: int
    clock: str = "wall"
    width: int = WIDTH

    @property
    def kind(self) -> str:
        """``"gpt"`` for ``"gpt-jit"`` and ``"gpt-scan"``."""
        return self.model.partition("-")[0]

    @property
    def unrolled(self) -> Case:
        """The same layers one after another, none of them traced for another."""
        return self._replace(model=self.kind) if self.kind == "gpt" else self

    def net(self) -> Net:
        """The model as the contestant writes it."""
        make = load(self.contestant).models[self.model]
        return (
            make(self.layers, self.width) if self.kind == "mlp" else make(self.layers)
        )

    def inputs(self) -> tuple[jax.Array, jax.Array]:
        """A root key and a batch."""
        return jax.random.key(0), INPUTS[self.kind](self.width)

    def shapes(self) -> tuple[Any, jax.Array]:
        """The arguments of apply, the parameters as shapes alone."""
        key, x = self.inputs()
        return jax.eval_shape(self.net().init, key, x), x

    def task(self) -> training.Task:
        """The training task as the contestant writes it."""
        return training.load(self.contestant)[self.model](self.layers)

    def batch(self) -> tuple[jax.Array, jax.Array]:
        """A root key and a batch to train on."""
        return jax.random.key(0), BATCHES[self.kind]()

    def step_shapes(self) -> tuple[Any, ...]:
        """The arguments of a training step, all variables as shapes alone."""
        key, x = self.batch()
        return (*jax.eval_shape(self.task().init, key, x), x)

    def seconds(self, call: Callable[[], Any]) -> float:
        """How long `call` takes, its arrays' values included."""
        clock = CLOCKS[self.clock]
        with collector_off():
            start = clock()
            wait(call())
            return clock() - start


@contextlib.contextmanager
def collector_off() -> Iterator[None]:
    """Keeps Python's garbage collector from running within, as in `timeit`.

    Whether one of its long runs falls into a figure is chance.
    """
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
