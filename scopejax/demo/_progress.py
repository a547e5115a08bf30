"""How training goes on: a bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
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
def progress(steps: int) -> Iterator[Report]:
    """Gives a function to call after each step with its number, from 1, and its loss.

    What is not a terminal gets a line for each tenth, and no control codes.
    """
    if not sys.stdout.isatty():
        yield lambda step, loss: _line(step, steps, loss)
        return
    columns = (
        TextColumn("  training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns) as bar:
        task = bar.add_task("training", total=steps, loss=float("nan"))
        yield lambda step, loss: bar.update(task, completed=step, loss=loss)


def _line(step: int, steps: int, loss: float) -> None:
    if step % max(steps // 10, 1) == 0 or step == steps:
        print(
            f"  step {step:>{len(str(steps))}} of {steps}  loss {loss:.3f}", flush=True
        )
