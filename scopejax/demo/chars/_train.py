"""The loop: steps, snapshots, and an ear for signals."""

from __future__ import annotations

import signal
from collections.abc import Callable

import jax.numpy as jnp

from .._progress import progress
from ._evaluate import due, make_evaluate
from ._signals import stop_requests
from ._snapshot import Snapshot
from ._step import Settings, make_step, start
from ._text import Text

SAVE_EVERY = 100  # steps: what a crash costs at most

Save = Callable[[Snapshot], None]


def train(
    settings: Settings, text: Text, before: Snapshot | None, save: Save
) -> tuple[Snapshot, signal.Signals | None]:
    """Trains from `before`, or from the start, to the last step or a signal.

    Args:
      settings, text: of the run.
      before: where it was stopped, or None.
      save: called every so often, and with what is returned.

    Returns:
      How far it came, and the signal that stopped it, if one did.
    """
    step, evaluate = make_step(settings), make_evaluate(settings, text.held_out)
    run, losses, held_out = before or Snapshot(start(settings), [], [])
    losses, held_out = [*losses], [*held_out]
    characters, evaluations = jnp.asarray(text.train), due(settings.steps)
    if not losses:
        held_out.append(evaluate(run))
    done, each = len(losses), settings.batch * settings.sizes.window
    with (
        stop_requests() as stopped,
        progress(settings.steps, done, each, "characters") as report,
    ):
        for number in range(done + 1, settings.steps + 1):
            run, loss = step(run, characters, number)
            losses.append(float(loss))  # waits for the step, so that signals are heard
            if number in evaluations:
                held_out.append(evaluate(run))
            report(number, losses[-1])
            signum = stopped()
            if signum or number % SAVE_EVERY == 0 or number == settings.steps:
                save(Snapshot(run, losses, held_out))
            if signum:
                break
        return Snapshot(run, losses, held_out), stopped()
