"""The picture: the loss, the first layer's filters, some held-out pairs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure

from ._curve import MUTED, RIGHT, WRONG, draw_loss
from ._data import Array, Pairs
from ._evaluate import Accuracy, Verdicts

ACROSS = 6  # pairs in a row


def draw(
    path: Path,
    losses: list[float],
    params: dict[str, Any],
    pairs: Pairs,
    verdicts: Verdicts,
    scores: Accuracy,
) -> None:
    """Writes the PNG. No global state of matplotlib is touched."""
    figure = Figure(figsize=(11, 8), facecolor="white")
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.08)
    FigureCanvasAgg(figure)
    figure.suptitle(
        f"A siamese network on 8x8 digits: {scores.digit:.1%} of held-out digits"
        f" and {scores.same:.1%} of held-out pairs right",
        fontsize=14,
    )
    [top], [middle], [bottom] = figure.subfigures(
        3, 1, height_ratios=(2.2, 1, 1), squeeze=False
    )
    curve, filters = top.subplots(1, 2, width_ratios=(1.7, 1))
    draw_loss(curve, losses, guess=np.log(10) + np.log(2))
    curve.set_title("Training loss of both heads", weight="bold")
    curve.set(ylabel="cross entropy (nats)")
    draw_filters(filters, np.asarray(params["tower"]["conv1"]["kernel"]))

    half = ACROSS // 2
    some = [*np.flatnonzero(pairs.same)[:half], *np.flatnonzero(~pairs.same)[:half]]
    middle.suptitle("Held-out pairs: verdict above, true digits below", weight="bold")
    draw_pairs(middle, some, pairs, verdicts)
    bottom.suptitle("The hardest of all held-out pairs", weight="bold")
    draw_pairs(bottom, hardest(pairs, verdicts), pairs, verdicts)
    figure.savefig(path, dpi=110)


def hardest(pairs: Pairs, verdicts: Verdicts) -> list[int]:
    """The pairs judged most wrongly, no image twice."""
    margin = np.where(pairs.same, verdicts.same, -verdicts.same)
    chosen: list[int] = []
    shown: set[bytes] = set()
    for i in map(int, np.argsort(margin)):
        images = {pairs.left[i].tobytes(), pairs.right[i].tobytes()}
        if shown.isdisjoint(images):
            chosen.append(i)
            shown |= images
    return chosen[:ACROSS]


def draw_filters(axes: Axes, kernel: Array) -> None:
    """A kernel `(3, 3, 1, 16)` as four by four filters, blue below zero."""
    filters = np.moveaxis(kernel[:, :, 0], -1, 0).reshape(4, 4, *kernel.shape[:2])
    limit = np.abs(kernel).max()
    shown = axes.imshow(mosaic(filters), cmap="RdBu_r", vmin=-limit, vmax=limit)
    axes.set_title("Filters of tower/conv1", weight="bold")
    axes.set_axis_off()
    axes.figure.colorbar(shown, ax=axes, label="weight", shrink=0.8)


def draw_pairs(
    figure: SubFigure, chosen: Sequence[int], pairs: Pairs, verdicts: Verdicts
) -> None:
    """A row of pairs, each with the verdict above and the true digits below."""
    row = figure.subplots(1, len(chosen), gridspec_kw={"wspace": 0.2})
    for axes, i in zip(row, chosen, strict=True):
        both = np.stack([pairs.left[i, :, :, 0], pairs.right[i, :, :, 0]])
        axes.imshow(mosaic(both[None]), cmap="gray", vmin=0, vmax=1)
        axes.set(xticks=[3.5, 12.5], yticks=[])
        axes.set_xticklabels([pairs.left_label[i], pairs.right_label[i]], color=MUTED)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        says_same = verdicts.same[i] > 0
        is_right = says_same == pairs.same[i]
        verdict = f"{'same' if says_same else 'different'} {'✓' if is_right else '✗'}"
        probability = 1 / (1 + np.exp(-verdicts.same[i]))
        axes.set_title(
            f"{verdict}\nP(same) = {probability:.3f}",
            color=RIGHT if is_right else WRONG,
            fontsize=10,
        )


def mosaic(tiles: Array) -> Array:
    """Tiles `(rows, columns, height, width)` as one image with gaps between them."""
    gaps = ((0, 0), (0, 0), (0, 1), (0, 1))
    padded = np.pad(tiles, gaps, constant_values=np.nan)  # drawn as nothing
    rows, columns, height, width = padded.shape
    image = padded.swapaxes(1, 2).reshape(rows * height, columns * width)
    return image[:-1, :-1]
