"""Dense, Dropout, Flatten."""

from __future__ import annotations

import math
from typing import Any

from .._initial.fixed import zeros_initializer
from .._ops.drawing import dropout as drop
from .._ops.flow import cond
from .._ops.matrices import matmul, tensordot
from .._ops.normalizing import bias_add
from .._ops.shapes import reshape, transpose
from .._running.functions import identity
from .base import Layer
from .helpers import as_function


class Dense(Layer):
    """``activation(inputs @ kernel + bias)``, over the last axis.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     y = tf1.layers.Dense(3)(tf1.ones([2, 4]))
    ...     [v.name for v in tf1.global_variables()]
    ['dense/kernel:0', 'dense/bias:0']
    """

    def __init__(
        self,
        units: int,
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
        self.units, self.activation, self.use_bias = int(units), activation, use_bias
        self.kernel_initializer = kernel_initializer
        self.bias_initializer = bias_initializer
        self.kernel_regularizer = kernel_regularizer
        self.bias_regularizer = bias_regularizer
        self.kernel_constraint = kernel_constraint
        self.bias_constraint = bias_constraint
        self.bias: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes kernel and bias."""
        self.kernel = self.add_weight(
            "kernel",
            [input_shape[-1], self.units],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                [self.units],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        """The product, the bias, the activation."""
        if len(inputs.shape) > 2:
            outputs = tensordot(inputs, self.kernel, [[len(inputs.shape) - 1], [0]])
        else:
            outputs = matmul(inputs, self.kernel)
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, name="BiasAdd")
        return outputs if self.activation is None else self.activation(outputs)


class Dropout(Layer):
    """Drops a part of the numbers where `training` is true; see `tf.nn.dropout`.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.layers.Dropout(0.5)(tf1.ones([2]))
    <tf.Tensor 'dropout/Identity:0' shape=(2,) dtype=float32>
    """

    def __init__(
        self,
        rate: Any = 0.5,
        noise_shape: Any = None,
        seed: Any = None,
        name: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed

    def call(self, inputs: Any, training: Any = False) -> Any:
        """Some numbers made 0 in training."""
        return cond(
            training,
            lambda: drop(inputs, noise_shape=self.noise_shape, rate=self.rate),
            lambda: identity(inputs),
        )


class Flatten(Layer):
    """All axes but the first, made one.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.layers.Flatten()(tf1.ones([2, 3, 4])).shape.as_list()
    [2, 12]
    """

    def __init__(self, data_format: str = "channels_last", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format

    def call(self, inputs: Any) -> Any:
        """Of a batch of arrays a batch of rows."""
        sizes = inputs.shape.as_list()
        if self.data_format == "channels_first" and len(sizes) > 1:
            inputs = transpose(inputs, [0, *range(2, len(sizes)), 1])
        return reshape(inputs, [sizes[0], math.prod(sizes[1:])])


dense = as_function(Dense, "dense")


def dropout(
    inputs: Any,
    rate: Any = 0.5,
    noise_shape: Any = None,
    seed: Any = None,
    training: Any = False,
    name: Any = None,
) -> Any:
    """`Dropout`, made and called."""
    layer = Dropout(rate, noise_shape=noise_shape, seed=seed, name=name)
    return layer(inputs, training=training)


def flatten(inputs: Any, name: Any = None, data_format: str = "channels_last") -> Any:
    """`Flatten`, made and called."""
    return Flatten(name=name, data_format=data_format)(inputs)
