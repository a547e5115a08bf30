"""`tensorflow.python.training.moving_averages`: averages assigned by hand."""

from __future__ import annotations

from typing import Any

from ._scopes.get_variable import get_variable
from ._scopes.scope import get_variable_scope
from ._scopes.scopes import variable_scope
from ._tensors.calls import op
from ._tensors.convert import as_array
from ._variables.operation import Assignment
from ._words.missing import lookup_of
from .initializers import zeros_initializer
from .train import ExponentialMovingAverage as ExponentialMovingAverage


def assign_moving_average(
    variable: Any,
    value: Any,
    decay: Any,
    zero_debias: bool = True,
    name: str | None = None,
) -> Assignment:
    """Moves a variable towards a value, by one minus `decay`.

    Args:
      variable: that is not trained.
      value: of its shape.
      decay: how much of the average stays.
      zero_debias: whether to make up for a start at 0, by two variables below the name
        of `variable`: "biased" and "local_step".
      name: without effect.

    Returns:
      The assignment, which is done at once.

    >>> from scopejax import tf1
    >>> from scopejax.tf1.moving_averages import assign_moving_average
    >>> with tf1.Graph().as_default():
    ...     v = tf1.Variable(0.0, trainable=False)
    ...     float(assign_moving_average(v, 4.0, 0.75, zero_debias=False))
    1.0
    """
    del name
    if not zero_debias:
        return _moved(variable, value, decay)
    with variable_scope(variable.op.name, values=[variable, value]):
        biased, step = (
            get_variable(
                _unused(part),
                shape,
                variable.dtype,
                initializer=zeros_initializer(),
                trainable=False,
            )
            for part, shape in (("biased", variable.shape), ("local_step", []))
        )
    now, count = _moved(biased, value, decay), step.assign_add(1.0)
    assignment: Assignment = variable.assign(_unbiased(now, count, decay))
    return assignment


def _moved(variable: Any, value: Any, decay: Any) -> Assignment:
    assignment: Assignment = variable.assign_sub(_step(variable, value, decay))
    return assignment


@op
def _step(kept: Any, value: Any, decay: Any) -> Any:
    return (kept - as_array(value, kept.dtype)) * (1 - decay)


@op
def _unbiased(biased: Any, step: Any, decay: Any) -> Any:
    return biased / (1 - decay**step)


def _unused(name: str) -> str:
    """A name that no variable of the current scope has, unless they are shared."""
    scope = get_variable_scope()
    if scope.reuse:
        return name
    names = {v.op.name for v in scope.global_variables()}
    found, number = name, 0
    while f"{scope.name}/{found}" in names:
        number += 1
        found = f"{name}_{number}"
    return found


__getattr__ = lookup_of("train.moving_averages")
