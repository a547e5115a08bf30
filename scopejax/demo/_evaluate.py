"""What a trained model says about pairs, and how often it is right."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np

import scopejax as sj

from ._data import Array, Pairs


class Verdicts(NamedTuple):
    """The model's logits for pairs: `(n, 10)` and `(n,)`."""

    digit: Array
    same: Array


class Accuracy(NamedTuple):
    """The share of left images that are read rightly, and of pairs judged rightly."""

    digit: float
    same: float


def judge(net: sj.Transformed, params: dict[str, Any], pairs: Pairs) -> Verdicts:
    """The verdicts of `net` with these params."""
    digit, same = jax.jit(net.apply)(params, pairs.left, pairs.right)
    return Verdicts(np.asarray(digit), np.asarray(same))


def accuracy(verdicts: Verdicts, pairs: Pairs) -> Accuracy:
    """How often both heads are right."""
    digit = verdicts.digit.argmax(-1) == pairs.left_label
    same = (verdicts.same > 0) == pairs.same
    return Accuracy(float(digit.mean()), float(same.mean()))


def is_bitwise(one: Verdicts, other: Verdicts) -> bool:
    """Whether all logits are the same to the bit."""
    return all(map(np.array_equal, one, other))
