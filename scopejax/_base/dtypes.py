"""Which dtypes a variable can have, and values as arrays of them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .errors import InvalidArgumentError, VariableMismatchError
from .lines import user_line
from .texts import brief

# Python's own numbers, as TF1 and JAX take them.
_NARROW = {
    np.dtype(np.float64): np.dtype(np.float32),
    np.dtype(np.int64): np.dtype(np.int32),
    np.dtype(np.complex128): np.dtype(np.complex64),
}
_TOO_WIDE = (np.dtype(np.longdouble), np.dtype(np.clongdouble))
# Dtypes that need no questions: those that JAX has with and without 64-bit mode.
_PLAIN = frozenset(map(np.dtype, ("float32", "float16", "int32", "uint8", "bool"))) | {
    np.dtype(jnp.bfloat16)
}


def as_dtype(dtype: Any, name: str) -> np.dtype:
    """The NumPy dtype that a JAX array of `dtype` really has.

    Raises:
      InvalidArgumentError: `dtype` is none, holds no numbers, is none of JAX's, or
        needs 64 bits while ``jax_enable_x64`` is off.
    """
    if isinstance(dtype, np.dtype) and dtype in _PLAIN:
        return dtype
    try:
        wanted: np.dtype = jnp.dtype(dtype)
    except Exception as error:  # whatever NumPy makes of a dict, say
        raise InvalidArgumentError(
            f"{brief(dtype)} is not a dtype.", name=name, where=user_line()
        ) from error
    if not _is_number(wanted):
        raise InvalidArgumentError(
            f"A variable holds numbers or bools, but the dtype {wanted} was asked for.",
            name=name,
            where=user_line(),
            remedy="Keep text and objects outside of the variables.",
        )
    canonical = _canonical(wanted)
    if canonical is None:
        raise InvalidArgumentError(
            f"JAX has no arrays of dtype {wanted.str}.", name=name, where=user_line()
        )
    if canonical != wanted:
        raise InvalidArgumentError(
            f"dtype {wanted} needs 64-bit mode, which is off.",
            name=name,
            where=user_line(),
            remedy="jax.config.update('jax_enable_x64', True) at the start of the"
            f" program, or dtype={str(canonical)!r}.",
        )
    return wanted


def _is_number(dtype: np.dtype) -> bool:
    return bool(jnp.issubdtype(dtype, np.number) or dtype == np.bool_)


def _canonical(dtype: np.dtype) -> np.dtype | None:
    """The dtype that JAX gives to an array of `dtype`; None where it takes none."""
    if not dtype.isnative or dtype in _TOO_WIDE:
        return None
    return np.dtype(jax.dtypes.canonicalize_dtype(dtype))


def constant(value: Any) -> np.ndarray:
    """A value as the NumPy array that JAX would make of it, the caller's left alone.

    Raises:
      TypeError, ValueError, OverflowError: it is no array of numbers that fits.
    """
    wide = np.array(value)
    if not _is_number(wide.dtype):
        raise TypeError(f"dtype {wide.dtype} holds no numbers")
    narrow = wide.dtype if hasattr(value, "dtype") else _NARROW.get(wide.dtype)
    dtype = _canonical(narrow or wide.dtype)
    if dtype is None:
        raise TypeError(f"JAX has no arrays of dtype {wide.dtype}")
    with np.errstate(over="ignore"):
        array = wide.astype(dtype, copy=False)
    if not _fits(wide, array):
        raise OverflowError(f"{brief(value)} does not fit into {dtype}")
    return array


def _fits(wide: np.ndarray, narrow: np.ndarray) -> bool:
    """Whether no whole number was wrapped and no finite one made infinite."""
    if wide.dtype == narrow.dtype:
        return True
    if jnp.issubdtype(narrow.dtype, np.inexact):
        return bool(np.all(np.isfinite(wide) == np.isfinite(narrow)))
    return bool(np.all(wide == narrow))


def as_array(value: Any, name: str) -> jax.Array:
    """A leaf of params as a JAX array; a JAX array as it is."""
    if isinstance(value, jax.Array):
        return value
    try:
        return jnp.asarray(constant(value))
    except OverflowError as error:
        dtype = np.asarray(value).dtype
        raise VariableMismatchError(
            f"Variable {name} has numbers that need 64 bits, which are off: found dtype"
            f" {dtype}.",
            name=name,
            found=str(dtype),
            where=user_line(),
        ) from error
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(
            f"The value given for {name} is no array: {brief(value)}",
            name=name,
            expected="an array",
            found=type(value).__name__,
            where=user_line(),
        ) from error


def wide_of(x: jax.Array) -> jax.Array:
    """`x` in float32 at least, for sums of many numbers."""
    return x.astype(jnp.float32) if x.dtype.itemsize < 4 else x


def own_array(leaf: Any, name: str) -> jax.Array:
    """A given leaf as a JAX array that shares no memory with a NumPy one."""
    return leaf if isinstance(leaf, jax.Array) else jnp.array(as_array(leaf, name))
