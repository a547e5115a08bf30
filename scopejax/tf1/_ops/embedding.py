"""Rows of tables, which may lie in several parts."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..._base.tf1_errors import tf_error
from .._tensors.calls import op
from .._tensors.convert import as_array
from .._variables.partitioned import PartitionedVariable


def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: Any = None,
) -> Any:
    """The rows of these numbers, of one table or of one in parts.

    Args:
      params: a table, a list of parts of one, or a partitioned variable.
      ids: the numbers.
      partition_strategy: ``"mod"``: parts take rows in turn; ``"div"``: as they lie.
      name: of the op.
      validate_indices: without effect.
      max_norm: rows that are longer are cut down to it.

    Raises:
      ValueError: there is no such strategy, or no table.
    """
    if isinstance(params, PartitionedVariable):
        params = list(params)
    parts = list(params) if isinstance(params, list | tuple) else [params]
    if not parts:
        raise tf_error(ValueError, "params must be non-empty")
    name = name or "embedding_lookup"
    return _rows(parts, ids, partition_strategy.lower(), max_norm, name=name)


@op
def _rows(
    parts: list[Any], ids: Any, strategy: str, max_norm: Any, name: str | None = None
) -> Any:
    ids = as_array(ids)
    tables = [as_array(part) for part in parts]
    if len(tables) == 1:
        found = jnp.take(tables[0], ids, axis=0)
    elif strategy == "div":
        found = jnp.take(jnp.concatenate(tables), ids, axis=0)
    elif strategy == "mod":
        counts = np.cumsum([0, *(len(table) for table in tables[:-1])])
        starts = jnp.asarray(counts.astype(ids.dtype))
        places = starts[ids % len(tables)] + ids // len(tables)
        found = jnp.take(jnp.concatenate(tables), places, axis=0)
    else:
        raise tf_error(
            ValueError,
            f"Only 'mod' and 'div' partition strategies are supported, not {strategy}",
        )
    return found if max_norm is None else _cut(found, max_norm)


def _cut(rows: Any, most: Any) -> Any:
    squares = jnp.sum(jnp.square(rows), -1, keepdims=True)
    return rows * most / jnp.maximum(jnp.sqrt(squares), most)
