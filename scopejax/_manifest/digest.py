"""A short text that tells whether two trees have the same variables."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any


def digest(variables: Mapping[str, Any]) -> str:
    """SHA-256 over names, shapes and dtypes, in the order of the names.

    Args:
      variables: full name -> what has a shape and a dtype: a spec, an array.

    >>> import numpy as np
    >>> digest({"w": np.zeros((2, 3)), "b": np.zeros(3)})[:16]
    '727d0d7a24163a9a'
    """
    lines = (
        f"{name} {tuple(each.shape)} {each.dtype}\n"
        for name, each in sorted(variables.items())
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()
