"""Cross entropies of logits, as in `tf.nn`."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ..._base.tf1_errors import tf_error
from .._tensors.calls import op
from .._tensors.convert import as_array, beside
from .reductions import one_of


def _require_named(function: str, sentinel: Any, labels: Any, logits: Any) -> None:
    if sentinel is not None:
        raise tf_error(
            ValueError,
            f"Only call `{function}` with named arguments (labels=..., logits=..., ...)"
            f". Received unnamed argument: {sentinel}",
        )
    if labels is None or logits is None:
        raise tf_error(ValueError, "Both `labels` and `logits` must be provided.")


def _softmax(labels: Any, logits: Any, axis: Any) -> Any:
    """The cross entropy, whose gradient is ``softmax - labels`` as in TF1.

    That is so too where labels don't sum to 1, such as those of a policy's gradient:
    what they sum to more or less is taken as constant.
    """
    logits, labels = beside([as_array(logits), labels], "CrossEntropy")
    labels = as_array(labels, logits.dtype)
    top = jax.lax.stop_gradient(jnp.max(logits, axis=axis, keepdims=True))
    shifted = logits - top
    logs = jnp.log(jnp.sum(jnp.exp(shifted), axis=axis))
    more = jnp.sum(labels, axis=axis) - 1
    return logs + more * jax.lax.stop_gradient(logs) - jnp.sum(labels * shifted, axis)


@op
def softmax_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    dim: Any = -1,
    name: str | None = None,
    axis: Any = None,
) -> Any:
    """The cross entropy for each row; no gradient flows to the labels."""
    _require_named("softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    labels = jax.lax.stop_gradient(as_array(labels))
    return _softmax(labels, logits, dim if axis is None else axis)


@op
def softmax_cross_entropy_with_logits_v2(
    labels: Any,
    logits: Any,
    axis: Any = None,
    name: str | None = None,
    dim: Any = None,
) -> Any:
    """The cross entropy for each row."""
    axis = one_of(axis, dim, ("axis", "dim"))
    return _softmax(as_array(labels), logits, -1 if axis is None else axis)


@op
def sparse_softmax_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    name: str | None = None,
) -> Any:
    """The cross entropy for each row, whose label is the number of a class.

    Raises:
      ValueError: arguments have no names, or their shapes don't go together.
    """
    function = "sparse_softmax_cross_entropy_with_logits"
    _require_named(function, _sentinel, labels, logits)
    logits, labels = as_array(logits), as_array(labels)
    if labels.shape != logits.shape[:-1]:
        raise tf_error(
            ValueError,
            "`labels.shape` must equal `logits.shape` except for the last dimension."
            f" Received: labels.shape={labels.shape} and logits.shape={logits.shape}",
        )
    logs = jax.nn.log_softmax(logits)
    return -jnp.take_along_axis(logs, labels[..., None], axis=-1)[..., 0]


@op
def sigmoid_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    name: str | None = None,
) -> Any:
    """The cross entropy of each number, a logit of its own."""
    _require_named("sigmoid_cross_entropy_with_logits", _sentinel, labels, logits)
    x, z = beside([as_array(logits), labels], "CrossEntropy")
    z = as_array(z, x.dtype)
    if x.shape != z.shape:
        raise tf_error(
            ValueError,
            "`logits` and `labels` must have the same shape, received"
            f" ({x.shape} vs {z.shape}).",
        )
    return jax.nn.relu(x) - x * z + jnp.log1p(jnp.exp(-jnp.abs(x)))


@op
def weighted_cross_entropy_with_logits(
    labels: Any = None,
    logits: Any = None,
    pos_weight: Any = None,
    name: str | None = None,
    targets: Any = None,
) -> Any:
    """`sigmoid_cross_entropy_with_logits`, with a weight for what is positive."""
    labels = one_of(labels, targets, ("labels", "targets"))
    x, z = beside([as_array(logits), labels], "CrossEntropy")
    weight = 1 + (pos_weight - 1) * z
    soft = jnp.log1p(jnp.exp(-jnp.abs(x))) + jax.nn.relu(-x)
    return (1 - z) * x + weight * soft
