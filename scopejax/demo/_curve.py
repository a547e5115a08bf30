"""What the pictures of both demos share: colours, and the loss over steps."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullFormatter, StrMethodFormatter

RIGHT, WRONG, LINE, MUTED = "#1a7f37", "#c8102e", "#1f4e8c", "#57606a"


def draw_loss(axes: Axes, losses: list[float], guess: float) -> None:
    """Each batch's loss and, where there are many, a running mean."""
    steps = np.arange(1, len(losses) + 1)
    window = len(losses) // 40
    if window < 2:
        axes.plot(steps, losses, ".-", color=LINE, label="one batch")
    else:
        means = np.convolve(losses, np.full(window, 1 / window), "valid")
        axes.plot(steps, losses, color=LINE, alpha=0.25, lw=0.8, label="one batch")
        axes.plot(
            steps[window - 1 :], means, color=LINE, lw=2, label=f"mean of {window}"
        )
    axes.axhline(guess, color=MUTED, linestyle=":", label="guessing")
    axes.set(xlabel="step", yscale="log", xlim=(0, len(losses) + 1))
    axes.set(ylim=(0.8 * min(1, *losses), max(5, *losses)))
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
