"""Regularizers: functions of a variable that `Manifest.regularization_loss` sums.

Give one to a scope, ``scope.with_options(regularizer=l2(1e-4))``, and every variable
below it has it that does not name another; `scopejax.no_regularizer` switches it off.
In `scopejax.layers` kernels and tables take the scope's, biases and scales have none.

Source: `tf.keras.regularizers`.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from ._base.dtypes import wide_of
from ._base.errors import InvalidArgumentError
from ._base.lines import user_line
from ._base.texts import brief

_LARGEST = 2.0**63  # that JAX takes as a whole number


@dataclasses.dataclass(frozen=True)
class Penalty:
    """``l1 * sum(|w|) + l2 * sum(w ** 2)``, summed in float32 at least.

    >>> Penalty(l1=1.0, l2=0.5)(jnp.array([-1.0, 2.0])).item()
    5.5
    """

    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        for weight in (self.l1, self.l2):
            number = isinstance(weight, int | float) and not isinstance(weight, bool)
            if not (number and 0 <= weight < _LARGEST):
                raise InvalidArgumentError(
                    "A regularizer's weight must be a finite number that is not"
                    f" negative, but received: {brief(weight)}",
                    where=user_line(),
                )

    def __call__(self, w: Any) -> jax.Array:
        """The penalty of an array of any shape, a scalar."""
        wide = wide_of(jnp.asarray(w))
        terms = [self.l1 * jnp.abs(wide).sum()] if self.l1 else []
        terms += [self.l2 * jnp.square(jnp.abs(wide)).sum()] if self.l2 else []
        return sum(terms, jnp.zeros((), jnp.abs(wide).dtype))


def l1(weight: float = 0.01) -> Penalty:
    """``weight * sum(|w|)``.

    Args:
      weight: finite, not negative.

    Raises:
      InvalidArgumentError: `weight` is something else.

    >>> l1(0.5)(jnp.array([-1.0, 3.0])).item()
    2.0
    """
    return Penalty(l1=weight)


def l2(weight: float = 0.01) -> Penalty:
    """``weight * sum(w ** 2)``, without the half that `tf.nn.l2_loss` has.

    Args:
      weight: finite, not negative.

    Raises:
      InvalidArgumentError: `weight` is something else.

    >>> l2(0.5)(jnp.array([-1.0, 3.0])).item()
    5.0
    """
    return Penalty(l2=weight)


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> Penalty:
    """The sum of both.

    Args:
      l1, l2: weights; finite, not negative.

    Raises:
      InvalidArgumentError: one is something else.

    >>> l1_l2(1.0, 0.5)(jnp.array([-1.0, 2.0])).item()
    5.5
    """
    return Penalty(l1=l1, l2=l2)
