"""How one figure is taken, and a table of the kinds of figures.

Each function takes one figure in the process it runs in, which is a fresh one.
"""

from __future__ import annotations

import resource
import statistics
import sys
from collections.abc import Callable
from typing import NamedTuple

import jax

from .cases import CLOCKS, Case, collector_off, wait
from .contestants import load


def cold_init(case: Case) -> float:
    """The first init of the process, in seconds."""
    net, (key, x) = case.net(), case.inputs()
    return case.seconds(lambda: net.init(key, x))


def warm_init(case: Case) -> float:
    """Another init, when everything is compiled, in seconds."""
    net, (key, x) = case.net(), case.inputs()
    wait(net.init(key, x))
    return statistics.median(case.seconds(lambda: net.init(key, x)) for _ in range(3))


def cold_jitted_init(case: Case) -> float:
    """The first init of the process, all of it in one `jax.jit`, in seconds."""
    net, (key, x) = case.net(), case.inputs()
    return case.seconds(lambda: jax.jit(net.init)(key, x))


def programs(case: Case) -> float:
    """How many programs XLA compiles in the first init of the process."""
    net, (key, x) = case.net(), case.inputs()
    events = list[str]()

    def listen(event: str, duration_secs: float, **_: str | int) -> None:
        events.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    wait(net.init(key, x))
    return events.count("/jax/core/compile/backend_compile_duration")


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
    _lower(case.unrolled)
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
    with collector_off():
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


class Kind(NamedTuple):
    """A kind of figure.

    Attributes:
      title: its words in the table.
      unit: of its figures.
      take: takes one.
      of_model: whether it depends on the model.
    """

    title: str
    unit: str
    take: Callable[[Case], float]
    of_model: bool = True


KINDS = {
    "import": Kind("import beyond jax", "s", importing, of_model=False),
    "cold-init": Kind("cold init", "s", cold_init),
    "warm-init": Kind("warm init", "s", warm_init),
    "jit-init": Kind("cold jit(init)", "s", cold_jitted_init),
    "memory": Kind("peak memory of cold init", "MB", peak_memory),
    "programs": Kind("programs compiled in cold init", "", programs),
    "trace": Kind("trace and lower", "s", trace),
    "call": Kind("call of jitted apply, no rows", "us", call),
    "step": Kind("training step", "us", step),
    "trace-step": Kind("trace and lower training step", "s", trace_step),
}
