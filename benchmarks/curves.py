"""How figures grow with layers and width: a picture."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from .contestants import SCOPEJAX, installed, names
from .maths import WIDTH
from .measures import KINDS
from .report import headline
from .rounds import Figures, Run
from .table import MODELS, Measure

_LAYERS = {"mlp": (10, 30, 100, 300, 1000), "gpt": (3, 6, 12, 24, 48, 96)}
_WIDTHS, _WIDE_LAYERS = (16, 64, 256, 1024, 4096), 10

# Colours that are told apart by colour-blind people too (Okabe and Ito), and markers.
_STYLES = (
    ("#000000", "o"),
    ("#D55E00", "s"),
    ("#0072B2", "^"),
    ("#009E73", "v"),
    ("#CC79A7", "D"),
    ("#56B4E9", "P"),
    ("#E69F00", "X"),
)


class Panel(NamedTuple):
    """One system of axes.

    Attributes:
      kind, model: what is measured.
      along: the field of a case that grows, ``"layers"`` or ``"width"``.
      sizes: how it grows.
    """

    kind: str
    model: str
    along: str
    sizes: tuple[int, ...]

    @property
    def title(self) -> str:
        """Stands above it."""
        size = f" of {_WIDE_LAYERS} layers" if self.along == "width" else ""
        return f"{KINDS[self.kind].title}, {MODELS[self.model]}{size}"

    def measures(self) -> Iterator[tuple[str, Measure]]:
        """A measure for each size."""
        for size in self.sizes:
            wide = self.along == "width"
            layers, width = (_WIDE_LAYERS, size) if wide else (size, WIDTH)
            name = f"{self.kind}-{self.model}-{self.along}-{size}"
            yield name, Measure(self.kind, self.model, layers, width)

    def line(self, run: Run, figures: Figures, name: str) -> dict[int, list[float]]:
        """The figures of a contestant for each size; none if it has no such model."""
        return {
            getattr(run.case(measure, name), self.along): figures[measure][name]
            for measure, _ in self.measures()
            if name in figures[measure]
        }


PANELS = (
    Panel("cold-init", "mlp", "layers", _LAYERS["mlp"]),
    Panel("warm-init", "mlp", "layers", _LAYERS["mlp"]),
    Panel("trace", "mlp", "layers", _LAYERS["mlp"]),
    Panel("cold-init", "mlp", "width", _WIDTHS),
    Panel("cold-init", "gpt", "layers", _LAYERS["gpt"]),
    Panel("warm-init", "gpt", "layers", _LAYERS["gpt"]),
    Panel("trace", "gpt", "layers", _LAYERS["gpt"]),
)


def measures() -> dict[str, Measure]:
    """All that is drawn."""
    return dict(pair for panel in PANELS for pair in panel.measures())


def styles() -> dict[str, tuple[str, str]]:
    """contestant -> colour and marker, the same whichever are installed."""
    return dict(zip(names(), cycle(_STYLES), strict=False))


def _plot(axes: Any, name: str, line: dict[int, list[float]]) -> None:
    colour, marker = styles()[name]
    low, middle, high = (
        [f(values) for values in line.values()] for f in (min, statistics.median, max)
    )
    ours = name == SCOPEJAX
    axes.plot(
        [*line],
        middle,
        color=colour,
        marker=marker,
        markersize=5,
        linewidth=2.5 if ours else 1.2,
        zorder=3 if ours else 2,
        label=installed()[name].title,
    )
    axes.fill_between([*line], low, high, color=colour, alpha=0.15, linewidth=0)


def _label(axes: Any, panel: Panel, sizes: list[int]) -> None:
    from matplotlib.ticker import LogLocator

    axes.set(xscale="log", yscale="log", title=panel.title)
    axes.set(xlabel=panel.along, ylabel=f"time ({KINDS[panel.kind].unit})")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_xticks([], minor=True)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=20))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.grid(alpha=0.3, which="both")


def draw(run: Run, figures: Figures, file: Path) -> None:
    """Writes the picture: a panel each, and the legend in the place that is left."""
    from matplotlib.figure import Figure  # only curves need it

    figure = Figure(figsize=(17, 8.5))
    figure.set_layout_engine("constrained", wspace=0.06, hspace=0.06)
    *places, rest = figure.subplots(2, 4).flat
    for axes, panel in zip(places, PANELS, strict=True):
        lines = {name: panel.line(run, figures, name) for name in run.contestants}
        for name in filter(lines.get, lines):
            _plot(axes, name, lines[name])
        _label(axes, panel, sorted({size for line in lines.values() for size in line}))
    rest.axis("off")
    rest.legend(*places[0].get_legend_handles_labels(), loc="center", fontsize="large")
    figure.supxlabel(headline(run), fontsize="x-small")
    figure.savefig(file, dpi=120)
