"""The table, in Markdown, and the same as JSON."""

from __future__ import annotations

import datetime
import importlib
import os
import platform
import statistics
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .contestants import BY_HAND, installed
from .measures import KINDS
from .rounds import Figures, Run, in_fresh_process
from .targets import Medians, Target, best_peer

Checks = Mapping[str, Mapping[str, str]]

_HEAD = (
    "measure",
    "layers",
    "",
    "median",
    "min .. max",
    "to by hand",
    "to best peer",
    "at most",
    "met",
)


@cache
def about() -> dict[str, Any]:
    """The date, the machine and the versions."""
    device = in_fresh_process("device")  # this process takes no accelerator
    cores = f"{os.cpu_count()} cores, {platform.system()}"
    distributions = {c.distribution for c in installed().values()}
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{_processor()}, {cores}, device {device}",
        "python": platform.python_version(),
        **{name: _version(name) for name in ("jax", "jaxlib")},
        **{name: _version(name) for name in sorted(distributions - {"jax"})},
    }


def _version(distribution: str) -> str:
    """A package's version; it may lie beside this one without being installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        module = importlib.import_module(distribution.replace("-", "_"))
        return str(module.__version__)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def headline(run: Run) -> str:
    """How the figures were taken, when and where."""
    facts = ", ".join(f"{what} {value}" for what, value in about().items())
    taken = f"Medians of {run.repeats} fresh processes each, {run.clock} time"
    return f"{taken}; {facts}."


def medians(figures: Mapping[str, list[float]]) -> dict[str, float]:
    """contestant -> median."""
    return {name: statistics.median(values) for name, values in figures.items()}


def _number(figure: float) -> str:
    """Three digits that count.

    >>> _number(0.012345), _number(1234.5)
    ('0.0123', '1234')
    """
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"


def _ratio(figure: float, other: float | None) -> str:
    return f"{figure / other:.2f}" if other else ""


def _verdict(target: Target, medians: Medians) -> str:
    figure = target.figure(medians)
    if figure is None:
        return "not taken"
    return f"{'yes' if figure <= target.limit else 'NO'}: {_number(figure)}"


def _row(
    run: Run, measure: str, name: str, figures: Mapping[str, list[float]]
) -> tuple[str, ...]:
    found, middle, values = run.measures[measure], medians(figures), figures[name]
    targets = [target for target in found.targets if target.judged == name]
    return (
        found.title,
        str(run.case(measure, name).layers),
        installed()[name].title,
        f"{_number(middle[name])} {KINDS[found.kind].unit}".rstrip(),
        f"{_number(min(values))} .. {_number(max(values))}",
        _ratio(middle[name], middle.get(BY_HAND)),
        _ratio(middle[name], best_peer(middle)),
        "; ".join(map(str, targets)),
        "; ".join(_verdict(target, middle) for target in targets),
    )


def _rows(run: Run, figures: Figures) -> Iterator[tuple[str, ...]]:
    for measure, taken in figures.items():
        for name in filter(taken.__contains__, installed()):
            yield _row(run, measure, name, taken)


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows as a Markdown table, the first one its head.

    >>> print(table([("a", "b"), ("1", "22")]))
    | a | b  |
    | - | -- |
    | 1 | 22 |
    """
    head, *body = rows
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    ruler = tuple("-" * width for width in widths)
    return "\n".join(
        f"| {' | '.join(map(str.ljust, row, widths))} |" for row in (head, ruler, *body)
    )


def text(run: Run, figures: Figures, checks: Checks) -> str:
    """All that is printed."""
    return "\n\n".join(
        (
            headline(run),
            table([_HEAD, *_rows(run, figures)]),
            *(_sameness(name, results) for name, results in checks.items()),
        )
    )


def _sameness(name: str, results: Mapping[str, str]) -> str:
    programs = "; ".join(f"{what}: {verdict}" for what, verdict in results.items())
    return f"{installed()[name].title}, the same program as by hand? {programs}."


def as_json(run: Run, figures: Figures, checks: Checks) -> dict[str, Any]:
    """Everything, for other programs."""
    taken = {**run._asdict(), "measures": list(run.measures)}
    return {**about(), **taken, "figures": figures, "same_program": checks}
