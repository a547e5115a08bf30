"""Regularization losses: what a regularizer says of a variable, computed when used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .._graph.graph import Graph
from .._words.array_like import Indexable
from .._words.graph_keys import GraphKeys


class RegularizationLoss(Indexable):
    """The loss of one variable, differentiable wherever it is used.

    Attributes:
      variable: that it is the loss of.
      name: ``"<variable>/Regularizer"``.
    """

    __slots__ = ("_regularizer", "name", "variable")

    def __init__(self, variable: Any, regularizer: Callable[[Any], Any]) -> None:
        self.variable, self._regularizer = variable, regularizer
        self.name = f"{variable.op.name}/Regularizer"

    _live = True

    def value(self) -> jax.Array:
        """The loss for the present value of the variable."""
        return jnp.asarray(self._regularizer(self.variable))

    def __repr__(self) -> str:
        return f"<tf.RegularizationLoss '{self.name}'>"


def add_regularization(graph: Graph, variable: Any, regularizer: Any) -> None:
    """Asks the regularizer once, abstractly, and keeps its loss unless that is None."""
    asked: list[Any] = []

    def ask() -> None:
        asked.append(regularizer(variable) is None)

    thread = graph.thread
    outer, thread.name_scope = thread.name_scope, ""
    try:
        with graph.unnoticed():
            jax.eval_shape(ask)
    finally:
        thread.name_scope = outer
    if not asked[-1]:
        loss = RegularizationLoss(variable, regularizer)
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
