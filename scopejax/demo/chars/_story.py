"""The demo from its first line to its last."""

from __future__ import annotations

import functools
import shlex
import signal
import textwrap
from pathlib import Path

import scopejax as sj

from ._picture import draw
from ._sample import sample
from ._snapshot import Snapshot, identity, load, save
from ._step import Settings, manifest
from ._text import Text, read
from ._train import train


def tell(steps: int, seed: int, out: Path) -> int:
    """Runs everything and prints what happens; the exit status.

    Raises:
      Obstacle: there is no text, or a snapshot in `out` is not of this run.
    """
    settings, text = Settings(steps, seed), read()
    file, which = out / "chars.snapshot.safetensors", identity(settings, text)
    before = load(file, settings, which)

    show_variables(settings)
    show_training(settings, text, before)
    keep = functools.partial(save, file, identity=which)
    after, signum = train(settings, text, before, keep)
    if signum is not None:
        show_stop(settings, after, signum, file)
        return 128 + signum  # as a shell says it

    show_evaluation(after)
    written = sample(settings, after.run)
    show_sample(written)
    weights, picture = out / "chars.safetensors", out / "chars.png"
    sj.checkpoints.save(weights, sj.merge(after.run.params, after.run.state))
    print(f"{weights}: the weights, and beside each its average.")
    draw(picture, after, written)
    print(f"{picture}: the loss, and the sample.")
    file.unlink(missing_ok=True)  # it is over: the same command starts the next run
    return 0


def show_variables(settings: Settings) -> None:
    """The table, from an abstract run."""
    print("A transformer that predicts the next character. Its variables:\n")
    print(manifest(settings).select(trainable=True), end="\n\n")
    print("Beside each lies its moving average, made by a getter: table_ema.", end=" ")
    print("Stored in float32, computed in bfloat16.\n")


def show_training(settings: Settings, text: Text, before: Snapshot | None) -> None:
    """On what, how long, and from where."""
    size = settings.sizes.window
    print(
        f"Training on {len(text.train):,} characters of Python's standard library:"
        f" {settings.steps:,} batches of {settings.batch} windows of {size}. Four"
        " spaces count as one character; the loss is in bits per character.",
        flush=True,
    )
    if before:
        print(f"Going on after step {len(before.losses):,}.", flush=True)


def show_stop(
    settings: Settings, after: Snapshot, signum: signal.Signals, file: Path
) -> None:
    """Where it stopped, and how to go on."""
    out = shlex.quote(str(file.parent))
    options = f"--steps {settings.steps} --seed {settings.seed} --out {out}"
    print(
        f"\nStopped by {signum.name} after step {len(after.losses):,} of"
        f" {settings.steps:,}; all of it is in {file}. To go on:\n"
        f"  python -m scopejax demo --model chars {options}"
    )


def show_evaluation(after: Snapshot) -> None:
    """The averaged weights on what was held out."""
    print("\nOn modules that were held out, by the averaged weights:")
    print(f"  before training   {after.held_out[0]:.3f} bits per character")
    print(f"  after training    {after.held_out[-1]:.3f} bits per character\n")


def show_sample(written: str) -> None:
    """What the model writes."""
    print("And this is what it writes:\n")
    print(textwrap.indent(written.strip("\n"), "  │ ", lambda line: True), end="\n\n")
