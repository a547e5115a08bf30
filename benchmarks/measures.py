"""What is measured: a table of measures, and how one figure of each is taken.

Each function takes one figure in the process it runs in, which is a fresh one.
"""

from __future__ import annotations

import contextlib
import gc
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax

from . import training
from .contestants import BY_HAND, SCOPEJAX, Net, load
from .maths import BATCHES, INPUTS

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
      model: ``"mlp"``, ``"gpt"`` or ``"gpt-jit"``, or the name of a training task.
      layers: how many the model has.
      clock: ``"wall"``, or ``"cpu"`` for the processor time of all threads.
    """

    contestant: str
    model: str
    layers: int
    clock: str = "wall"

    @property
    def kind(self) -> str:
        """``"gpt"`` for ``"gpt-jit"`` and ``"gpt-scan"``."""
        return self.model.partition("-")[0]

    def net(self) -> Net:
        """The model as the contestant writes it."""
        return load(self.contestant).models[self.model](self.layers)

    def inputs(self) -> tuple[jax.Array, jax.Array]:
        """A root key and a batch."""
        return jax.random.key(0), INPUTS[self.kind]()

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
        with _collector_off():
            start = clock()
            wait(call())
            return clock() - start


@contextlib.contextmanager
def _collector_off() -> Iterator[None]:
    """Keeps Python's garbage collector from running within, as in `timeit`.

    Whether one of its long runs falls into a figure is chance.
    """
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def cold_init(case: Case) -> float:
    """The first init of the process, in seconds."""
    net, (key, x) = case.net(), case.inputs()
    return case.seconds(lambda: net.init(key, x))


def warm_init(case: Case) -> float:
    """Another init, when everything is compiled, in seconds."""
    net, (key, x) = case.net(), case.inputs()
    wait(net.init(key, x))
    return statistics.median(case.seconds(lambda: net.init(key, x)) for _ in range(3))


def peak_memory(case: Case) -> float:
    """Peak resident memory of a process that does one init, in MB."""
    cold_init(case)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def trace(case: Case) -> float:
    """Tracing and lowering apply, in seconds.

    The unrolled model is traced once before: what JAX does once in a process counts
    for nobody, whether or not making the shapes has run the model already.
    """
    _lower(case._replace(model=case.kind))
    return _lower(case)


def _lower(case: Case) -> float:
    net, (params, x) = case.net(), case.shapes()
    return case.seconds(lambda: jax.jit(net.apply).trace(params, x).lower() and None)


def call(case: Case, calls: int = 1000) -> float:
    """One call of the compiled apply on an empty batch, in microseconds.

    With no rows there is nothing to compute: what is left is passing the parameters.
    """
    net, (key, x) = case.net(), case.inputs()
    params, apply, empty = net.init(key, x), jax.jit(net.apply), x[:0]
    wait(apply(params, empty))

    def batch() -> float:
        return case.seconds(lambda: [apply(params, empty) for _ in range(calls)])

    return 1e6 / calls * statistics.median(batch() for _ in range(5))


def step(case: Case, duration: float = 1.0, at_least: int = 50) -> float:
    """One training step, compiled, in microseconds: the median of a second of them.

    Each one takes the variables that the last one made, in their memory.
    """
    task, (key, x) = case.task(), case.batch()
    (trained, state, frozen), run = task.init(key, x), task.jitted()
    clock, times = CLOCKS[case.clock], list[float]()
    with _collector_off():
        while len(times) <= at_least or sum(times[1:]) < duration:
            start = clock()
            trained, state, loss = run(trained, state, frozen, x)
            wait((trained, state, loss))
            times.append(clock() - start)
    return 1e6 * statistics.median(times[1:])  # the first one compiles


def trace_step(case: Case) -> float:
    """Tracing and lowering a training step, in seconds; the second time, as `trace`."""
    _lower_step(case)
    return _lower_step(case)


def _lower_step(case: Case) -> float:
    run, arguments = case.task().jitted(), case.step_shapes()
    return case.seconds(lambda: run.trace(*arguments).lower() and None)


def importing(case: Case) -> float:
    """Importing the contestant's file when JAX is imported already, in seconds."""
    return case.seconds(lambda: load(case.contestant) and None)


