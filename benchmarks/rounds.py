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
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from . import training
from .cases import Case
from .contestants import BY_HAND, installed
from .table import Measure

Figures = dict[str, dict[str, list[float]]]
"""measure -> contestant -> figures."""

_ROOT = Path(__file__).parent.parent
_ENVIRONMENT = {
    "JAX_PLATFORMS": "cpu",  # unless the environment says otherwise
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

    measures: Mapping[str, Measure]
    contestants: Sequence[str]
    repeats: int
    quick: bool = False
    clock: str = "wall"

    def schedule(self) -> Iterator[tuple[str, str]]:
        """All figures to take, `(measure, contestant)`, in their order."""
        for turn in range(self.repeats):
            for name, measure in self.measures.items():
                for contestant in rotated(self.entrants(measure), turn):
                    yield name, contestant

    def entrants(self, measure: Measure) -> list[str]:
        """The contestants that have the measure's model or task."""
        names = self.contestants
        return [name for name in names if measure.model in training.load(name)]

    def case(self, measure: str, contestant: str) -> Case:
        """What a figure is taken of."""
        return self.measures[measure].case(contestant, self.clock, self.quick)

    def figure(self, measure: str, contestant: str) -> float:
        """Takes one figure."""
        case = json.dumps(self.case(measure, contestant))
        taken: float = in_fresh_process(self.measures[measure].kind, case)
        return taken


def rotated(names: Sequence[str], by: int) -> list[str]:
    """`names` from another start.

    >>> rotated(["a", "b", "c"], 4)
    ['b', 'c', 'a']
    """
    by %= max(1, len(names))
    return [*names[by:], *names[:by]]


def take(run: Run) -> Figures:
    """Takes all figures; tells on stderr how far it is."""
    figures: Figures = {measure: {} for measure in run.measures}
    plan = list(run.schedule())
    # A quick run judges nothing, so that two figures may disturb one another.
    with ThreadPoolExecutor(2 if run.quick else 1) as pool:
        results = pool.map(lambda item: run.figure(*item), plan)
        for number, (item, taken) in enumerate(zip(plan, results, strict=True), 1):
            measure, contestant = item
            figures[measure].setdefault(contestant, []).append(taken)
            note = f"{number}/{len(plan)} {measure} {contestant} {taken:.4g}"
            print(note, file=sys.stderr, flush=True)
    return figures


def check(run: Run) -> dict[str, dict[str, str]]:
    """contestant -> program -> whether it is the same as by hand, in words.

    Other libraries have other arguments, so that their programs read otherwise.
    """
    ours = [name for name, found in installed().items() if not found.peer]
    checked = [name for name in ours if name in run.contestants and name != BY_HAND]
    return {name: in_fresh_process("check", name) for name in checked}
