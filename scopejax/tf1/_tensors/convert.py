"""Arrays of what an op is called with: numbers, lists, arrays of NumPy and JAX.

TF1 never promotes. Python's numbers and NumPy's arrays take the dtype of the tensor
beside them, and tensors of two dtypes are refused.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._base.tf1_errors import tf_error
from .._initial.values import as_value
from .._words.dtypes import as_tf

_NUMBERS = (bool, int, float, complex)


def dtype_of(dtype: Any) -> np.dtype:
    """The NumPy dtype that arrays of a TF1 dtype have; 64 bits where they are on."""
    return np.dtype(jax.dtypes.canonicalize_dtype(as_tf(dtype).dtype))


def as_array(value: Any, dtype: Any = None) -> Any:
    """A value as an array, numbers and lists as TF1 converts them.

    Raises:
      TypeError, ValueError: it is none, or of another dtype than asked for.

    >>> as_array([1, 2]).dtype.name, as_array(1.5).dtype.name
    ('int32', 'float32')
    """
    if isinstance(value, jax.Array) and (dtype is None or value.dtype == dtype):
        return value
    if isinstance(value, list | tuple) and _holds_arrays(value):
        return jnp.stack([as_array(item, dtype) for item in value])
    return as_value(value, None if dtype is None else dtype_of(dtype))


def _holds_arrays(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_arrays, value))
    return isinstance(value, jax.Array)


def beside(values: Any, op: str = "Op") -> list[Any]:
    """Arrays of one dtype, that of the first that is an array; numbers stay numbers.

    Raises:
      TypeError: two arrays differ in dtype, or a number does not fit.
    """
    found: Any = next((v for v in values if isinstance(v, jax.Array)), None)
    if found is None:
        known = [v for v in values if isinstance(v, np.ndarray | np.generic)]
        found = known[0] if known else as_array(values[0])
    return [_fitted(value, found.dtype, op) for value in values]


def _fitted(value: Any, dtype: np.dtype, op: str) -> Any:
    if type(value) in _NUMBERS and np.can_cast(
        np.min_scalar_type(value) if isinstance(value, int) else type(value),
        dtype,
        "same_kind",
    ):
        return value
    if isinstance(value, jax.Array):
        if value.dtype != dtype:
            raise tf_error(
                TypeError,
                f"Input 'y' of '{op}' Op has type {value.dtype.name} that does not"
                f" match type {dtype.name} of argument 'x'.",
                remedy="tf.cast one of them.",
            )
        return value
    return as_array(value, dtype)


def sizes(shape: Any) -> tuple[int, ...]:
    """A shape as a tuple of numbers.

    Raises:
      TypeError: a size is an array that is not known while JAX traces.
    """
    try:
        if isinstance(shape, np.ndarray):
            return tuple(int(size) for size in shape.reshape(-1))
        if isinstance(shape, int | np.integer):
            return (int(shape),)
        return tuple(int(size) for size in shape)
    except jax.errors.ConcretizationTypeError:
        raise _unknown("A shape") from None


def number(value: Any, what: str = "An axis") -> int:
    """A whole number that has to be known while JAX traces.

    Raises:
      TypeError: it is not known.
    """
    try:
        return int(value)
    except jax.errors.ConcretizationTypeError:
        raise _unknown(what) from None


def _unknown(what: str) -> TypeError:
    return tf_error(
        TypeError,
        f"{what} depends on the values of an array, and JAX needs it when it traces.",
        remedy="Compute it from tf.shape, from numbers, or outside of the model; or pad"
        " to a fixed size, and mask.",
    )


def axes(axis: Any) -> Any:
    """Axes as jax.numpy takes them: None, a number or a tuple."""
    if axis is None or isinstance(axis, int):
        return axis
    if isinstance(axis, list | tuple):
        return tuple(number(a) for a in axis)
    array = np.asarray(axis) if not isinstance(axis, jax.Array) else None
    if array is None:
        return number(axis)
    return tuple(array.tolist()) if array.ndim else int(array)
