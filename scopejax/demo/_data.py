"""The digits that scikit-learn ships, and pairs of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

Array = NDArray[Any]


class Digits(NamedTuple):
    """Images `(n, 8, 8, 1)`, float32 from 0 to 1, and their labels `(n,)`."""

    images: Array
    labels: Array


class Pairs(NamedTuple):
    """Two batches of images, the digit on the left, and whether both show it."""

    left: Array  # (n, 8, 8, 1)
    right: Array  # (n, 8, 8, 1)
    digit: Array  # (n,)
    same: Array  # (n,), 1.0 or 0.0


def split(seed: int) -> tuple[Digits, Digits]:
    """Digits to train on, and a fifth of all, evenly over the labels, held out."""
    pixels, labels = load_digits(return_X_y=True)
    images = (pixels / 16).astype(np.float32).reshape(-1, 8, 8, 1)
    labels = labels.astype(np.int32)
    train, held_out, train_labels, held_out_labels = train_test_split(
        images, labels, test_size=0.2, stratify=labels, random_state=seed
    )
    return Digits(train, train_labels), Digits(held_out, held_out_labels)


def pairs(digits: Digits, left: Array, rng: np.random.Generator) -> Pairs:
    """Pairs of the images at `left` with others; about half show the same digit."""
    n, digit = len(left), digits.labels[left]
    same = rng.random(n) < 0.5
    other = (digit + rng.integers(1, 10, n)) % 10
    right = members(digits.labels, np.where(same, digit, other), rng)
    return Pairs(
        digits.images[left], digits.images[right], digit, same.astype(np.float32)
    )


def members(labels: Array, wanted: Array, rng: np.random.Generator) -> Array:
    """For each label wanted, the index of a random image that has it."""
    order = np.argsort(labels, kind="stable")
    count = np.bincount(labels, minlength=10)
    first = np.cumsum(count) - count
    return order[first[wanted] + rng.integers(count[wanted])]
