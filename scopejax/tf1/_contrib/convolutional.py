"""Convolutions and pooling of contrib.layers."""

from __future__ import annotations

from typing import Any

from ..._base.tf1_errors import tf_error
from .._initial.fixed import zeros_initializer
from .._layers.base import Layer
from .._layers.convolutional import Conv1D, Conv2D, Conv3D
from .._layers.pooling import AveragePooling2D, MaxPooling2D
from .._layers.transposed import Conv2DTranspose
from .._ops.elementwise import OPS
from .._ops.making import convert_to_tensor
from .._scopes.name_scopes import name_scope
from .._scopes.scopes import variable_scope
from .arg_scope import add_arg_scope
from .initializers import xavier_initializer
from .outputs import collect_named_outputs, finished, require_order
from .variables import add_to_its_collections, getter_of_model_variables

_RELU = OPS["relu"]
_LAYERS: dict[int, type[Layer]] = {3: Conv1D, 4: Conv2D, 5: Conv3D}
_RENAMED = {"bias": "biases", "kernel": "weights"}


def normalized(
    outputs: Any, layer: Any, normalizer: Any, params: Any, collections: Any
) -> Any:
    """A layer's outputs by the normalizer, its variables in their collections."""
    if hasattr(layer, "kernel"):
        add_to_its_collections(layer.kernel, collections, "weights")
    if layer.bias is not None:
        add_to_its_collections(layer.bias, collections, "biases")
    return outputs if normalizer is None else normalizer(outputs, **(params or {}))


@add_arg_scope
def convolution(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: Any = 1,
    activation_fn: Any = _RELU,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = zeros_initializer,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
    conv_dims: int | None = None,
) -> Any:
    """A convolution along as many axes as the inputs have, with relu.

    Raises:
      ValueError: there is no such format, or the inputs have other axes.
    """
    formats = [None, "NWC", "NCW", "NHWC", "NCHW", "NDHWC", "NCDHW"]
    if data_format not in formats:
        raise tf_error(ValueError, f"Invalid data_format: {data_format!r}")
    getter = getter_of_model_variables(_RENAMED)
    with variable_scope(
        scope, "Conv", [inputs], reuse=reuse, custom_getter=getter
    ) as within:
        inputs = convert_to_tensor(inputs)
        rank = len(inputs.shape)
        if rank not in _LAYERS or conv_dims not in (None, rank - 2):
            raise tf_error(
                ValueError,
                f"Convolution expects input with rank {(conv_dims or 2) + 2}, got"
                f" {rank}",
            )
        first = data_format is not None and data_format.startswith("NC")
        layer = _LAYERS[rank](
            filters=num_outputs,
            kernel_size=kernel_size,
            strides=stride,
            padding=padding,
            data_format="channels_first" if first else "channels_last",
            dilation_rate=rate,
            use_bias=bool(not normalizer_fn and biases_initializer),
            kernel_initializer=weights_initializer or xavier_initializer(),
            bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer,
            bias_regularizer=biases_regularizer,
            trainable=trainable,
            name=within.name,
            dtype=inputs.dtype,
            _scope=within,
            _reuse=reuse,
        )
        found = normalized(
            layer(inputs),
            layer,
            normalizer_fn,
            normalizer_params,
            variables_collections,
        )
        return finished(found, activation_fn, outputs_collections, within.name)


def _of_rank(axes: int) -> Any:
    def call(
        inputs: Any, num_outputs: int, kernel_size: Any, *args: Any, **kwargs: Any
    ) -> Any:
        made: Any = convolution
        return made(inputs, num_outputs, kernel_size, *args, conv_dims=axes, **kwargs)

    call.__name__ = call.__qualname__ = f"convolution{axes}d"
    call.__module__ = __name__
    call.__doc__ = f"`convolution` along {axes} axes."
    return add_arg_scope(call)


convolution1d = conv1d = _of_rank(1)
convolution2d = conv2d = _of_rank(2)
convolution3d = conv3d = _of_rank(3)


@add_arg_scope
def convolution2d_transpose(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str = "NHWC",
    activation_fn: Any = _RELU,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = zeros_initializer,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """A transposed convolution of pictures, with relu."""
    getter = getter_of_model_variables(_RENAMED)
    with variable_scope(
        scope, "Conv2d_transpose", [inputs], reuse=reuse, custom_getter=getter
    ) as within:
        inputs = convert_to_tensor(inputs)
        layer = Conv2DTranspose(
            filters=num_outputs,
            kernel_size=kernel_size,
            strides=stride,
            padding=padding,
            data_format=require_order(data_format),
            use_bias=bool(not normalizer_fn and biases_initializer),
            kernel_initializer=weights_initializer or xavier_initializer(),
            bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer,
            bias_regularizer=biases_regularizer,
            trainable=trainable,
            name=within.name,
            dtype=inputs.dtype,
            _scope=within,
            _reuse=reuse,
        )
        found = normalized(
            layer(inputs),
            layer,
            normalizer_fn,
            normalizer_params,
            variables_collections,
        )
        return finished(found, activation_fn, outputs_collections, within.name)


conv2d_transpose = convolution2d_transpose


def _pool(name: str, layer: Any, default: str) -> Any:
    def call(
        inputs: Any,
        kernel_size: Any,
        stride: Any = 2,
        padding: str = "VALID",
        data_format: str = "NHWC",
        outputs_collections: Any = None,
        scope: Any = None,
    ) -> Any:
        order = require_order(data_format)
        with name_scope(scope, default, [inputs]) as opened:
            made = layer(kernel_size, stride, padding, order, _scope=opened)
            return collect_named_outputs(outputs_collections, opened, made(inputs))

    call.__name__ = call.__qualname__ = name
    call.__module__ = __name__
    call.__doc__ = f"`tf.layers.{layer.__name__}`, made and called."
    return add_arg_scope(call)


avg_pool2d = _pool("avg_pool2d", AveragePooling2D, "AvgPool2D")
max_pool2d = _pool("max_pool2d", MaxPooling2D, "MaxPool2D")
