"""Dtypes as TF1 code writes them."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..._base.dtypes import as_dtype as core_dtype
from ..._base.tf1_errors import tf_error


class DType:
    """A dtype that answers as TF1's do; NumPy and JAX take it as theirs.

    Args:
      type: NumPy's dtype, or what NumPy makes one of.

    Attributes:
      dtype: NumPy's dtype, of the same name; in `as_numpy_dtype` its type.

    >>> from scopejax import tf1
    >>> tf1.float32.is_floating, tf1.float32.base_dtype == "float32", tf1.int32.name
    (True, True, 'int32')
    """

    __slots__ = ("dtype",)

    def __init__(self, type: Any) -> None:
        self.dtype = np.dtype(type)

    name = property(lambda self: self.dtype.name, doc="``'float32'``.")
    as_numpy_dtype = property(lambda self: self.dtype.type, doc="NumPy's type.")
    base_dtype = property(lambda self: self, doc="Itself: there are no references.")
    size = property(lambda self: self.dtype.itemsize, doc="Bytes of a number.")
    is_bool = property(lambda self: self._is(np.bool_), doc="Whether it holds bools.")
    is_complex = property(lambda self: self._is(np.complexfloating), doc="Complex?")
    is_floating = property(lambda self: self._is(np.floating), doc="Real?")
    is_integer = property(lambda self: self._is(np.integer), doc="Whole numbers?")
    is_unsigned = property(lambda self: self._is(np.unsignedinteger), doc="From 0 on?")
    min = property(lambda self: self._limits.min, doc="The least number.")
    max = property(lambda self: self._limits.max, doc="The greatest number.")
    itemsize = size
    """As of NumPy's dtypes, which stand where these do."""
    kind = property(lambda self: self.dtype.kind, doc="NumPy's letter.")
    type = as_numpy_dtype

    @property
    def limits(self) -> tuple[Any, Any]:
        """The least and the greatest number."""
        return self.min, self.max

    @property
    def real_dtype(self) -> DType:
        """That of the parts of a complex number; else itself."""
        return DType(np.dtype(self.dtype.type(0).real.dtype))

    def is_compatible_with(self, other: Any) -> bool:
        """Whether the other is the same."""
        return self == as_tf(other)

    @property
    def _limits(self) -> Any:
        info = jnp.iinfo if self.is_integer else jnp.finfo
        return info(self.dtype)

    def _is(self, kind: Any) -> bool:
        return bool(jnp.issubdtype(self.dtype, kind))

    def __eq__(self, other: object) -> bool:
        wanted = other.dtype if isinstance(other, DType) else other
        return wanted is not None and bool(self.dtype == wanted)

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __reduce__(self) -> Any:
        return DType, (self.dtype,)

    def __repr__(self) -> str:
        return f"<dtype: '{self.name}'>"


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
    if isinstance(dtype, DType):
        dtype = dtype.dtype
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


def as_tf(dtype: Any) -> DType:
    """The `DType` of a name, a dtype of NumPy, JAX or TF1, or a type of Python.

    Raises:
      TypeError: it is no dtype.

    >>> as_tf("int32"), as_tf(float), as_tf(int)
    (<dtype: 'int32'>, <dtype: 'float32'>, <dtype: 'int32'>)
    """
    if isinstance(dtype, DType):
        return dtype
    known = np.dtype("int32") if dtype is int else _converted(dtype)
    if known is None or known.kind == "O":
        raise tf_error(
            TypeError,
            f"Cannot convert the argument `type_value`: {dtype!r} to a TensorFlow"
            " DType.",
        )
    return DType(known)


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
