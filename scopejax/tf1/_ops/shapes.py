"""Shapes: asked for, changed, joined, split, padded."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._base.tf1_errors import tf_error
from .._tensors.calls import op
from .._tensors.convert import as_array, beside, dtype_of, number, sizes
from .._tensors.tensor import Tensor
from .._words.shape import TensorShape
from .reductions import one_of


def shape(input: Any, name: str | None = None, out_type: Any = "int32") -> Tensor:
    """The sizes, as a tensor that is known while JAX traces."""
    found = np.array(np.shape(_array(input)), dtype_of(out_type))
    return Tensor(found, name or "Shape")


def shape_n(input: Any, out_type: Any = "int32", name: str | None = None) -> Any:
    """The sizes of each array of a list."""
    return [shape(item, name, out_type) for item in input]


def size(input: Any, name: str | None = None, out_type: Any = "int32") -> Tensor:
    """How many numbers there are, known while JAX traces."""
    return Tensor(np.array(np.size(_array(input)), dtype_of(out_type)), name or "Size")


def rank(input: Any, name: str | None = None) -> Tensor:
    """How many axes there are, known while JAX traces."""
    return Tensor(np.array(np.ndim(_array(input)), "int32"), name or "Rank")


def _array(value: Any) -> Any:
    if hasattr(value, "value") and not isinstance(value, int):
        value = value.value()
    return value if isinstance(value, jax.Array) else as_array(value)


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The shape that two shapes broadcast to."""
    return TensorShape(np.broadcast_shapes(tuple(shape_x), tuple(shape_y)))


@op
def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Any:
    """The shape that two shapes broadcast to."""
    found = np.broadcast_shapes(sizes(shape_x), sizes(shape_y))
    return np.asarray(found, "int32")


@op
def reshape(tensor: Any, shape: Any, name: str | None = None) -> Any:
    """Another shape; one size may be -1."""
    return jnp.reshape(as_array(tensor), sizes(shape))


@op
def transpose(
    a: Any, perm: Any = None, name: str = "transpose", conjugate: bool = False
) -> Any:
    """The axes in another order, backwards by default."""
    turned = jnp.transpose(as_array(a), None if perm is None else sizes(perm))
    return jnp.conj(turned) if conjugate else turned


@op
def squeeze(
    input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None
) -> Any:
    """Without the axes of size 1, or those that are named."""
    axis = one_of(axis, squeeze_dims, ("axis", "squeeze_dims"))
    return jnp.squeeze(as_array(input), sizes(axis) if axis not in (None, []) else None)


@op
def expand_dims(
    input: Any, axis: Any = None, name: str | None = None, dim: Any = None
) -> Any:
    """With an axis of size 1 more."""
    axis = one_of(axis, dim, ("axis", "dim"))
    if axis is None:
        raise ValueError("Must specify an axis argument to tf.expand_dims()")
    return jnp.expand_dims(as_array(input), number(axis))


@op
def concat(values: Any, axis: Any, name: str = "concat") -> Any:
    """Arrays, joined along an axis."""
    if not isinstance(values, list | tuple):
        return as_array(values)
    return jnp.concatenate(_alike(values, "ConcatV2"), axis=number(axis))


def concat_v2(values: Any, axis: Any, name: str = "concat_v2") -> Any:
    """An older name of `concat`."""
    return concat(values, axis, name)


@op
def stack(values: Any, axis: int = 0, name: str = "stack") -> Any:
    """Arrays, joined along a new axis."""
    if not isinstance(values, list | tuple):
        return as_array(values)
    return jnp.stack(_alike(values, "Pack"), axis=axis)


def _alike(values: Any, op: str) -> list[Any]:
    return [as_array(value) for value in beside([*map(_numbers, values)], op)]


def _numbers(value: Any) -> Any:
    return as_array(value) if isinstance(value, list | tuple) else value


