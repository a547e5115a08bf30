"""Transposed and separable convolutions."""

from __future__ import annotations

from typing import Any

from .._initial.fixed import zeros_initializer
from .._ops.convolutions import conv2d_transpose as transposed_2d
from .._ops.convolutions import conv3d_transpose as transposed_3d
from .._ops.convolutions import separable_conv2d as separable
from .base import Layer
from .convolutional import Conv
from .helpers import as_function


class _ConvTranspose(Conv):
    """A transposed convolution; the kernel has the filters before the inputs."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = zeros_initializer,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: Any = None,
        **kwargs: Any,
    ) -> None:
        given = {k: v for k, v in locals().items() if k not in _NOT_GIVEN}
        super().__init__(**given, **kwargs)

    def _kernel_shape(self, inputs: int) -> tuple[int, ...]:
        return (*self.kernel_size, self.filters, inputs)

    def _convolved(self, inputs: Any) -> Any:
        first = self._order.startswith("NC")
        batch, *rest = inputs.shape.as_list()
        space = rest[1:] if first else rest[:-1]
        sizes = [
            size * step + (max(kernel - step, 0) if self.padding == "VALID" else 0)
            for size, step, kernel in zip(
                space, self.strides, self.kernel_size, strict=True
            )
        ]
        shape = (
            [batch, self.filters, *sizes] if first else [batch, *sizes, self.filters]
        )
        transpose = transposed_2d if self.axes == 2 else transposed_3d
        return transpose(
            inputs, self.kernel, shape, self.strides, self.padding, self._order
        )


_NOT_GIVEN = ("self", "kwargs", "__class__")


class Conv2DTranspose(_ConvTranspose):
    """A transposed convolution of pictures.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     layer = tf1.layers.Conv2DTranspose(3, 2, strides=2)
    ...     layer(tf1.ones([1, 5, 5, 4])).shape.as_list()
    [1, 10, 10, 3]
    """


class Conv3DTranspose(_ConvTranspose):
    """A transposed convolution of volumes.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     layer = tf1.layers.Conv3DTranspose(3, 2, strides=2)
    ...     layer(tf1.ones([1, 2, 2, 2, 4])).shape.as_list()
    [1, 4, 4, 4, 3]
    """

    axes = 3


class SeparableConv2D(Conv):
    """A convolution of each channel, and then of single points.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     y = tf1.layers.SeparableConv2D(3, 2)(tf1.ones([1, 5, 5, 4]))
    ...     [v.op.name for v in tf1.global_variables()][0]
    'separable_conv2d/depthwise_kernel'
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        bias_initializer: Any = zeros_initializer,
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            trainable=trainable,
            name=name,
            **kwargs,
        )
        self.depth_multiplier = depth_multiplier
        self._kernels = {
            "depthwise": (
                depthwise_initializer,
                depthwise_regularizer,
                depthwise_constraint,
            ),
            "pointwise": (
                pointwise_initializer,
                pointwise_regularizer,
                pointwise_constraint,
            ),
        }

    def build(self, input_shape: Any) -> None:
        """Makes both kernels and the bias."""
        inputs, many = self._inputs(input_shape), self.depth_multiplier
        self.depthwise_kernel = self._kernel(
            "depthwise", (*self.kernel_size, inputs, many)
        )
        self.pointwise_kernel = self._kernel(
            "pointwise", (1, 1, inputs * many, self.filters)
        )
        self.add_bias()
        Layer.build(self, input_shape)

    def _kernel(self, kind: str, shape: tuple[int, ...]) -> Any:
        initializer, regularizer, constraint = self._kernels[kind]
        return self.add_weight(
            f"{kind}_kernel",
            shape,
            initializer=initializer,
            regularizer=regularizer,
            constraint=constraint,
        )

    def _convolved(self, inputs: Any) -> Any:
        first = self._order.startswith("NC")
        strides = [1, 1, *self.strides] if first else [1, *self.strides, 1]
        return separable(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            strides,
            self.padding,
            self.dilation_rate,
            data_format=self._order,
        )


conv2d_transpose = as_function(Conv2DTranspose, "conv2d_transpose")
conv3d_transpose = as_function(Conv3DTranspose, "conv3d_transpose")
separable_conv2d = as_function(SeparableConv2D, "separable_conv2d")
