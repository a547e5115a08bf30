"""Regularizers, and their sum over weights."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

from ..._base.tf1_errors import tf_error
from .._graph.current import get_default_graph
from .._ops.elementwise import OPS, add_n
from .._ops.making import convert_to_tensor
from .._ops.normalizing import l2_loss
from .._ops.reductions import OPS as _REDUCED
from .._running.functions import get_collection
from .._words.graph_keys import GraphKeys

Regularizer = Callable[[Any], Any]


def _checked(scale: Any) -> bool:
    """Whether a scale does anything.

    Raises:
      ValueError: it is an integer, or less than 0.
    """
    if isinstance(scale, numbers.Integral):
        raise tf_error(ValueError, f"scale cannot be an integer: {scale}")
    if isinstance(scale, numbers.Real) and scale < 0:
        raise tf_error(
            ValueError, f"Setting a scale less than 0 on a regularizer: {scale:g}."
        )
    return not (isinstance(scale, numbers.Real) and scale == 0)


def _none(_: Any) -> None:
    return None


def l1_regularizer(scale: Any, scope: Any = None) -> Regularizer:
    """``scale * sum(|weights|)``; None for a scale of 0."""

    def l1(weights: Any) -> Any:
        total = _REDUCED["reduce_sum"](OPS["abs"](weights))
        return OPS["multiply"](total, scale, name=scope or "l1_regularizer")

    return l1 if _checked(scale) else _none


def l2_regularizer(scale: Any, scope: Any = None) -> Regularizer:
    """``scale * sum(weights**2) / 2``; None for a scale of 0."""

    def l2(weights: Any) -> Any:
        return OPS["multiply"](l2_loss(weights), scale, name=scope or "l2_regularizer")

    return l2 if _checked(scale) else _none


def l1_l2_regularizer(
    scale_l1: Any = 1.0, scale_l2: Any = 1.0, scope: Any = None
) -> Any:
    """The sum of both."""
    return sum_regularizer([l1_regularizer(scale_l1), l2_regularizer(scale_l2)], scope)


def sum_regularizer(regularizer_list: Any, scope: Any = None) -> Any:
    """The sum of regularizers; None among them is passed over."""
    given = [regularizer for regularizer in regularizer_list if regularizer is not None]

    def total(weights: Any) -> Any:
        found = [regularizer(weights) for regularizer in given]
        found = [loss for loss in found if loss is not None]
        return add_n(found, name=scope or "sum_regularizer") if found else None

    return total if given else None


def apply_regularization(regularizer: Any, weights_list: Any = None) -> Any:
    """The sum over weights, which is added to the regularization losses.

    Raises:
      ValueError: there are no weights, or a loss has axes.
    """
    weights = weights_list or get_collection(GraphKeys.WEIGHTS)
    if not weights:
        raise tf_error(ValueError, "No weights to regularize.")
    found = [regularizer(w) for w in weights]
    losses = [convert_to_tensor(0.0 if loss is None else loss) for loss in found]
    for loss in losses:
        if loss.shape.ndims:
            raise tf_error(
                ValueError,
                "regularizer must return a scalar Tensor instead of a Tensor with rank"
                f" {loss.shape.ndims}.",
            )
    total = add_n(losses, name="get_regularization_penalty")
    get_default_graph().add_to_collection(GraphKeys.REGULARIZATION_LOSSES, total)
    return total
