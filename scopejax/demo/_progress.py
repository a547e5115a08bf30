"""How training goes on: a bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

Report = Callable[[int, float], None]


@contextmanager
def progress(
    steps: int, done: int = 0, each: int = 0, unit: str = ""
) -> Iterator[Report]:
    """Gives a function to call after each step with its number, from 1, and its loss.

    What is not a terminal gets a line for each tenth, and no control codes.

    Args:
      steps: how many there are.
      done: how many were done before.
      each, unit: what a step takes in, ``(1024, "characters")``, to show its speed.
    """
    speed = _speed(each, unit) if each else lambda step: ""
    if not sys.stdout.isatty():
        yield lambda step, loss: _line(step, steps, loss, speed(step))
        return
    columns = (
        TextColumn("  training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.3f}{task.fields[speed]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns) as bar:
        task = bar.add_task(
            "training", total=steps, completed=done, loss=float("nan"), speed=""
        )
        yield lambda step, loss: bar.update(
            task, completed=step, loss=loss, speed=speed(step)
        )


def _speed(each: int, unit: str) -> Callable[[int], str]:
    """A function of the step: how fast it goes since the first one, which compiles."""
    first: list[tuple[int, float]] = []

    def speed(step: int) -> str:
        now = time.perf_counter()
        if not first:
            first.append((step, now))
            return ""
        start, then = first[0]
        return f"  {(step - start) * each / (now - then):,.0f} {unit}/s"

    return speed


def _line(step: int, steps: int, loss: float, speed: str) -> None:
    if step % max(steps // 10, 1) == 0 or step == steps:
        count = f"{step:>{len(str(steps))}} of {steps}"
        print(f"  step {count}  loss {loss:.3f}{speed}", flush=True)
