"""Dropout."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .._base.texts import brief
from .._scope.scope import Scope
from ._base import as_numbers, is_share, layer, require, require_bool


@layer
def dropout(
    scope: Scope,
    x: jax.Array,
    rate: float,
    *,
    is_training: bool = True,
    deterministic: bool | None = None,
    index: Any = None,
) -> jax.Array:
    """Zeroes a share of the numbers and scales the rest (Srivastava et al., 2014).

    Args:
      scope: gives the key ``dropout``.
      x: any shape, floating.
      rate: share to drop, 0 to 1.
      is_training: False returns `x` as it is and needs no key.
      deterministic: flax's word for the contrary: another way to say
        ``is_training=not deterministic``.
      index: tells the steps of a loop apart that closes over one scope; may be traced.

    Returns:
      As `x`.

    Raises:
      InvalidArgumentError: `rate` is not between 0 and 1, or `is_training` is no bool.

    >>> import jax, scopejax as sj
    >>> net = sj.transform(lambda scope, x: dropout(scope / "drop", x, 0.5))
    >>> y = net.apply({}, jnp.ones(1000), key=jax.random.key(0))
    >>> sorted(set(y.tolist()))
    [0.0, 2.0]
    """
    traced = isinstance(rate, jax.core.Tracer)
    require(
        is_share(rate),
        f"dropout's rate must be between 0 and 1, but is {brief(rate)}"
        + "; under jax.jit pass it by static_argnames" * traced,
    )
    if deterministic is not None:
        require_bool("dropout", "deterministic", deterministic)
        is_training = not deterministic
    require_bool("dropout", "is_training", is_training)
    x = as_numbers(x)
    if not is_training or rate == 0.0:
        return x
    if rate == 1.0:
        return jnp.zeros_like(x)
    keep = jax.random.bernoulli(scope.key("dropout", index), 1.0 - rate, x.shape)
    return jnp.where(keep, x / jnp.asarray(1.0 - rate, x.dtype), jnp.zeros_like(x))
