"""Convolutions of one to three axes."""

from __future__ import annotations

from typing import Any

from ..._base.tf1_errors import tf_error
from .._initial.fixed import zeros_initializer
from .._ops.convolutions import convolution
from .._ops.normalizing import bias_add
from .base import Layer
from .helpers import as_function

_SPACES = {1: "W", 2: "HW", 3: "DHW"}


def tuple_of(value: Any, count: int, name: str) -> tuple[int, ...]:
    """One number for each axis, of one or of as many.

    Raises:
      ValueError: there are more or fewer.
    """
    found = (value,) * count if isinstance(value, int) else tuple(value)
    if len(found) != count:
        raise tf_error(
            ValueError,
            f"The `{name}` argument must be a tuple of {count} integers. Received:"
            f" {value}",
        )
    return found


def order_of(data_format: str, axes: int) -> str:
    """``"channels_last"`` or ``"channels_first"`` as TF1's ops say it.

    Raises:
      ValueError: it is neither.
    """
    if data_format not in ("channels_last", "channels_first"):
        raise tf_error(
            ValueError,
            "The `data_format` argument must be one of 'channels_first',"
            f" 'channels_last'. Received: {data_format}",
        )
    first = data_format == "channels_first"
    return f"NC{_SPACES[axes]}" if first else f"N{_SPACES[axes]}C"


class Conv(Layer):
    """A convolution; the kernel has the axes of space, inputs, filters."""

    axes = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
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
        super().__init__(
            trainable, name, activity_regularizer=activity_regularizer, **kwargs
        )
        self.filters, self.activation, self.use_bias = filters, activation, use_bias
        self.kernel_size = tuple_of(kernel_size, self.axes, "kernel_size")
        self.strides = tuple_of(strides, self.axes, "strides")
        self.dilation_rate = tuple_of(dilation_rate, self.axes, "dilation_rate")
        self.padding, self.data_format = padding.upper(), data_format
        self._order = order_of(data_format, self.axes)
        self.kernel_initializer = kernel_initializer
        self.bias_initializer = bias_initializer
        self.kernel_regularizer = kernel_regularizer
        self.bias_regularizer = bias_regularizer
        self.kernel_constraint = kernel_constraint
        self.bias_constraint = bias_constraint
        self.bias: Any = None

    def _inputs(self, input_shape: Any) -> int:
        return int(input_shape[1 if self._order.startswith("NC") else -1])

    def _kernel_shape(self, inputs: int) -> tuple[int, ...]:
        return (*self.kernel_size, inputs, self.filters)

    def build(self, input_shape: Any) -> None:
        """Makes kernel and bias."""
        self.kernel = self.add_weight(
            "kernel",
            self._kernel_shape(self._inputs(input_shape)),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.add_bias()
        super().build(input_shape)

    def add_bias(self) -> None:
        """Makes the bias, where there is one."""
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                [self.filters],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, inputs: Any) -> Any:
        """The convolution, the bias, the activation."""
        outputs = self._convolved(inputs)
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, self._order, name="BiasAdd")
        return outputs if self.activation is None else self.activation(outputs)

    def _convolved(self, inputs: Any) -> Any:
        return convolution(
            inputs,
            self.kernel,
            self.padding,
            self.strides,
            self.dilation_rate,
            data_format=self._order,
        )


class Conv1D(Conv):
    """A convolution along one axis.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.layers.Conv1D(3, 2)(tf1.ones([1, 5, 4])).shape.as_list()
    [1, 4, 3]
    """

    axes = 1


class Conv2D(Conv):
    """A convolution of pictures.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.layers.Conv2D(3, 2, padding="same")(tf1.ones([1, 5, 5, 4])).shape
    (1, 5, 5, 3)
    """


class Conv3D(Conv):
    """A convolution of volumes.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.layers.Conv3D(3, 2)(tf1.ones([1, 5, 5, 5, 4])).shape.as_list()
    [1, 4, 4, 4, 3]
    """

    axes = 3


conv1d = as_function(Conv1D, "conv1d")
conv2d = as_function(Conv2D, "conv2d")
conv3d = as_function(Conv3D, "conv3d")
