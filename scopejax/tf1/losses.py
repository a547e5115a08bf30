"""`tf.losses`: the regularization losses of variables, and losses of predictions.

What computes is imported when it is asked for.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ._running.functions import get_collection
from ._words.graph_keys import GraphKeys
from ._words.missing import lookup_of


def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """The losses of all regularized variables, each computed where it is used.

    Args:
      scope: only those of variables whose names begin like this.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     v = tf1.get_variable("v", [3], regularizer=lambda v: (v * v).sum())
    ...     tf1.losses.get_regularization_losses()
    [<tf.RegularizationLoss 'v/Regularizer'>]
    """
    return get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(
    scope: str | None = None, name: str = "total_regularization_loss"
) -> jax.Array:
    """The sum of the regularization losses; 0.0 where there are none.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     float(tf1.losses.get_regularization_loss())
    0.0
    """
    del name
    losses = [loss.value() for loss in get_regularization_losses(scope)]
    total: jax.Array = sum(losses[1:], losses[0]) if losses else jnp.float32(0)
    return total


_missing = lookup_of("losses")


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        from ._ops.tables import LOSSES

        if name in LOSSES:
            return LOSSES[name]
    return _missing(name)


def get_total_loss(
    add_regularization_losses: bool = True,
    name: str = "total_loss",
    scope: str | None = None,
) -> Any:
    """The sum of all losses of the graph.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     loss = tf1.losses.absolute_difference([1.0], [3.0])
    ...     float(tf1.losses.get_total_loss())
    2.0
    """
    losses = get_collection(GraphKeys.LOSSES, scope)
    if add_regularization_losses:
        losses += get_regularization_losses(scope)
    from ._ops.elementwise import add_n

    return add_n([loss.value() for loss in losses], name=name)
