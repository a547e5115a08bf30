"""Batch and layer normalization of contrib.layers."""

from __future__ import annotations

from typing import Any

from ..._base.tf1_errors import tf_error
from .._initial.fixed import ones_initializer, zeros_initializer
from .._layers.normalizing import BatchNormalization
from .._ops.making import convert_to_tensor
from .._ops.normalizing import batch_normalization, moments
from .._ops.shapes import reshape
from .._scopes.scopes import variable_scope
from .._words.graph_keys import GraphKeys
from .arg_scope import add_arg_scope
from .outputs import finished, require_order
from .variables import (
    add_to_its_collections,
    collections_of,
    getter_of_model_variables,
    model_variable,
)


class _InCollections(BatchNormalization):
    """Batch normalization whose assignments go to collections of one's own."""

    collections: Any = None

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Adds assignments, which are done already, to the collections."""
        from .._graph.current import get_default_graph

        if self.collections is not None:
            get_default_graph().add_to_collections(self.collections, updates)


@add_arg_scope
def batch_norm(
    inputs: Any,
    decay: Any = 0.999,
    center: bool = True,
    scale: bool = False,
    epsilon: float = 0.001,
    activation_fn: Any = None,
    param_initializers: Any = None,
    param_regularizers: Any = None,
    updates_collections: Any = GraphKeys.UPDATE_OPS,
    is_training: Any = True,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    batch_weights: Any = None,
    fused: bool | None = None,
    data_format: str = "NHWC",
    zero_debias_moving_mean: bool = False,
    scope: Any = None,
    renorm: bool = False,
    renorm_clipping: Any = None,
    renorm_decay: Any = 0.99,
    adjustment: Any = None,
) -> Any:
    """Batch normalization; `decay` is the momentum of the moving averages.

    The averages are assigned as it is called, whatever `updates_collections` says.

    Raises:
      ValueError: there is no such format, or one of `batch_weights`, `renorm`,
        `adjustment` and `zero_debias_moving_mean` is given.
    """
    order = require_order(data_format)
    given = {
        "batch_weights": batch_weights,
        "renorm": renorm,
        "adjustment": adjustment,
        "zero_debias_moving_mean": zero_debias_moving_mean,
    }
    for name, value in given.items():
        if value is not None and value is not False:
            raise tf_error(ValueError, f"batch_norm has no `{name}` in scopejax.tf1.")
    kinds, regularizers = param_initializers or {}, param_regularizers or {}
    with variable_scope(
        scope,
        "BatchNorm",
        [inputs],
        reuse=reuse,
        custom_getter=getter_of_model_variables(),
    ) as within:
        inputs = convert_to_tensor(inputs)
        flat = len(inputs.shape) == 2 and fused is not False
        layer = _InCollections(
            axis=1 if order == "channels_first" else -1,
            momentum=decay,
            epsilon=epsilon,
            center=center,
            scale=scale,
            beta_initializer=kinds.get("beta", zeros_initializer()),
            gamma_initializer=kinds.get("gamma", ones_initializer()),
            moving_mean_initializer=kinds.get("moving_mean", zeros_initializer()),
            moving_variance_initializer=kinds.get(
                "moving_variance", ones_initializer()
            ),
            beta_regularizer=regularizers.get("beta"),
            gamma_regularizer=regularizers.get("gamma"),
            trainable=trainable,
            name=within.name,
            fused=fused,
            _scope=within,
            _reuse=reuse,
        )
        layer.collections = updates_collections
        if flat or updates_collections is not GraphKeys.UPDATE_OPS:
            layer.order = ("beta", "gamma")  # as TF1's own way for these makes them
        found = layer(
            _as_picture(inputs, order) if flat else inputs, training=is_training
        )
        found = reshape(found, inputs.shape) if flat else found
        for name in ("moving_mean", "moving_variance", "beta", "gamma"):
            variable = getattr(layer, name)
            if variable is not None:
                add_to_its_collections(variable, variables_collections, name)
        return finished(found, activation_fn, outputs_collections, within.name)


def _as_picture(inputs: Any, order: str) -> Any:
    """Rows as pictures of one pixel, which TF1 normalizes as such."""
    rows, channels = inputs.shape.as_list()
    first = order == "channels_first"
    return reshape(inputs, [rows, channels, 1, 1] if first else [rows, 1, 1, channels])


@add_arg_scope
def layer_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    activation_fn: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: Any = None,
) -> Any:
    """Each item normalized over its axes from `begin_norm_axis` on.

    Raises:
      ValueError: the inputs have no such axes.
    """
    with variable_scope(scope, "LayerNorm", [inputs], reuse=reuse) as within:
        inputs = convert_to_tensor(inputs)
        rank = len(inputs.shape)
        begin = begin_norm_axis + rank if begin_norm_axis < 0 else begin_norm_axis
        if begin_params_axis >= rank or begin >= rank:
            raise tf_error(
                ValueError,
                f"begin_params_axis ({begin_params_axis}) and begin_norm_axis ({begin})"
                f" must be < rank(inputs) ({rank})",
            )

        def parameter(name: str, initializer: Any) -> Any:
            return model_variable(
                name,
                shape=inputs.shape[begin_params_axis:],
                dtype=inputs.dtype,
                initializer=initializer,
                collections=collections_of(variables_collections, name),
                trainable=trainable,
            )

        beta = parameter("beta", zeros_initializer()) if center else None
        gamma = parameter("gamma", ones_initializer()) if scale else None
        mean, variance = moments(inputs, list(range(begin, rank)), keep_dims=True)
        least = 1e-3 if inputs.dtype == "float16" else 1e-12
        found = batch_normalization(inputs, mean, variance, beta, gamma, least)
        return finished(found, activation_fn, outputs_collections, within.name)
