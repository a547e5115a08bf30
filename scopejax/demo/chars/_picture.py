"""The picture: the loss, and the text that the model writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .._curve import MUTED, RIGHT, draw_loss
from ._evaluate import due
from ._snapshot import Snapshot
from ._text import VOCABULARY

LINES, COLUMNS = 30, 64  # of the sample


def draw(path: Path, after: Snapshot, written: str) -> None:
    """Writes the PNG. No global state of matplotlib is touched."""
    figure = Figure(figsize=(13, 6), facecolor="white")
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.08)
    FigureCanvasAgg(figure)
    figure.suptitle(
        "A transformer on Python's own sources: from"
        f" {after.held_out[0]:.2f} to {after.held_out[-1]:.2f} bits per held-out"
        " character",
        fontsize=14,
    )
    curve, text = figure.subplots(1, 2, width_ratios=(1.2, 1))
    draw_held_out(curve, after)
    draw_text(text, written)
    figure.savefig(path, dpi=110)


def draw_held_out(axes: Axes, after: Snapshot) -> None:
    """The loss of each batch, and of held-out text by the averaged weights."""
    points = due(len(after.losses))
    style: dict[str, Any] = {"color": RIGHT, "clip_on": False, "zorder": 3}
    axes.plot(points, after.held_out, "o-", label="held out, averaged", **style)
    draw_loss(axes, after.losses, guess=np.log2(VOCABULARY))
    axes.set_title("Loss", weight="bold")
    axes.set(ylabel="cross entropy (bits per character)", yscale="linear")
    axes.set(ylim=(0, 1.1 * np.log2(VOCABULARY)))


def draw_text(axes: Axes, written: str) -> None:
    """The beginning of the sample; long lines are wrapped."""
    lines = [row for line in written.strip("\n").split("\n") for row in rows(line)]
    axes.set_title("What it writes", weight="bold")
    axes.set_axis_off()
    axes.text(
        0,
        1,
        "\n".join(lines[:LINES]),
        transform=axes.transAxes,
        va="top",
        family="monospace",
        fontsize=8.5,
        color=MUTED,
        parse_math=False,
    )


def rows(line: str) -> list[str]:
    """A line as a terminal of `COLUMNS` shows it."""
    return [line[i : i + COLUMNS] for i in range(0, max(len(line), 1), COLUMNS)]
