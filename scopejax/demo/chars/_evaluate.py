"""How well the averaged weights tell held-out text."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np

from ._step import Run, Settings, bits, make_net
from ._text import Array

WINDOWS = 256


def make_evaluate(settings: Settings, held_out: Array) -> Callable[[Run], float]:
    """A function of a `Run`: bits per held-out character, by the averaged weights."""
    net = make_net(settings)
    windows = even_windows(held_out, WINDOWS, settings.sizes.window + 1)

    @jax.jit
    def evaluate(run: Run, windows: jax.Array) -> jax.Array:
        ids, following = windows[:, :-1], windows[:, 1:]
        logits, _ = net.apply(run.params, run.state, ids, is_training=False)
        return bits(logits, following)

    return lambda run: float(evaluate(run, windows))


def even_windows(text: Array, count: int, size: int) -> Array:
    """Pieces of `text` from its start to its end, `(count, size)`."""
    first = np.linspace(0, len(text) - size, count).astype(int)
    pieces: Array = text[first[:, None] + np.arange(size)]
    return pieces


def due(steps: int) -> list[int]:
    """The steps after which to evaluate: before the first, ten between, the last."""
    return sorted({round(share * steps / 10) for share in range(11)})