@op
def unstack(
    value: Any, num: int | None = None, axis: int = 0, name: str = "unstack"
) -> Any:
    """The list of what lies along an axis."""
    x = as_array(value)
    if num is not None and num != x.shape[axis]:
        raise tf_error(ValueError, f"Expected {num} but got {x.shape[axis]} to unstack")
    parts = jnp.split(x, x.shape[axis], axis) if x.shape[axis] else []
    return [jnp.squeeze(part, axis) for part in parts]


@op
def split(
    value: Any,
    num_or_size_splits: Any,
    axis: Any = 0,
    num: int | None = None,
    name: str = "split",
) -> Any:
    """Parts along an axis: so many of one size, or of these sizes; one may be -1.

    Raises:
      ValueError: the axis cannot be split like this.
    """
    x, axis = as_array(value), number(axis)
    if np.ndim(num_or_size_splits) == 0:
        count = number(num_or_size_splits)
        if x.shape[axis] % count:
            raise tf_error(
                ValueError,
                f"Dimension size must be evenly divisible by {count} but is"
                f" {x.shape[axis]}",
            )
        return list(jnp.split(x, count, axis))
    parts = list(sizes(num_or_size_splits))
    if -1 in parts:
        parts[parts.index(-1)] = x.shape[axis] - sum(parts) - 1
    if sum(parts) != x.shape[axis]:
        raise tf_error(
            ValueError,
            f"Sizes {parts} of the parts don't sum to the size {x.shape[axis]} of axis"
            f" {axis}",
        )
    return list(jnp.split(x, np.cumsum(parts)[:-1].tolist(), axis))


@op
def tile(input: Any, multiples: Any, name: str | None = None) -> Any:
    """Repeated, so many times along each axis."""
    return jnp.tile(as_array(input), sizes(multiples))


@op
def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Any:
    """Repeated along the axes of size 1 up to a shape."""
    return jnp.broadcast_to(as_array(input), sizes(shape))


@op
def pad(
    tensor: Any,
    paddings: Any,
    mode: str = "CONSTANT",
    name: str | None = None,
    constant_values: Any = 0,
) -> Any:
    """So many numbers more before and behind, along each axis.

    Raises:
      ValueError: there is no such mode.
    """
    x, mode = as_array(tensor), mode.upper()
    widths = [sizes(pair) for pair in paddings]
    if mode == "CONSTANT":
        return jnp.pad(x, widths, constant_values=constant_values)
    if mode not in ("REFLECT", "SYMMETRIC"):
        raise tf_error(
            ValueError,
            f"Value of argument `mode` expected to be one of"
            f" ['CONSTANT', 'REFLECT', 'SYMMETRIC']. Received `mode` = {mode}",
        )
    return jnp.pad(x, widths, mode=mode.lower())


@op
def reverse(tensor: Any, axis: Any, name: str | None = None) -> Any:
    """Backwards along axes."""
    return jnp.flip(as_array(tensor), sizes(axis))


@op
def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Any:
    """Shifted round along axes."""
    return jnp.roll(as_array(input), shift, axis)


@op
def meshgrid(*args: Any, **kwargs: Any) -> Any:
    """Grids of coordinates; `indexing` is ``"xy"`` or ``"ij"``."""
    arrays = [as_array(arg) for arg in args]
    return list(jnp.meshgrid(*arrays, indexing=kwargs.get("indexing", "xy")))


@op
def space_to_depth(
    input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC"
) -> Any:
    """Blocks of a picture, as channels."""
    n, h, w, c = as_array(input).shape
    b = block_size
    x = jnp.reshape(input, (n, h // b, b, w // b, b, c))
    return jnp.reshape(x.transpose(0, 1, 3, 2, 4, 5), (n, h // b, w // b, b * b * c))


@op
def depth_to_space(
    input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC"
) -> Any:
    """Channels, as blocks of a picture."""
    n, h, w, c = as_array(input).shape
    b = block_size
    x = jnp.reshape(input, (n, h, w, b, b, c // (b * b)))
    return jnp.reshape(x.transpose(0, 1, 3, 2, 4, 5), (n, h * b, w * b, c // (b * b)))
