"""Separable convolutions of contrib.layers."""

from __future__ import annotations

from typing import Any

from .._initial.fixed import zeros_initializer
from .._layers.transposed import SeparableConv2D
from .._ops.convolutions import depthwise_conv2d
from .._ops.elementwise import OPS
from .._ops.making import convert_to_tensor
from .._ops.normalizing import bias_add
from .._scopes.scopes import variable_scope
from .arg_scope import add_arg_scope
from .convolutional import normalized
from .initializers import xavier_initializer
from .outputs import finished, require_order, two_element_tuple
from .variables import (
    add_to_its_collections,
    collections_of,
    getter_of_model_variables,
    model_variable,
)

_RELU = OPS["relu"]


@add_arg_scope
def separable_convolution2d(
    inputs: Any,
    num_outputs: int | None,
    kernel_size: Any,
    depth_multiplier: int = 1,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str = "NHWC",
    rate: Any = 1,
    activation_fn: Any = _RELU,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    pointwise_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = zeros_initializer,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """A convolution of each channel, and of points unless `num_outputs` is None."""
    names = {"bias": "biases"} | {
        f"{kind}_kernel": f"{kind}_weights" for kind in ("depthwise", "pointwise")
    }
    weights_initializer = weights_initializer or xavier_initializer()
    with variable_scope(
        scope,
        "SeparableConv2d",
        [inputs],
        reuse=reuse,
        custom_getter=getter_of_model_variables(names),
    ) as within:
        inputs = convert_to_tensor(inputs)
        given = {
            "initializer": weights_initializer,
            "regularizer": weights_regularizer,
            "trainable": trainable,
            "collections": collections_of(variables_collections, "weights"),
        }
        if num_outputs is None:
            found = _depthwise_alone(
                inputs,
                kernel_size,
                depth_multiplier,
                stride,
                padding,
                data_format,
                rate,
                given,
            )
            if normalizer_fn is not None:
                found = normalizer_fn(found, **(normalizer_params or {}))
            elif biases_initializer is not None:
                biases = model_variable(
                    "biases",
                    [found.shape[1 if data_format == "NCHW" else -1]],
                    initializer=biases_initializer,
                    regularizer=biases_regularizer,
                    trainable=trainable,
                    collections=collections_of(variables_collections, "biases"),
                )
                found = bias_add(found, biases, data_format)
            return finished(found, activation_fn, outputs_collections, within.name)
        layer = SeparableConv2D(
            filters=num_outputs,
            kernel_size=kernel_size,
            strides=stride,
            padding=padding,
            data_format=require_order(data_format),
            dilation_rate=two_element_tuple(rate),
            depth_multiplier=depth_multiplier,
            use_bias=bool(not normalizer_fn and biases_initializer),
            depthwise_initializer=weights_initializer,
            pointwise_initializer=pointwise_initializer or weights_initializer,
            bias_initializer=biases_initializer,
            depthwise_regularizer=weights_regularizer,
            pointwise_regularizer=weights_regularizer,
            bias_regularizer=biases_regularizer,
            trainable=trainable,
            name=within.name,
            dtype=inputs.dtype,
            _scope=within,
            _reuse=reuse,
        )
        found = layer(inputs)
        for kernel in (layer.depthwise_kernel, layer.pointwise_kernel):
            add_to_its_collections(kernel, variables_collections, "weights")
        found = normalized(
            found, layer, normalizer_fn, normalizer_params, variables_collections
        )
        return finished(found, activation_fn, outputs_collections, within.name)


separable_conv2d = separable_convolution2d


def _depthwise_alone(
    inputs: Any,
    kernel_size: Any,
    many: int,
    stride: Any,
    padding: str,
    data_format: str,
    rate: Any,
    given: dict[str, Any],
) -> Any:
    first = data_format == "NCHW"
    channels = inputs.shape[1 if first else -1]
    shape = [*two_element_tuple(kernel_size), channels, many]
    weights = model_variable("depthwise_weights", shape, inputs.dtype, **given)
    steps = two_element_tuple(stride)
    strides = [1, 1, *steps] if first else [1, *steps, 1]
    rate = two_element_tuple(rate)
    return depthwise_conv2d(
        inputs, weights, strides, padding, rate, data_format=data_format
    )
