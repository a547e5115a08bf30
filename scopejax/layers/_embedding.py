"""Embeddings, and the output layer that is tied to one."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.nn.initializers import normal

from .._base.texts import brief
from .._scope.scope import Scope
from ..initializers import Initializer
from ._base import as_float, as_numbers, layer, require, traced_once

_TABLE_INITIALIZER = normal(0.02)


@layer
def embedding(
    scope: Scope,
    ids: jax.Array,
    vocabulary: int,
    features: int,
    *,
    dtype: Any = None,
    initializer: Initializer | None = None,
    out_sharding: Any = None,
) -> jax.Array:
    """Rows of a table.

    `attend` of the same scope is the output layer that is tied to it.

    Args:
      scope: holds ``table`` `(vocabulary, features)`.
      ids: whole numbers below `vocabulary`, any shape.
      vocabulary, features: the table's shape.
      dtype: of the result; the stored one by default.
      initializer: of the table; normal with standard deviation 0.02 by default.
      out_sharding: of the result, a `jax.sharding.PartitionSpec`. JAX wants one where
        the axes of the mesh are explicit and `ids` or the table are split.

    Returns:
      `(*ids.shape, features)`.

    >>> import jax, scopejax as sj
    >>> net = sj.transform(lambda scope, ids: embedding(scope / "wte", ids, 10, 4))
    >>> ids = jnp.array([1, 2, 3])
    >>> net.apply(net.init(jax.random.key(0), ids), ids).shape
    (3, 4)
    """
    ids = as_numbers(ids, "ids")
    require(
        bool(jnp.issubdtype(ids.dtype, jnp.integer)),
        f"embedding takes ids that are whole numbers, but received: {brief(ids)}",
    )
    shape = (vocabulary, features)
    table = scope.get_variable(
        "table", shape, initializer=initializer or _TABLE_INITIALIZER
    )
    rows = (
        table[ids]
        if out_sharding is None
        else table.at[ids].get(out_sharding=out_sharding)
    )
    return rows if dtype is None else rows.astype(dtype)


@layer
def attend(scope: Scope, x: jax.Array, *, dtype: Any = None) -> jax.Array:
    """``x @ table.T``: logits of each row of the table that `embedding` made.

    Args:
      scope: that of `embedding`, which has to be called first.
      x: `(..., features)`.
      dtype: of the computation; `x`'s by default.

    Returns:
      `(..., vocabulary)`, in `dtype`.

    Raises:
      VariableNotFoundError: there is no ``table`` in `scope`.

    >>> import jax, scopejax as sj
    >>> def model(scope, ids):
    ...     x = embedding(scope / "wte", ids, 10, 4)
    ...     return attend(scope / "wte", x)
    >>> net, ids = sj.transform(model), jnp.array([1, 2, 3])
    >>> net.apply(net.init(jax.random.key(0), ids), ids).shape
    (3, 10)
    """
    x = as_float(x, dtype)
    return _attend(x, scope.with_options(reuse=True).get_variable("table"))


@traced_once(inline=True)
def _attend(x: jax.Array, table: jax.Array) -> jax.Array:
    return x @ table.T.astype(x.dtype)
