"""What one equation costs: rules in tables, primitive -> floating-point operations.

They follow XLA's own analysis: a multiply and an add are two; what makes an element
from others, whatever it is, is one for each of its results; what moves data is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Cost(NamedTuple):
    """Of one run of an equation.

    Attributes:
      flops: floating-point operations.
      nbytes: of variables it reads and of results it writes.
      is_known: False for code that nobody can look into.
    """

    flops: int
    nbytes: int
    is_known: bool = True


def cost_of(eqn: Any, read: int) -> Cost:
    """The cost of an equation that reads `read` bytes of variables."""
    name = eqn.primitive.name
    written = 0 if name in VIEWS else sum(map(nbytes_of, _outputs(eqn)))
    return Cost(_flops(eqn), read + written, name not in OPAQUE)


def _flops(eqn: Any) -> int:
    name = eqn.primitive.name
    if name in FREE:
        return 0
    rule = _RULES.get(name, _one_each)
    try:
        return int(rule(eqn))
    except (AttributeError, KeyError, TypeError, IndexError):  # no array of numbers
        return 0


def _inputs(eqn: Any) -> list[Any]:
    return [atom.aval for atom in eqn.invars]


def _outputs(eqn: Any) -> list[Any]:
    return [var.aval for var in eqn.outvars]


def nbytes_of(aval: Any) -> int:
    """The bytes of an array; none for what is not one of numbers."""
    try:
        return _size(aval) * int(aval.dtype.itemsize)
    except (AttributeError, TypeError):
        return 0


def _size(aval: Any) -> int:
    return math.prod(map(int, aval.shape))


def _one_each(eqn: Any) -> int:
    """One for each element of the largest result."""
    return max(map(_size, _outputs(eqn)), default=0)


def _one_each_read(eqn: Any) -> int:
    return _size(_inputs(eqn)[0])


def _scattered(eqn: Any) -> int:
    """One for each update."""
    return _size(_inputs(eqn)[-1])


def _dot(eqn: Any) -> int:
    (contracted, _), _ = eqn.params["dimension_numbers"]
    left = _inputs(eqn)[0].shape
    return 2 * _one_each(eqn) * math.prod(int(left[axis]) for axis in contracted)


def _ragged_dot(eqn: Any) -> int:
    """Each row is multiplied by one group's matrix."""
    rows, matrices = _inputs(eqn)[:2]
    return 2 * _size(rows) * int(matrices.shape[-1])


def _conv(eqn: Any) -> int:
    """Two for each product; what falls on the padding is none."""
    params = eqn.params
    (left, right), (out,) = _inputs(eqn), _outputs(eqn)
    numbers = params["dimension_numbers"]
    products = 1
    for i, axis in enumerate(numbers.lhs_spec[2:]):
        products *= _overlaps(
            left.shape[axis],
            right.shape[numbers.rhs_spec[2 + i]],
            out.shape[numbers.out_spec[2 + i]],
            params["window_strides"][i],
            params["padding"][i][0],
            params["lhs_dilation"][i],
            params["rhs_dilation"][i],
        )
    batch = left.shape[numbers.lhs_spec[0]] // params["batch_group_count"]
    features, inner = (right.shape[axis] for axis in numbers.rhs_spec[:2])
    return 2 * products * int(batch * features * inner)


def _overlaps(
    size: int,
    kernel: int,
    out: int,
    stride: int,
    padding: int,
    dilation: int,
    kernel_dilation: int,
) -> int:
    """How many pairs of a result and a kernel's element fall on an input's element."""
    count = 0
    for k in range(kernel):
        offset = k * kernel_dilation - padding
        places = (o * stride + offset for o in range(out))
        count += sum(
            0 <= p <= (size - 1) * dilation and not p % dilation for p in places
        )
    return count


def _window(eqn: Any) -> int:
    return _one_each(eqn) * math.prod(map(int, eqn.params["window_dimensions"]))


def _sort(eqn: Any) -> int:
    count = _one_each_read(eqn)
    length = _inputs(eqn)[0].shape[eqn.params["dimension"]]
    return count * max(1, math.ceil(math.log2(max(length, 2))))


def _fft(eqn: Any) -> int:
    size = math.prod(eqn.params["fft_lengths"])
    return int(5 * _one_each(eqn) * math.log2(max(size, 2)))


def _cubic(factor: float) -> Callable[[Any], int]:
    """`factor` times rows, columns and the smaller of both, for each matrix."""

    def rule(eqn: Any) -> int:
        *batch, rows, columns = _inputs(eqn)[0].shape
        return int(factor * math.prod(batch) * rows * columns * min(rows, columns))

    return rule


def _solve(eqn: Any) -> int:
    matrix, right = _inputs(eqn)[:2]
    return int(math.prod(right.shape) * matrix.shape[-1])


_REDUCTIONS = (
    *("reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "reduce_and"),
    *("reduce_or", "reduce_xor", "reduce", "argmax", "argmin", "top_k"),
)
_WINDOWS = (
    *("reduce_window", "reduce_window_sum", "reduce_window_max", "reduce_window_min"),
    "select_and_gather_add",
)
_SCATTERS = (
    *("scatter", "scatter-add", "scatter-sub", "scatter-mul"),
    *("scatter-min", "scatter-max"),
)
_RULES: Mapping[str, Callable[[Any], int]] = {
    "dot_general": _dot,
    "ragged_dot_general": _ragged_dot,
    "conv_general_dilated": _conv,
    "sort": _sort,
    "fft": _fft,
    "cholesky": _cubic(1 / 3),
    "lu": _cubic(2 / 3),
    "qr": _cubic(2),
    "geqrf": _cubic(2),
    "eigh": _cubic(9),
    "svd": _cubic(12),
    "triangular_solve": _solve,
    **dict.fromkeys(_REDUCTIONS, _one_each_read),
    **dict.fromkeys(_WINDOWS, _window),
    **dict.fromkeys(_SCATTERS, _scattered),
}

# Another view of the same numbers: nothing is written, either.
VIEWS = frozenset(
    {
        *("reshape", "broadcast_in_dim", "broadcast_to", "squeeze", "stop_gradient"),
        *("optimization_barrier", "name", "sharding_constraint", "layout_constraint"),
        *("reshard", "pvary", "reduced_vary_cast_p", "with_memory_space_constraint"),
        *("random_wrap", "random_unwrap", "random_fold_in", "random_seed"),
        *("random_split", "random_clone", "to_edtype", "from_edtype", "empty"),
        *("empty2", "empty_ref", "new_ref", "free_ref", "freeze", "get"),
        *("create_token", "after_all", "debug_callback", "debug_print"),
    }
)
FREE = VIEWS | {
    *("transpose", "convert_element_type", "copy", "slice", "concatenate", "pad"),
    *("gather", "dynamic_slice", "dynamic_update_slice", "rev", "iota", "real"),
    *("imag", "bitcast_convert_type", "device_put", "reduce_precision", "swap"),
    *("all_gather", "all_to_all", "ppermute", "axis_index", "split", "tile"),
    *("stack", "unstack", "zeros_like"),
}
# Code that is no program of JAX.
OPAQUE = frozenset(
    {
        *("pure_callback", "io_callback", "ffi_call", "pallas_call", "core_map"),
        *("run_state", "custom_partitioning", "custom_linear_solve", "cudnn_fusion"),
        *("dot_product_attention_fwd_wrapper", "dot_product_attention_bwd_wrapper"),
        *("dot_product_attention_fp8_fwd_wrapper", "scaled_matmul_wrapper"),
        *("dot_product_attention_fp8_bwd_wrapper", "call_exported"),
    }
)
