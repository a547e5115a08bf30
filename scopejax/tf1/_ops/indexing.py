"""Parts of arrays: slices, rows by number, places by condition."""

from __future__ import annotations

import builtins
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .._tensors.calls import op
from .._tensors.convert import as_array, beside, number, sizes


@op
def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Any:
    """So many numbers from a place on, along each axis; -1 takes all that are left."""
    x = as_array(input_)
    wanted = sizes(size)
    if isinstance(begin, jax.Array) or any(isinstance(b, jax.Array) for b in begin):
        return jax.lax.dynamic_slice(x, list(begin), wanted)
    ends = [
        total if count == -1 else start + count
        for start, count, total in zip(sizes(begin), wanted, x.shape, strict=True)
    ]
    return jax.lax.slice(x, sizes(begin), ends)


@op
def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Any:
    """From, to and in steps, along each axis; bits of the masks leave them out."""
    first, last = sizes(begin), sizes(end)
    steps = sizes(strides) if strides is not None else (1,) * len(first)
    index: list[Any] = []
    for i, (a, b, step) in enumerate(zip(first, last, steps, strict=True)):
        bit = 1 << i
        if bit & ellipsis_mask:
            index.append(Ellipsis)
        elif bit & new_axis_mask:
            index.append(None)
        elif bit & shrink_axis_mask:
            index.append(a)
        else:
            start = None if bit & begin_mask else a
            index.append(builtins.slice(start, None if bit & end_mask else b, step))
    return as_array(input_)[tuple(index)]


@op
def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    name: str | None = None,
    axis: Any = None,
    batch_dims: int = 0,
) -> Any:
    """The rows of these numbers, or what lies there along another axis."""
    x, indices = as_array(params), as_array(indices)
    axis = batch_dims if axis is None else number(axis)
    if not batch_dims:
        return jnp.take(x, indices, axis=axis)
    inner = axis - batch_dims if axis >= 0 else axis

    def take(x: Any, i: Any) -> Any:
        return jnp.take(x, i, axis=inner)

    for _ in range(batch_dims):
        take = jax.vmap(take)
    return take(x, indices)


@op
def gather_nd(
    params: Any, indices: Any, name: str | None = None, batch_dims: int = 0
) -> Any:
    """What lies at these places, whose numbers stand in the last axis."""

    def take(x: Any, i: Any) -> Any:
        return x[tuple(jnp.moveaxis(i, -1, 0))]

    for _ in range(batch_dims):
        take = jax.vmap(take)
    return take(as_array(params), as_array(indices))


@op
def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Any:
    """Zeros, with `updates` added at these places."""
    updates = as_array(updates)
    zeros = jnp.zeros(sizes(shape), updates.dtype)
    return zeros.at[tuple(jnp.moveaxis(as_array(indices), -1, 0))].add(updates)


@op
def boolean_mask(
    tensor: Any, mask: Any, name: str = "boolean_mask", axis: Any = None
) -> Any:
    """Where the mask is true; it has to be known while JAX traces."""
    x, known = as_array(tensor), np.asarray(mask)
    before = (builtins.slice(None),) * number(axis or 0)
    return x[(*before, *known.nonzero())]


@op
def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """`x` where it is true and `y` else; a condition of one axis chooses rows.

    Without `x` and `y` the places where it is true, which have to be known while JAX
    traces.
    """
    condition = as_array(condition)
    if x is None and y is None:
        return jnp.stack(jnp.nonzero(condition), -1).astype(jnp.result_type(int))
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    x, y = beside([as_array(x), y], "Select")
    y = as_array(y, x.dtype)
    if condition.ndim == 1 and max(x.ndim, y.ndim) > 1:
        condition = condition.reshape(-1, *(1,) * (x.ndim - 1))
    return jnp.where(condition, x, y)


where_v2 = where


class TopK(NamedTuple):
    """The greatest numbers, and where they lie."""

    values: Any
    indices: Any


@op
def top_k(input: Any, k: Any = 1, sorted: bool = True, name: str | None = None) -> Any:
    """The `k` greatest numbers of the last axis, and where they lie."""
    return TopK(*jax.lax.top_k(as_array(input), number(k)))


@op
def in_top_k(predictions: Any, targets: Any, k: Any, name: str | None = None) -> Any:
    """Whether a target's prediction is among the `k` greatest."""
    x, targets = as_array(predictions), as_array(targets)
    own = jnp.take_along_axis(x, targets[:, None], axis=1)
    return jnp.sum(x > own, axis=1) < k


@op
def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: Any = None,
    batch_axis: Any = None,
    name: str | None = None,
    seq_dim: Any = None,
    batch_dim: Any = None,
) -> Any:
    """Each sequence backwards, as far as it goes."""
    x, lengths = as_array(input), as_array(seq_lengths)
    time = number(seq_dim if seq_axis is None else seq_axis)
    batch = number((batch_dim or 0) if batch_axis is None else batch_axis)
    moved = jnp.moveaxis(x, (batch, time), (0, 1))
    steps = jnp.arange(moved.shape[1], dtype=lengths.dtype)
    back = jnp.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
    back = back.reshape(*back.shape, *(1,) * (x.ndim - 2))
    return jnp.moveaxis(jnp.take_along_axis(moved, back, axis=1), (0, 1), (batch, time))


@op
def sort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None
) -> Any:
    """In order."""
    return jnp.sort(as_array(values), axis, descending=direction == "DESCENDING")


@op
def argsort(
    values: Any,
    axis: int = -1,
    direction: str = "ASCENDING",
    stable: bool = False,
    name: str | None = None,
) -> Any:
    """The places, in the order of what lies there."""
    found = jnp.argsort(as_array(values), axis, descending=direction == "DESCENDING")
    return found.astype("int32")


@op
def searchsorted(
    sorted_sequence: Any,
    values: Any,
    side: str = "left",
    out_type: Any = "int32",
    name: str | None = None,
) -> Any:
    """Where values belong in a sequence that is in order."""
    found = jnp.searchsorted(as_array(sorted_sequence), as_array(values), side=side)
    return found.astype("int32")
