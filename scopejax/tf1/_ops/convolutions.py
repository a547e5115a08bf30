"""Convolutions, in TF1's orders of axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ..._base.tf1_errors import tf_error
from .._tensors.calls import op
from .._tensors.convert import as_array, beside, sizes
from .reductions import one_of

_SPACES = {1: "W", 2: "HW", 3: "DHW"}


def spatial(given: Any, axes: int, data_format: str) -> tuple[int, ...]:
    """Sizes along the axes of space: of one number, of those, or of all axes."""
    if isinstance(given, int):
        return (given,) * axes
    found = sizes(given)
    if len(found) == 1:
        return found * axes
    if len(found) == axes:
        return found
    return found[2:] if data_format.startswith("NC") else found[1:-1]


def _padding(padding: Any, axes: int, data_format: str) -> Any:
    if isinstance(padding, str):
        if padding.upper() not in ("SAME", "VALID"):
            raise tf_error(
                ValueError,
                "Value for attr 'padding' of \"" + padding + '" is not in the list of'
                ' allowed values: "SAME", "VALID"',
            )
        return padding.upper()
    pairs = [tuple(sizes(pair)) for pair in padding]
    return pairs[2:] if data_format.startswith("NC") else pairs[1:-1]


def convolved(
    x: Any,
    kernel: Any,
    strides: Any,
    padding: Any,
    data_format: str | None,
    dilations: Any = None,
    groups: int = 1,
) -> Any:
    """The convolution of any number of axes, which are in TF1's order."""
    x, kernel = beside([as_array(x), kernel], "Conv")
    kernel = as_array(kernel)
    axes = x.ndim - 2
    space = _SPACES[axes]
    order = data_format or f"N{space}C"
    return jax.lax.conv_general_dilated(
        x,
        kernel,
        spatial(1 if strides is None else strides, axes, order),
        _padding(padding, axes, order),
        rhs_dilation=spatial(dilations or 1, axes, order),
        dimension_numbers=(order, f"{space}IO", order),
        feature_group_count=groups,
    )


@op
def conv1d(
    value: Any = None,
    filters: Any = None,
    stride: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: Any = None,
    data_format: str | None = None,
    name: str | None = None,
    input: Any = None,
    dilations: Any = None,
) -> Any:
    """A convolution along one axis: of NWC, or of ``data_format="NCW"``."""
    order = {"NHWC": "NWC", "NCHW": "NCW"}.get(data_format or "NWC", data_format)
    x = one_of(value, input, ("value", "input"))
    return convolved(x, filters, stride, padding, order, dilations)


@op
def conv2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Any:
    """A convolution of pictures, NHWC or NCHW, with a kernel HWIO."""
    kernel = one_of(filter, filters, ("filter", "filters"))
    return convolved(input, kernel, strides, padding, data_format, dilations)


@op
def conv3d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    data_format: str = "NDHWC",
    dilations: Any = (1, 1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Any:
    """A convolution of volumes, NDHWC or NCDHW."""
    kernel = one_of(filter, filters, ("filter", "filters"))
    return convolved(input, kernel, strides, padding, data_format, dilations)


@op
def convolution(
    input: Any,
    filter: Any,
    padding: Any,
    strides: Any = None,
    dilation_rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Any:
    """A convolution of one to three axes."""
    kernel = one_of(filter, filters, ("filter", "filters"))
    rate = one_of(dilation_rate, dilations, ("dilation_rate", "dilations"))
    return convolved(input, kernel, strides, padding, data_format, rate)


@op
def atrous_conv2d(
    value: Any, filters: Any, rate: int, padding: Any, name: str | None = None
) -> Any:
    """A convolution with holes."""
    return convolved(value, filters, 1, padding, "NHWC", rate)


@op
def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Any:
    """A convolution of each channel for itself, with a kernel HWCM."""
    return _depthwise(input, filter, strides, padding, dilations or rate, data_format)


depthwise_conv2d_native = depthwise_conv2d


def _depthwise(
    x: Any, kernel: Any, strides: Any, padding: Any, rate: Any, order: str | None
) -> Any:
    h, w, channels, many = as_array(kernel).shape
    kernel = jnp.reshape(as_array(kernel), (h, w, 1, channels * many))
    return convolved(x, kernel, strides, padding, order, rate, channels)


@op
def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: Any,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Any:
    """`depthwise_conv2d`, and then a convolution of single points."""
    rate = dilations or rate
    x = _depthwise(input, depthwise_filter, strides, padding, rate, data_format)
    return convolved(x, pointwise_filter, 1, "VALID", data_format)


def transposed(
    value: Any,
    kernel: Any,
    output_shape: Sequence[int],
    strides: Any,
    padding: Any,
    data_format: str | None,
) -> Any:
    """What `convolved` does to a gradient: the way back to `output_shape`."""
    value, kernel = beside([as_array(value), kernel], "ConvBackpropInput")
    struct: Any = jax.ShapeDtypeStruct
    before = struct(tuple(output_shape), value.dtype)

    def forth(x: Any) -> Any:
        return convolved(x, kernel, strides, padding, data_format)

    after = jax.eval_shape(forth, before)
    if after.shape != value.shape:
        raise tf_error(
            ValueError,
            f"A convolution of {tuple(output_shape)} gives {after.shape}, not"
            f" {value.shape}: output_shape is another.",
        )
    (found,) = jax.linear_transpose(forth, before)(value)
    return found


@op
def conv2d_transpose(
    value: Any = None,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Any:
    """The transpose of `conv2d`, with a kernel HWOI."""
    x = one_of(value, input, ("value", "input"))
    kernel = one_of(filter, filters, ("filter", "filters"))
    return transposed(x, kernel, sizes(output_shape), strides, padding, data_format)


deconv2d = conv2d_transpose


@op
def conv3d_transpose(
    value: Any,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str = "NDHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Any:
    """The transpose of `conv3d`."""
    x = one_of(value, input, ("value", "input"))
    kernel = one_of(filter, filters, ("filter", "filters"))
    return transposed(x, kernel, sizes(output_shape), strides, padding, data_format)
