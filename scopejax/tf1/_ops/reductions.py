"""What makes one number of many: sums, means, extremes, places of extremes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ..._base.tf1_errors import tf_error
from .._tensors.calls import op
from .._tensors.convert import as_array, axes, dtype_of, number

_REDUCED: dict[str, Callable[..., Any]] = {
    "reduce_all": jnp.all,
    "reduce_any": jnp.any,
    "reduce_logsumexp": jax.nn.logsumexp,
    "reduce_max": jnp.max,
    "reduce_mean": jnp.mean,
    "reduce_min": jnp.min,
    "reduce_prod": jnp.prod,
    "reduce_std": jnp.std,
    "reduce_sum": jnp.sum,
    "reduce_variance": jnp.var,
}
_WIDENED = ("reduce_sum", "reduce_prod")  # by jax.numpy, not by TF1
_EXTREMES = {"argmax": jnp.argmax, "argmin": jnp.argmin}


def one_of(new: Any, old: Any, names: tuple[str, str]) -> Any:
    """What was given under a name or under its older one.

    Raises:
      ValueError: it was given under both.
    """
    if old is None:
        return new
    if new is not None:
        raise tf_error(
            ValueError, f"Cannot specify both '{names[1]}' and '{names[0]}'."
        )
    return old


def _reduced(name: str, function: Callable[..., Any]) -> Any:
    name_ = name

    def call(
        input_tensor: Any,
        axis: Any = None,
        keepdims: bool | None = None,
        name: str | None = None,
        reduction_indices: Any = None,
        keep_dims: bool | None = None,
    ) -> Any:
        x = as_array(input_tensor)
        axis = one_of(axis, reduction_indices, ("axis", "reduction_indices"))
        keep = bool(one_of(keepdims, keep_dims, ("keepdims", "keep_dims")))
        more = {"promote_integers": False} if name_ in _WIDENED else {}
        if name_ == "reduce_mean" and jnp.issubdtype(x.dtype, jnp.integer):
            total = jnp.sum(x, axes(axis), keepdims=keep, promote_integers=False)
            return jax.lax.div(total, total.dtype.type(x.size // max(total.size, 1)))
        return function(x, axes(axis), keepdims=keep, **more)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = (
        f"`{function.__name__}` over axes; `keepdims` leaves them with size 1."
    )
    return op(call)


def _place(name: str, function: Callable[..., Any]) -> Any:
    def call(
        input: Any,
        axis: Any = None,
        name: str | None = None,
        dimension: Any = None,
        output_type: Any = "int64",
    ) -> Any:
        axis = one_of(axis, dimension, ("axis", "dimension"))
        found = function(as_array(input), axis=0 if axis is None else number(axis))
        return found.astype(dtype_of(output_type))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = "Where the extreme lies along an axis, which is 0 if it is left out."
    return op(call)


OPS = {name: _reduced(name, function) for name, function in _REDUCED.items()}
OPS |= {name: _place(name, function) for name, function in _EXTREMES.items()}
OPS |= {"arg_max": OPS["argmax"], "arg_min": OPS["argmin"]}


@op
def count_nonzero(
    input_tensor: Any = None,
    axis: Any = None,
    keepdims: bool | None = None,
    dtype: Any = "int64",
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
    input: Any = None,
) -> Any:
    """How many numbers are not 0."""
    x = as_array(one_of(input_tensor, input, ("input_tensor", "input")))
    axis = one_of(axis, reduction_indices, ("axis", "reduction_indices"))
    keep = bool(one_of(keepdims, keep_dims, ("keepdims", "keep_dims")))
    return jnp.sum(x != 0, axes(axis), keepdims=keep, dtype=dtype_of(dtype))


def _segments(name: str, function: Callable[..., Any], sorted_ids: bool) -> Any:
    if sorted_ids:

        def of_sorted(data: Any, segment_ids: Any, name: str | None = None) -> Any:
            ids = as_array(segment_ids)
            count = number(jnp.max(jnp.asarray(ids)), "The greatest id") + 1
            return function(as_array(data), ids, count, indices_are_sorted=True)

        call: Any = of_sorted
    else:

        def of_any(
            data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
        ) -> Any:
            return function(as_array(data), as_array(segment_ids), number(num_segments))

        call = of_any
    call.__name__ = call.__qualname__ = name
    call.__doc__ = "Of the rows that share a number, one result for each number."
    return op(call)


for _kind in ("sum", "max", "min", "prod"):
    _function = getattr(jax.ops, f"segment_{_kind}")
    for _prefix, _sorted in (("", True), ("unsorted_", False)):
        _name = f"{_prefix}segment_{_kind}"
        OPS[_name] = _segments(_name, _function, _sorted)
