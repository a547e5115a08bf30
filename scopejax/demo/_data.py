"""The digits that scikit-learn ships, and pairs of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

Array = NDArray[Any]


class Digits(NamedTuple):
    """Images `(n, 8, 8, 1)`, float32 from 0 to 1, and their labels `(n,)`, int32."""

    images: Array
    labels: Array


class Pairs(NamedTuple):
    """Images side by side `(n, 8, 8, 1)`, and the labels of both sides `(n,)`."""

    left: Array
    right: Array
    left_label: Array
    right_label: Array

    @property
    def same(self) -> Array:
        """Whether both show the same digit: `(n,)`, bool."""
        is_same: Array = self.left_label == self.right_label
        return is_same


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
    """The images at `left` beside random ones, about half of them of the same digit."""
    n, label = len(left), digits.labels[left]
    other = (label + rng.integers(1, 10, n)) % 10
    right = members(digits.labels, np.where(rng.random(n) < 0.5, label, other), rng)
    return Pairs(digits.images[left], digits.images[right], label, digits.labels[right])


def members(labels: Array, wanted: Array, rng: np.random.Generator) -> Array:
    """For each label in `wanted`, the index of a random image that has it."""
    by_label = np.argsort(labels, kind="stable")
    count = np.bincount(labels, minlength=10)
    first = np.cumsum(count) - count
    chosen: Array = by_label[first[wanted] + rng.integers(count[wanted])]
    return chosen
