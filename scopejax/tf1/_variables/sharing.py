"""What is refused when a name is asked for again: plain or partitioned, one rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._base.sizes import Sizes, agree, text
from ..._base.tf1_errors import tf_error

Check = tuple[str, bool, Any, Any]
"""What is compared, whether it fits, what was asked for, and what there is."""


def already_exists(message: str, name: Any, first: Any) -> ValueError:
    """The error for a name that is in use where nothing is shared."""
    return tf_error(
        ValueError,
        f"{message} Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?",
        name=name,
        first=first.defined_at,
        remedy="To share it, open its scope with reuse=True; to make another, open a"
        " scope of another name.",
    )


def shape_and_dtype(variable: Any, sizes: Sizes | None, dtype: np.dtype) -> list[Check]:
    """The two checks of whatever is shared."""
    shape, there = tuple(variable.shape), variable.dtype
    return [
        ("shape", agree(sizes, shape), text(sizes), shape),
        ("dtype", dtype == there, dtype.name, there.name),
    ]


def require_alike(message: str, name: Any, first: Any, *checks: Check) -> None:
    """Refuses to share a variable that is not what was asked for.

    Args:
      message: the beginning of TF1's.
      name: that was asked for.
      first: the variable that is there, or its first shard.
      checks: the first that fails is told of.
    """
    for what, fits, wanted, found in checks:
        if not fits:
            raise tf_error(
                ValueError,
                f"{message}, but specified {what} {wanted} and found {what} {found}.",
                name=name,
                first=first.defined_at,
                remedy=f"Ask for the {what} it has, or use another name.",
            )
