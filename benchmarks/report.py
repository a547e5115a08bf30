"""The table, in Markdown, and the same as JSON."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .contestants import BY_HAND, installed
from .measures import MEASURES, Measure
from .rounds import Figures, Run

Checks = Mapping[str, Mapping[str, str]]

_HEAD = ("measure", "layers", "", "median", "min .. max", "to by hand", "target", "met")


def about() -> dict[str, Any]:
    """The date, the machine and the versions."""
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()}",
        "python": platform.python_version(),
        "jaxlib": version("jaxlib"),
        **{c.distribution: version(c.distribution) for c in installed().values()},
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _number(figure: float) -> str:
    """Three digits that count.

    >>> _number(0.012345), _number(1234.5)
    ('0.0123', '1234')
    """
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"


def _row(
    measure: Measure, size: int, name: str, figures: Mapping[str, list[float]]
) -> tuple[str, ...]:
    values, by_hand = figures[name], statistics.median(figures[BY_HAND])
    median = statistics.median(values)
    target = measure.target if name == measure.judged else None
    against = statistics.median(figures[measure.against])
    return (
        measure.title,
        str(size),
        installed()[name].title,
        f"{_number(median)} {measure.unit}",
        f"{_number(min(values))} .. {_number(max(values))}",
        f"{median / by_hand:.2f}",
        str(target or ""),
        ("yes" if target.met(median, against) else "NO") if target else "",
    )


def _rows(run: Run, figures: Figures) -> Iterator[tuple[str, ...]]:
    for measure, taken in figures.items():
        for name in taken:
            yield _row(MEASURES[measure], run.layers(measure), name, taken)


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
    facts = ", ".join(f"{what} {value}" for what, value in about().items())
    taken = f"Medians of {run.repeats} fresh processes each, {run.clock} time"
    return "\n\n".join(
        (
            f"{taken}; {facts}.",
            table([_HEAD, *_rows(run, figures)]),
            *(_verdict(name, results) for name, results in checks.items()),
        )
    )


def _verdict(name: str, results: Mapping[str, str]) -> str:
    programs = "; ".join(f"{what}: {verdict}" for what, verdict in results.items())
    return f"{installed()[name].title}, the same program as by hand? {programs}."


def as_json(run: Run, figures: Figures, checks: Checks) -> dict[str, Any]:
    """Everything, for other programs."""
    return {**about(), **run._asdict(), "figures": figures, "same_program": checks}
