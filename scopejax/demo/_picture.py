"""The picture: the loss, the first layer's filters, some held-out pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from ._data import Array, Pairs
from ._evaluate import Accuracy, Verdicts

RIGHT, WRONG, LINE, MUTED = "#1a7f37", "#c8102e", "#1f4e8c", "#57606a"
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
    figure = Figure(figsize=(11, 8.6), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    figure.suptitle(
        "A siamese network on 8x8 digits. Held out, it is right on"
        f" {scores.digit:.1%} of digits and {scores.same:.1%} of pairs",
        fontsize=14,
    )
    [top], [middle], [bottom] = figure.subfigures(
        3, 1, height_ratios=(1.9, 1, 1), hspace=0.05, squeeze=False
    )
    curve, filters = top.subplots(1, 2, width_ratios=(1.7, 1))
    draw_loss(curve, losses)
    draw_filters(filters, np.asarray(params["tower"]["conv1"]["kernel"]))

    first = np.argsort(~pairs.same, kind="stable")  # pairs that are the same, others
    some = np.concatenate([first[: ACROSS // 2], first[::-1][: ACROSS // 2]])
    draw_pairs(middle, "Some held-out pairs", some, pairs, verdicts)
    draw_pairs(bottom, "The hardest ones", hardest(pairs, verdicts), pairs, verdicts)
    figure.savefig(path, dpi=110)


def hardest(pairs: Pairs, verdicts: Verdicts) -> Array:
    """The pairs judged most wrongly, no image on the left twice."""
    margin = np.where(pairs.same, verdicts.same, -verdicts.same)
    order = np.argsort(margin)
    _, first = np.unique(pairs.left[order], axis=0, return_index=True)
    return order[np.sort(first)[:ACROSS]]


def draw_loss(axes: Axes, losses: list[float]) -> None:
    """Each batch's loss, and the mean of the last few."""
    window = max(len(losses) // 40, 1)
    means = np.convolve(losses, np.full(window, 1 / window), "valid")
    steps = np.arange(1, len(losses) + 1)
    axes.plot(steps, losses, color=LINE, alpha=0.25, linewidth=0.8, label="one batch")
    axes.plot(
        steps[window - 1 :], means, color=LINE, linewidth=2, label=f"mean of {window}"
    )
    guess = np.log(10) + np.log(2)
    axes.axhline(guess, color=MUTED, linestyle=":", label="guessing")
    axes.set_title("Training loss of both heads", weight="bold")
    axes.set(xlabel="step", ylabel="cross entropy (nats)", yscale="log")
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)


def draw_filters(axes: Axes, kernel: Array) -> None:
    """A kernel `(3, 3, 1, 16)` as four by four filters, blue below zero."""
    filters = np.moveaxis(kernel[:, :, 0], -1, 0).reshape(4, 4, *kernel.shape[:2])
    limit = np.abs(kernel).max()
    shown = axes.imshow(mosaic(filters), cmap="RdBu_r", vmin=-limit, vmax=limit)
    axes.set_title("Filters of tower/conv1", weight="bold")
    axes.set_axis_off()
    axes.figure.colorbar(shown, ax=axes, label="weight", shrink=0.8)


def draw_pairs(
    figure: SubFigure, title: str, chosen: Array, pairs: Pairs, verdicts: Verdicts
) -> None:
    """A row of pairs, each with the verdict above and the truth below."""
    figure.suptitle(title, weight="bold")
    for axes, i in zip(figure.subplots(1, len(chosen)), chosen, strict=True):
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
