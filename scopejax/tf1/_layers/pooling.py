"""Pooling layers."""

from __future__ import annotations

from typing import Any

from .._ops.pooling import pooled
from .._tensors.calls import op
from .base import Layer
from .convolutional import order_of, tuple_of
from .helpers import as_function


class _Pooling(Layer):
    """The greatest or the mean number of each window."""

    axes, kind = 2, "MAX"

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        strides = pool_size if strides is None else strides
        self.pool_size = tuple_of(pool_size, self.axes, "pool_size")
        self.strides = tuple_of(strides, self.axes, "strides")
        self.padding, self.data_format = padding, data_format
        self._order = order_of(data_format, self.axes)

    def call(self, inputs: Any) -> Any:
        """The pooled numbers."""
        return _pooled(
            self.kind, inputs, self.pool_size, self.strides, self.padding, self._order
        )


_pooled = op(pooled)


def _layer(axes: int, kind: str) -> type[_Pooling]:
    long = {"MAX": "Max", "AVG": "Average"}[kind]
    name = f"{long}Pooling{axes}D"
    shape = [1, *(4,) * axes, 2]
    text = f"""The {"greatest" if kind == "MAX" else "mean"} number of each window.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.layers.{name}(2, 2)(tf1.ones({shape})).shape.as_list()
    {[1, *(2,) * axes, 2]}
    """
    return type(name, (_Pooling,), {"axes": axes, "kind": kind, "__doc__": text})


MaxPooling1D, AveragePooling1D = _layer(1, "MAX"), _layer(1, "AVG")
MaxPooling2D, AveragePooling2D = _layer(2, "MAX"), _layer(2, "AVG")
MaxPooling3D, AveragePooling3D = _layer(3, "MAX"), _layer(3, "AVG")

max_pooling1d = as_function(MaxPooling1D, "max_pooling1d")
max_pooling2d = as_function(MaxPooling2D, "max_pooling2d")
max_pooling3d = as_function(MaxPooling3D, "max_pooling3d")
average_pooling1d = as_function(AveragePooling1D, "average_pooling1d")
average_pooling2d = as_function(AveragePooling2D, "average_pooling2d")
average_pooling3d = as_function(AveragePooling3D, "average_pooling3d")
