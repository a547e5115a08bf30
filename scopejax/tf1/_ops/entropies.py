"""Losses of `tf.losses` with arguments of their own: cross entropies and distances."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ..._base.tf1_errors import tf_error
from .._scopes.name_scopes import name_scope
from .._tensors.calls import plain
from .._tensors.convert import as_array, number
from .._words.graph_keys import GraphKeys
from .crossentropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    sparse_softmax_cross_entropy_with_logits,
)
from .losses import Reduction, compute_weighted_loss, floats

_LOSSES, _BY_WEIGHTS = GraphKeys.LOSSES, Reduction.SUM_BY_NONZERO_WEIGHTS


def huber_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    delta: float = 1.0,
    scope: Any = None,
    loss_collection: Any = _LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """Half the square of an error up to `delta`, and then its size."""
    with name_scope(scope, "huber_loss", None) as opened:
        y, x = floats(labels, predictions, "predictions")
        error = jnp.abs(x - y)
        near = jnp.minimum(error, delta)
        found = 0.5 * near * near + delta * (error - near)
        return compute_weighted_loss(found, weights, opened, loss_collection, reduction)


def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: Any = None,
    loss_collection: Any = _LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """The cross entropy of probabilities."""
    with name_scope(scope, "log_loss", None) as opened:
        y, x = floats(labels, predictions, "predictions")
        found = -y * jnp.log(x + epsilon) - (1 - y) * jnp.log(1 - x + epsilon)
        return compute_weighted_loss(found, weights, opened, loss_collection, reduction)


def cosine_distance(
    labels: Any,
    predictions: Any,
    axis: Any = None,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: Any = _LOSSES,
    reduction: str = _BY_WEIGHTS,
    dim: Any = None,
) -> Any:
    """One minus the product along an axis, of what has the norm 1 there.

    Raises:
      ValueError: there is no axis.
    """
    axis = dim if axis is None else axis
    if axis is None:
        raise tf_error(ValueError, "You must specify argument `axis`.")
    with name_scope(scope, "cosine_distance_loss", None) as opened:
        y, x = floats(labels, predictions, "predictions")
        found = 1 - jnp.sum(x * y, number(axis), keepdims=True)
        return compute_weighted_loss(found, weights, opened, loss_collection, reduction)


def _smoothed(
    labels: Any, logits: Any, smoothing: float, other: Any
) -> tuple[Any, Any]:
    """Labels as floats, mixed with what is as likely for all."""
    for given, argument in ((labels, "labels"), (logits, "logits")):
        if given is None:
            raise tf_error(ValueError, f"Argument `{argument}` must not be None.")
    labels, logits = (as_array(v) for v in plain((labels, logits)))
    labels = labels.astype(logits.dtype)
    if labels.shape != logits.shape:
        raise tf_error(
            ValueError, f"Shapes {logits.shape} and {labels.shape} are incompatible"
        )
    if smoothing > 0:
        labels = labels * (1 - smoothing) + smoothing * other(labels)
    return labels, logits


def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: Any = None,
    loss_collection: Any = _LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """`tf.nn.sigmoid_cross_entropy_with_logits`, weighted."""
    with name_scope(scope, "sigmoid_cross_entropy_loss", None) as opened:
        labels, logits = _smoothed(
            multi_class_labels, logits, label_smoothing, lambda _: 0.5
        )
        found = sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
        return compute_weighted_loss(found, weights, opened, loss_collection, reduction)


def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: Any = None,
    loss_collection: Any = _LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """`tf.nn.softmax_cross_entropy_with_logits`, weighted."""
    with name_scope(scope, "softmax_cross_entropy_loss", None) as opened:
        labels, logits = _smoothed(
            onehot_labels, logits, label_smoothing, lambda x: 1 / x.shape[-1]
        )
        found = softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        return compute_weighted_loss(found, weights, opened, loss_collection, reduction)


def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: Any = _LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """`tf.nn.sparse_softmax_cross_entropy_with_logits`, weighted."""
    for given, argument in ((labels, "labels"), (logits, "logits")):
        if given is None:
            raise tf_error(ValueError, f"Argument `{argument}` must not be None.")
    with name_scope(scope, "sparse_softmax_cross_entropy_loss", None) as opened:
        y, x, w = plain((labels, logits, weights))
        y, x = as_array(y), as_array(x)
        if y.ndim == x.ndim and y.shape[-1] == 1:
            y = jnp.squeeze(y, -1)
        if isinstance(w, jax.Array) and w.ndim == y.ndim + 1:
            w = jnp.squeeze(w, -1)
        found = sparse_softmax_cross_entropy_with_logits(labels=y, logits=x)
        return compute_weighted_loss(found, w, opened, loss_collection, reduction)
