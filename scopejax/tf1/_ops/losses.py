"""`tf.losses`: weighted losses, which are added to a collection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ..._base.tf1_errors import tf_error
from .._graph.current import get_default_graph
from .._scopes.name_scopes import name_scope
from .._tensors.calls import plain, wrapped
from .._tensors.convert import as_array
from .._words.graph_keys import GraphKeys


class Reduction:
    """How the losses of examples become one.

    >>> Reduction.SUM_BY_NONZERO_WEIGHTS
    'weighted_sum_by_nonzero_weights'
    """

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """All of them."""
        return (
            cls.NONE,
            cls.SUM,
            cls.MEAN,
            cls.SUM_OVER_BATCH_SIZE,
            cls.SUM_BY_NONZERO_WEIGHTS,
        )

    @classmethod
    def validate(cls, key: str) -> None:
        """Refuses what is none.

        Raises:
          ValueError: it is none.
        """
        if key not in cls.all():
            raise tf_error(
                ValueError,
                f"Invalid Reduction Key {key}. Key should be one of {cls.all()}.",
            )


_BY_WEIGHTS = Reduction.SUM_BY_NONZERO_WEIGHTS


def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = _BY_WEIGHTS,
) -> Any:
    """The losses, weighted and made one, which is added to a collection.

    Args:
      losses: an array.
      weights: a number, or an array that broadcasts to the losses.
      scope: of the op.
      loss_collection: of the graph; None adds it to none.
      reduction: one of `Reduction`; the sum over the number of weights but 0.

    Raises:
      ValueError: there is no such reduction, or the weights do not broadcast.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     float(tf1.losses.compute_weighted_loss([1.0, 3.0], [0.0, 1.0]))
    3.0
    """
    Reduction.validate(reduction)
    with name_scope(scope, "weighted_loss", None):
        losses, weights = plain((losses, weights))
        loss = wrapped(_weighted(losses, weights, reduction), "value")
        add_loss(loss, loss_collection)
    return loss


def _weighted(losses: Any, weights: Any, reduction: str) -> Any:
    given = as_array(losses)
    x, w = given.astype("float32"), jnp.asarray(weights, "float32")
    _require_broadcast(w.shape, x.shape)
    found = x * w
    if reduction == Reduction.NONE:
        return found.astype(given.dtype)
    total = jnp.sum(found)
    if reduction != Reduction.SUM:
        total = _over(total, _count(x, weights, w, reduction))
    return total.astype(given.dtype)


def _require_broadcast(weights: Any, losses: Any) -> None:
    ones = all(a in (1, b) for a, b in zip(weights, losses, strict=False))
    if weights and (len(weights) != len(losses) or not ones):
        raise tf_error(
            ValueError,
            "weights can not be broadcast to values. values.rank="
            f"{len(losses)}. weights.rank={len(weights)}. values.shape={tuple(losses)}."
            f" weights.shape={tuple(weights)}.",
        )


def _count(x: Any, given: Any, w: Any, reduction: str) -> Any:
    if reduction == Reduction.MEAN:
        return jnp.sum(jnp.ones_like(x) * w)
    plain_weight = isinstance(given, float) and given != 0
    if reduction == Reduction.SUM_OVER_BATCH_SIZE or plain_weight:
        return float(x.size)
    return jnp.sum(jnp.broadcast_to((w != 0).astype("float32"), x.shape))


def _over(total: Any, count: Any) -> Any:
    if isinstance(count, float):
        return total / count if count else jnp.zeros_like(total)
    return jnp.where(count == 0, 0, total / jnp.where(count == 0, 1, count))


def add_loss(loss: Any, loss_collection: Any = GraphKeys.LOSSES) -> None:
    """Adds a loss of one's own to a collection.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.losses.add_loss(tf1.constant(1.0))
    ...     len(tf1.losses.get_losses())
    1
    """
    if loss_collection:
        get_default_graph().add_to_collection(loss_collection, loss)


def get_losses(
    scope: str | None = None, loss_collection: str = GraphKeys.LOSSES
) -> list[Any]:
    """The losses of a collection.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.losses.get_losses()
    []
    """
    return get_default_graph().get_collection(loss_collection, scope)


def floats(labels: Any, x: Any, what: str) -> tuple[Any, Any]:
    """Labels, and what is compared with them, as float32 of one shape.

    Raises:
      ValueError: one is missing, or the shapes differ.
    """
    for given, argument in ((labels, "labels"), (x, what)):
        if given is None:
            raise tf_error(ValueError, f"Argument `{argument}` must not be None.")
    y, x = (as_array(v).astype("float32") for v in plain((labels, x)))
    if x.shape != y.shape:
        raise tf_error(ValueError, f"Shapes {x.shape} and {y.shape} are incompatible")
    return y, x


_KINDS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "absolute_difference": ("predictions", lambda y, x: jnp.abs(x - y)),
    "mean_squared_error": ("predictions", lambda y, x: jnp.square(x - y)),
    "hinge_loss": ("logits", lambda y, x: jax.nn.relu(1 - (2 * y - 1) * x)),
}


def _loss(name: str) -> Any:
    what, function = _KINDS[name]

    def call(
        labels: Any = None,
        predictions: Any = None,
        weights: Any = 1.0,
        scope: Any = None,
        loss_collection: Any = GraphKeys.LOSSES,
        reduction: str = _BY_WEIGHTS,
        logits: Any = None,
    ) -> Any:
        x = predictions if logits is None else logits
        with name_scope(scope, name, None) as opened:
            found = function(*floats(labels, x, what))
            return compute_weighted_loss(
                found, weights, opened, loss_collection, reduction
            )

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"""The {name.replace("_", " ")}, weighted and added to a collection.

    Args:
      labels, predictions, logits: arrays of one shape.
      weights, scope, loss_collection, reduction: as of `compute_weighted_loss`.

    Raises:
      ValueError: an array is missing, or shapes differ.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     float(tf1.losses.{name}(labels=[1.0], {what}=[1.0]))
    0.0
    """
    return call


absolute_difference = _loss("absolute_difference")
mean_squared_error = _loss("mean_squared_error")
hinge_loss = _loss("hinge_loss")
