"""Dtypes as TF1 code writes them."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..._base.dtypes import as_dtype as core_dtype
from ..._base.tf1_errors import tf_error

FLOAT32 = np.dtype("float32")
_PYTHON = {float: FLOAT32, bool: np.dtype("bool")}


def as_dtype(dtype: Any, name: Any = None) -> np.dtype:
    """NumPy's dtype of a name, a NumPy or JAX dtype, or Python's float and bool.

    Raises:
      TypeError: it is no dtype.
      InvalidArgumentError: it needs 64 bits, which are off, or holds no numbers.

    >>> as_dtype("int32"), as_dtype(float)
    (dtype('int32'), dtype('float32'))
    """
    if dtype is FLOAT32:  # nearly always
        return dtype
    known: np.dtype | None = dtype if isinstance(dtype, np.dtype) else _converted(dtype)
    if known is None or known.kind == "O":
        raise tf_error(
            TypeError,
            f"Cannot convert the argument `type_value`: {dtype!r} to a TensorFlow"
            " DType.",
            name=None if name is None else str(name),
        )
    checked: np.dtype = core_dtype(known, str(name))
    return checked


def _converted(dtype: Any) -> np.dtype | None:
    if dtype is None or (isinstance(dtype, type) and dtype in (int, complex, object)):
        return None
    try:
        return _PYTHON[dtype] if dtype in _PYTHON else jnp.dtype(dtype)
    except TypeError:
        return None


def require_floating(dtype: Any) -> None:
    """Refuses what random and scaled initializers cannot draw."""
    if not jnp.issubdtype(dtype, jnp.floating):
        raise tf_error(
            ValueError,
            "Argument `dtype` is expected to be floating point. Received: <dtype:"
            f" '{jnp.dtype(dtype).name}'>.",
        )
