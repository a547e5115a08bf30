"""The demo from its first line to its last."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import jax
import numpy as np

import scopejax as sj

from ._data import Pairs, pairs, split
from ._evaluate import Accuracy, Verdicts, accuracy, is_bitwise, judge
from ._model import forgetful, siamese
from ._picture import draw
from ._train import BATCH, batches, train

PARTNERS = 10  # how many held-out pairs each held-out image is the left one of


def tell(steps: int, seed: int, out: Path) -> int:
    """Runs everything and prints what happens; the exit status."""
    digits, held_out = split(seed)
    train_rng, test_rng = np.random.default_rng(seed).spawn(2)
    left = np.tile(np.arange(len(held_out.labels)), PARTNERS)
    test = pairs(held_out, left, test_rng)
    net = sj.transform(siamese)

    show_variables(net, test)
    show_accident(test)

    images = f"{len(digits.labels):,} images"
    print(f"Training on {images}: {steps:,} batches of {BATCH} pairs.", flush=True)
    params = net.init(jax.random.key(seed), test.left, test.right)
    params, losses = train(net, params, batches(digits, train_rng), steps)

    verdicts = judge(net, params, test)
    scores = accuracy(verdicts, test)
    show_accuracy(scores, len(held_out.labels), len(left))
    same_again = show_round_trip(net, params, test, verdicts, out)
    draw(out / "digits.png", losses, params, test, verdicts, scores)
    print(f"{out / 'digits.png'}: the loss, the first filters, some pairs.")
    return 0 if same_again else 1


def show_variables(net: sj.Transformed, test: Pairs) -> None:
    """The table, from an abstract run."""
    print("A siamese network: two images go through one tower. Its variables:\n")
    print(net.manifest(test.left, test.right), end="\n\n")


def show_accident(test: Pairs) -> None:
    """The tower called twice, and nothing said about sharing."""
    print("The second image shares the tower by reuse=True. Had we forgotten that:\n")
    try:
        sj.transform(forgetful).manifest(test.left, test.right)
    except sj.VariableExistsError as error:
        text = f"{type(error).__name__}: {error}"
        print(textwrap.indent(text, "  "), end="\n\n")


def show_accuracy(scores: Accuracy, images: int, pairs: int) -> None:
    """Both heads on what was held out."""
    print("\nOn digits that were held out:")
    print(f"  which digit         {scores.digit:7.2%} of {images:,} images")
    print(f"  same or different   {scores.same:7.2%} of {pairs:,} pairs\n")


def show_round_trip(
    net: sj.Transformed,
    params: dict[str, Any],
    test: Pairs,
    before: Verdicts,
    out: Path,
) -> bool:
    """Weights to a file and back; whether they predict the same to the bit."""
    path = out / "digits.safetensors"
    sj.checkpoints.save(path, params)
    loaded = sj.checkpoints.load(path)
    net.check(loaded, test.left, test.right)
    bitwise = is_bitwise(before, judge(net, loaded, test))
    logits = "bitwise the same" if bitwise else "NOT bitwise the same"
    print(f"{path}: read back and checked; its logits are {logits}.")
    return bitwise
