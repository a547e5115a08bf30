"""Dense layers of contrib.layers, dropout, flatten, and what repeats layers."""

from __future__ import annotations

import functools
import math
from typing import Any

from ..._base.tf1_errors import tf_error
from .._initial.fixed import zeros_initializer
from .._layers.dense import Dense, Dropout
from .._layers.dense import flatten as flat
from .._ops.elementwise import OPS
from .._ops.making import convert_to_tensor
from .._ops.making import one_hot as hot
from .._ops.normalizing import bias_add as biased
from .._ops.normalizing import softmax as softened
from .._ops.reductions import OPS as _REDUCED
from .._ops.shapes import reshape
from .._scopes.name_scopes import name_scope
from .._scopes.scopes import variable_scope
from .arg_scope import add_arg_scope
from .convolutional import normalized
from .initializers import xavier_initializer
from .outputs import collect_named_outputs, finished, require_order
from .variables import collections_of, getter_of_model_variables, model_variable

_RELU = OPS["relu"]


@add_arg_scope
def fully_connected(
    inputs: Any,
    num_outputs: int,
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
    """A dense layer with relu.

    Raises:
      ValueError: `num_outputs` is no whole number.
    """
    if not isinstance(num_outputs, int):
        raise tf_error(
            ValueError,
            f"num_outputs type should be one of [<class 'int'>], got"
            f" {type(num_outputs)}.",
        )
    getter = getter_of_model_variables({"bias": "biases", "kernel": "weights"})
    with variable_scope(
        scope, "fully_connected", [inputs], reuse=reuse, custom_getter=getter
    ) as within:
        inputs = convert_to_tensor(inputs)
        layer = Dense(
            units=num_outputs,
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


relu = functools.partial(fully_connected, activation_fn=_RELU)
relu6 = functools.partial(fully_connected, activation_fn=OPS["relu6"])
elu = functools.partial(fully_connected, activation_fn=OPS["elu"])
linear = functools.partial(fully_connected, activation_fn=None)


@add_arg_scope
def bias_add(
    inputs: Any,
    activation_fn: Any = None,
    initializer: Any = zeros_initializer,
    regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    data_format: str = "NHWC",
    scope: Any = None,
) -> Any:
    """A bias for each channel."""
    first = require_order(data_format) == "channels_first"
    with variable_scope(scope, "BiasAdd", [inputs], reuse=reuse) as within:
        inputs = convert_to_tensor(inputs)
        biases = model_variable(
            "biases",
            shape=[inputs.shape[1 if first else -1]],
            dtype=inputs.dtype,
            initializer=initializer,
            regularizer=regularizer,
            collections=collections_of(variables_collections, "biases"),
            trainable=trainable,
        )
        found = biased(inputs, biases, data_format)
        return finished(found, activation_fn, outputs_collections, within.name)


@add_arg_scope
def dropout(
    inputs: Any,
    keep_prob: Any = 0.5,
    noise_shape: Any = None,
    is_training: Any = True,
    outputs_collections: Any = None,
    scope: Any = None,
    seed: Any = None,
) -> Any:
    """Dropout in training; `keep_prob` is the chance to stay."""
    getter = getter_of_model_variables()
    with variable_scope(scope, "Dropout", [inputs], custom_getter=getter) as within:
        layer = Dropout(1 - keep_prob, noise_shape, seed, within.name, _scope=within)
        found = layer(convert_to_tensor(inputs), training=is_training)
        return collect_named_outputs(outputs_collections, within.name, found)


@add_arg_scope
def flatten(inputs: Any, outputs_collections: Any = None, scope: Any = None) -> Any:
    """All axes but the first, made one."""
    with name_scope(scope, "Flatten", [inputs]) as opened:
        found = flat(convert_to_tensor(inputs))
        return collect_named_outputs(outputs_collections, opened, found)


@add_arg_scope
def one_hot_encoding(
    labels: Any,
    num_classes: int,
    on_value: float = 1.0,
    off_value: float = 0.0,
    outputs_collections: Any = None,
    scope: Any = None,
) -> Any:
    """1 at the place of each label, and 0 else."""
    with name_scope(scope, "OneHotEncoding", [labels]) as opened:
        found = hot(labels, num_classes, on_value, off_value)
        return collect_named_outputs(outputs_collections, opened, found)


@add_arg_scope
def softmax(logits: Any, scope: Any = None) -> Any:
    """The softmax over the last axis."""
    with variable_scope(scope, "softmax", [logits]):
        return softened(logits)


@add_arg_scope
def unit_norm(inputs: Any, dim: int, epsilon: float = 1e-7, scope: Any = None) -> Any:
    """Divided by the norm along an axis.

    Raises:
      ValueError: there is no such axis.
    """
    with variable_scope(scope, "UnitNorm", [inputs]):
        if not 0 <= dim < len(inputs.shape):
            raise tf_error(
                ValueError, "dim must be positive but smaller than the input rank."
            )
        squares = OPS["square"](inputs)
        total = _REDUCED["reduce_sum"](squares, dim, keepdims=True)
        return inputs / OPS["sqrt"](epsilon + total)


def _scope_of(layer: Any, default: str) -> str:
    function = layer if hasattr(layer, "__name__") else getattr(layer, "func", None)
    return getattr(function, "__name__", default)


def repeat(inputs: Any, repetitions: int, layer: Any, *args: Any, **kwargs: Any) -> Any:
    """A layer several times, in scopes ``name_1``, ``name_2``, ..."""
    scope = kwargs.pop("scope", None)
    with variable_scope(scope, "Repeat", [inputs]):
        name = _scope_of(layer, "repeat") if scope is None else scope
        outputs = convert_to_tensor(inputs)
        for i in range(repetitions):
            outputs = layer(outputs, *args, **{**kwargs, "scope": f"{name}_{i + 1}"})
        return outputs


def stack(inputs: Any, layer: Any, stack_args: Any, **kwargs: Any) -> Any:
    """A layer for each of some arguments, in scopes ``name_1``, ``name_2``, ...

    Raises:
      ValueError: the arguments are no list.
    """
    scope = kwargs.pop("scope", None)
    if not isinstance(stack_args, list | tuple):
        raise tf_error(ValueError, "stack_args need to be a list or tuple")
    with variable_scope(scope, "Stack", [inputs]):
        name = _scope_of(layer, "stack") if scope is None else scope
        outputs = convert_to_tensor(inputs)
        for i, given in enumerate(stack_args):
            args = given if isinstance(given, list | tuple) else [given]
            outputs = layer(outputs, *args, **{**kwargs, "scope": f"{name}_{i + 1}"})
        return outputs


def inner_flatten(inputs: Any, new_rank: int) -> Any:
    """The last axes made one, so that there are `new_rank`."""
    sizes = inputs.shape.as_list()
    outer = sizes[: new_rank - 1]
    return reshape(inputs, [*outer, math.prod(sizes[new_rank - 1 :])])
