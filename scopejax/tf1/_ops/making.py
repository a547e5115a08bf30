"""Arrays made of sizes and numbers, and casts."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._tensors.calls import maker, op, plain, wrapped
from .._tensors.convert import as_array, dtype_of, number, sizes
from .._tensors.tensor import Tensor, is_static
from .._words.dtypes import as_tf


@maker
def zeros(shape: Any, dtype: Any = "float32", name: str | None = None) -> Any:
    """Zeros."""
    return jnp.zeros(sizes(shape), dtype_of(dtype))


@maker
def ones(shape: Any, dtype: Any = "float32", name: str | None = None) -> Any:
    """Ones."""
    return jnp.ones(sizes(shape), dtype_of(dtype))


@maker
def fill(dims: Any, value: Any, name: str | None = None) -> Any:
    """One number, everywhere."""
    return jnp.full(sizes(dims), as_array(value))


@maker
def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = "float32",
    name: str | None = None,
) -> Any:
    """Ones on the diagonal, and zeros."""
    columns = None if num_columns is None else number(num_columns)
    matrix = jnp.eye(number(num_rows), columns, dtype=dtype_of(dtype))
    if batch_shape is None:
        return matrix
    return jnp.broadcast_to(matrix, (*sizes(batch_shape), *matrix.shape))


def _like(value: Any, dtype: Any) -> Any:
    return None if dtype is None else dtype_of(dtype)


@op
def zeros_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Any:
    """Zeros of the same shape and dtype."""
    return jnp.zeros_like(as_array(tensor), _like(tensor, dtype))


@op
def ones_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Any:
    """Ones of the same shape and dtype."""
    return jnp.ones_like(as_array(tensor), _like(tensor, dtype))


def range(
    start: Any,
    limit: Any = None,
    delta: Any = 1,
    dtype: Any = None,
    name: str = "range",
) -> Any:
    """Numbers in order; of known ones they are known while JAX traces."""
    start, limit, delta = plain((start, limit, delta))
    start, limit = (0, start) if limit is None else (start, limit)
    known = [as_array(value) for value in (start, limit, delta)]
    kind = dtype_of(dtype) if dtype is not None else np.result_type(*known)
    return Tensor(np.arange(*[x.item() for x in known], dtype=kind), name)


@maker
def linspace(start: Any, stop: Any, num: Any, name: str | None = None) -> Any:
    """So many numbers at equal distances, both ends among them."""
    return jnp.linspace(as_array(start), as_array(stop), number(num))


@op
def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """The numbers in another dtype."""
    array, kind = as_array(x), dtype_of(dtype)
    return array if array.dtype == kind else array.astype(kind)


def _caster(name: str, dtype: str) -> Any:
    def call(x: Any, name: str = name) -> Any:
        return cast(x, dtype, name=name)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`cast` to {dtype}."
    return call


OPS = {
    f"to_{name}": _caster(f"to_{name}", dtype)
    for name, dtype in {
        "float": "float32",
        "double": "float64",
        "int32": "int32",
        "int64": "int64",
        "bfloat16": "bfloat16",
        "complex64": "complex64",
    }.items()
}


@op
def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Any:
    """The numbers in another dtype, those that don't fit cut off."""
    kind = dtype_of(dtype)
    least, most = as_tf(kind).limits
    return jnp.clip(as_array(value), least, most).astype(kind)


def convert_to_tensor(
    value: Any,
    dtype: Any = None,
    name: str | None = None,
    preferred_dtype: Any = None,
    dtype_hint: Any = None,
) -> Any:
    """A tensor of numbers, lists or arrays.

    Raises:
      ValueError: it is a tensor of another dtype.
    """
    if isinstance(value, Tensor) and dtype is None:
        return value
    known = is_static(value)
    array = as_array(plain(value), dtype)
    return wrapped(np.asarray(array) if known else array, name or "Const")


convert_to_tensor_or_sparse_tensor = convert_to_tensor


@op
def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: Any = None,
    dtype: Any = None,
    name: str | None = None,
) -> Any:
    """`on_value` at these places of a new axis, the last one, and `off_value` else."""
    kind = dtype_of("float32" if dtype is None else dtype)
    for value in (off_value, on_value):
        kind = kind if value is None or dtype is not None else as_array(value).dtype
    axis = -1 if axis is None else axis
    places, depth = as_array(indices), number(depth)
    if on_value is None and off_value is None:
        return jax.nn.one_hot(places, depth, dtype=kind, axis=axis)
    found = jax.nn.one_hot(places, depth, dtype=bool, axis=axis)
    on, off = 1 if on_value is None else on_value, 0 if off_value is None else off_value
    return jnp.where(found, as_array(on, kind), as_array(off, kind))


@op
def sequence_mask(
    lengths: Any, maxlen: Any = None, dtype: Any = "bool", name: str | None = None
) -> Any:
    """Whether a place lies within the first so many."""
    lengths = as_array(lengths)
    count = number(jnp.max(lengths) if maxlen is None else maxlen, "maxlen")
    mask = jnp.arange(count, dtype=lengths.dtype) < lengths[..., None]
    return mask.astype(dtype_of(dtype))


@op
def invert_permutation(x: Any, name: str | None = None) -> Any:
    """The permutation that takes `x` back."""
    given = as_array(x)
    return jnp.argsort(given).astype(given.dtype)


@op
def complex(real: Any, imag: Any, name: str | None = None) -> Any:
    """Complex numbers of their parts."""
    return jax.lax.complex(as_array(real), as_array(imag))
