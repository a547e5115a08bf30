"""Figures from fresh processes, taken in turns.

The machine's speed drifts while a benchmark runs. So one round takes one figure of
everything, the contestants of a measure right after one another, and each round starts
with another contestant.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from . import training
from .contestants import BY_HAND, installed
from .measures import MEASURES

Figures = dict[str, dict[str, list[float]]]
"""measure -> contestant -> figures."""

_ROOT = Path(__file__).parent.parent
_ENVIRONMENT = {
    "JAX_PLATFORMS": "cpu",
    **os.environ,
    "JAX_ENABLE_COMPILATION_CACHE": "false",  # a cold figure compiles
}


def in_fresh_process(*arguments: str) -> Any:
    """What the worker prints.

    Raises:
      RuntimeError: it failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.worker", *arguments],
        cwd=_ROOT,
        env=_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


class Run(NamedTuple):
    """What to take: see the command line."""

    measures: Sequence[str]
    repeats: int
    quick: bool = False
    clock: str = "wall"

    def layers(self, measure: str) -> int:
        """How many layers the model of a measure has."""
        full = MEASURES[measure].layers
        return max(1, full // 10) if self.quick else full

    def schedule(self) -> Iterator[tuple[str, str]]:
        """All figures to take, `(measure, contestant)`, in their order."""
        for turn in range(self.repeats):
            for measure in self.measures:
                for contestant in rotated(entrants(measure), turn):
                    yield measure, contestant


def entrants(measure: str) -> list[str]:
    """The contestants that have the measure's model or task."""
    model = MEASURES[measure].model
    return [
        name
        for name, found in installed().items()
        if model in {*found.models, *training.load(name)}
    ]


def rotated(names: Sequence[str], by: int) -> list[str]:
    """`names` from another start.

    >>> rotated(["a", "b", "c"], 4)
    ['b', 'c', 'a']
    """
    by %= len(names)
    return [*names[by:], *names[:by]]


def take(run: Run) -> Figures:
    """Takes all figures; tells on stderr how far it is."""
    figures: Figures = {measure: {} for measure in run.measures}
    plan = list(run.schedule())
    for number, (measure, contestant) in enumerate(plan, 1):
        size = str(run.layers(measure))
        figure = in_fresh_process(measure, contestant, size, run.clock)
        figures[measure].setdefault(contestant, []).append(figure)
        note = f"{number}/{len(plan)} {measure} {contestant} {figure:.4g}"
        print(note, file=sys.stderr, flush=True)
    return figures


def check() -> dict[str, dict[str, str]]:
    """contestant -> program -> whether it is the same as by hand, in words."""
    others = [name for name in installed() if name != BY_HAND]
    return {name: in_fresh_process("check", name) for name in others}
