"""What layers are made with: names, initializers by name, functions of classes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .._ops.making import convert_to_tensor


def tensors_of(inputs: Any) -> Any:
    """The inputs of a layer as tensors."""
    if isinstance(inputs, list | tuple):
        return [convert_to_tensor(x) for x in inputs]
    return convert_to_tensor(inputs)


def parts_of(variable: Any) -> list[Any]:
    """A variable, or the shards of a partitioned one."""
    return list(variable) if hasattr(variable, "partitions") else [variable]


def initializer_of(given: Any) -> Any:
    """An initializer, also of its name."""
    if not isinstance(given, str):
        return given
    from .. import initializers

    return getattr(initializers, given)()


def snake_case(name: str) -> str:
    """The name that a class gives to its layers.

    >>> snake_case("BasicLSTMCell"), snake_case("SeparableConv2D")
    ('basic_lstm_cell', 'separable_conv2d')
    """
    between = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", between).lower()


def as_function(layer: type, name: str) -> Callable[..., Any]:
    """The function that makes a layer of its arguments, and calls it."""

    def function(
        inputs: Any, *args: Any, name: Any = None, reuse: Any = None, **kwargs: Any
    ) -> Any:
        made: Any = layer
        return made(*args, name=name, _reuse=reuse, _scope=name, **kwargs)(inputs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`{layer.__name__}`, made and called; `reuse` as of a scope."
    return function
