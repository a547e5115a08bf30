"""How sharded init grows with layers and parameters: a picture."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from . import installed
from .figures import Case, Figure

_STYLES = (
    ("#D55E00", "s"),
    ("#000000", "o"),
    ("#0072B2", "^"),
    ("#009E73", "v"),
    ("#CC79A7", "D"),
    ("#56B4E9", "P"),
)


class Line(NamedTuple):
    """Sizes, `(layers, width)`, one of which grows.

    Attributes:
      title: stands above.
      along: the field of a case that grows.
    """

    title: str
    along: str
    sizes: tuple[tuple[int, int], ...]


LINES = (
    Line("128 wide", "layers", ((12, 128), (48, 128), (192, 128))),
    Line("12 layers: 1, 4, 16 times", "width", ((12, 128), (12, 256), (12, 512))),
)


def draw(
    figures: Mapping[Case, Sequence[Figure]], ways: Sequence[str], file: Path
) -> None:
    """Writes the picture: cold and warm init of each line."""
    from matplotlib.figure import Figure as Picture  # only curves need it

    picture = Picture(figsize=(11, 8), layout="constrained")
    panels = picture.subplots(len(LINES), 2)
    for line, row in zip(LINES, panels, strict=True):
        for axes, (field, what) in zip(
            row, (("cold", "first init"), ("warm", "another init")), strict=True
        ):
            for way, style in zip(ways, cycle(_STYLES), strict=False):
                _plot(axes, _points(figures, line, way, field), way, *style)
            _label(axes, line, f"Sharded, {what}, GPT, {line.title}")
    panels[0][0].legend(fontsize="small")
    picture.savefig(file, dpi=100)


def _points(
    figures: Mapping[Case, Sequence[Figure]], line: Line, way: str, field: str
) -> dict[int, list[float]]:
    """size -> figures of one way, those that came in time."""
    cases = [Case(way, *size) for size in line.sizes]
    return {
        getattr(case, line.along): [figure[field] for figure in figures[case]]
        for case in cases
        if case in figures
    }


def _plot(
    axes: Any, points: Mapping[int, list[float]], way: str, colour: str, marker: str
) -> None:
    low, middle, high = (
        [f(values) for values in points.values()] for f in (min, statistics.median, max)
    )
    axes.plot([*points], middle, color=colour, marker=marker, label=_title(way))
    axes.fill_between([*points], low, high, color=colour, alpha=0.15, linewidth=0)


def _title(way: str) -> str:
    return installed()[way].title


def _label(axes: Any, line: Line, title: str) -> None:
    from matplotlib.ticker import LogLocator

    sizes = [getattr(Case("", *size), line.along) for size in line.sizes]
    axes.set(xscale="log", yscale="log", title=title)
    axes.set(xlabel=line.along, ylabel="time (s)")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_xticks([], minor=True)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=20))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.grid(alpha=0.3, which="both")