class Target(NamedTuple):
    """What a figure may be at most: a ratio to another, or so much beyond it."""

    limit: float
    beyond: bool = False

    def met(self, figure: float, other: float) -> bool:
        """Whether `figure` is within the target."""
        return (figure - other if self.beyond else figure / other) <= self.limit

    def __str__(self) -> str:
        return f"+ {self.limit} at most" if self.beyond else f"{self.limit} at most"


class Measure(NamedTuple):
    """One row of the table.

    Attributes:
      title: its words in the table.
      unit: of its figures.
      take: takes one figure.
      model, layers: of the case.
      target: what `judged` should keep to.
      by_hand: the model that by hand runs in its place.
      judged: the contestant that the target is for.
      against: the contestant that it is held against.
    """

    title: str
    unit: str
    take: Callable[[Case], float]
    model: str
    layers: int
    target: Target | None = None
    by_hand: str | None = None
    judged: str = SCOPEJAX
    against: str = BY_HAND

    def figure(self, contestant: str, layers: int, clock: str) -> float:
        """One figure, taken in this process."""
        model = self.by_hand if contestant == BY_HAND else None
        return self.take(Case(contestant, model or self.model, layers, clock))


_NO_SLOWER, _CLOSE, _SHARED = Target(1.0), Target(1.15), Target(0.35)
_EQUAL, _NEAR = Target(1.05), Target(1.2)
_LITTLE = Target(0.05, beyond=True)

MEASURES: dict[str, Measure] = {
    "import": Measure("import beyond jax", "s", importing, "mlp", 1, _LITTLE),
    "cold-init-gpt": Measure("cold init, GPT", "s", cold_init, "gpt", 12, _NO_SLOWER),
    "cold-init-mlp": Measure("cold init, MLP", "s", cold_init, "mlp", 1000, _NO_SLOWER),
    "warm-init-gpt": Measure("warm init, GPT", "s", warm_init, "gpt", 12),
    "warm-init-mlp": Measure("warm init, MLP", "s", warm_init, "mlp", 1000),
    "memory-gpt": Measure(
        "peak memory of cold init, GPT", "MB", peak_memory, "gpt", 12
    ),
    "memory-mlp": Measure(
        "peak memory of cold init, MLP", "MB", peak_memory, "mlp", 1000
    ),
    "trace-mlp": Measure("trace and lower, MLP", "s", trace, "mlp", 1000, _CLOSE),
    "trace-gpt": Measure("trace and lower, GPT", "s", trace, "gpt", 96, _CLOSE),
    "trace-blocks": Measure(
        "trace and lower, GPT block under jit (by hand: unrolled)",
        "s",
        trace,
        "gpt-jit",
        48,
        _SHARED,
        by_hand="gpt",
    ),
    "trace-blocks-both": Measure(
        "trace and lower, GPT block under jit (all)", "s", trace, "gpt-jit", 48
    ),
    "trace-tf1": Measure(
        "trace and lower, MLP, TF1's style to explicit scopes",
        "s",
        trace,
        "mlp",
        500,
        Target(1.5),
        judged="tf1",
        against=SCOPEJAX,
    ),
    "call": Measure("call of jitted apply, MLP, no rows", "us", call, "mlp", 100),
}

# name -> its words in the table, layers
_TASKS = {
    "mlp-norm": ("MLP, batch norm", 20),
    "mlp-ema": ("MLP, EMA getter", 50),
    "mlp-lora": ("MLP, LoRA getter", 50),
    "gpt-scan": ("GPT, scan over blocks", 12),
}

for _task, (_words, _layers) in _TASKS.items():
    MEASURES[f"step-{_task}"] = Measure(
        f"training step, {_words}", "us", step, _task, _layers, _EQUAL
    )
    MEASURES[f"trace-step-{_task}"] = Measure(
        f"trace and lower training step, {_words}",
        "s",
        trace_step,
        _task,
        _layers,
        _NEAR,
    )
