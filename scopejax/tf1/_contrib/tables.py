"""Which name stands in contrib.layers, slim and contrib.framework."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from . import (
    arg_scope,
    convolutional,
    dense,
    initializers,
    normalizing,
    outputs,
    regularizers,
    separable,
    variables,
)


def _of(module: ModuleType, names: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names.split()}


SCOPES = _of(
    arg_scope,
    "arg_scope add_arg_scope has_arg_scope arg_scoped_arguments current_arg_scope"
    " arg_scope_func_key",
)
VARIABLES = _of(
    variables,
    "variable model_variable add_model_variable get_variables get_model_variables"
    " get_local_variables get_trainable_variables get_variables_by_name"
    " get_variables_by_suffix get_unique_variable get_variables_to_restore"
    " filter_variables",
)
LAYERS = {
    **_of(
        convolutional,
        "convolution convolution1d convolution2d convolution3d conv1d conv2d conv3d"
        " convolution2d_transpose conv2d_transpose avg_pool2d max_pool2d",
    ),
    **_of(separable, "separable_convolution2d separable_conv2d"),
    **_of(
        dense,
        "fully_connected relu relu6 elu linear bias_add dropout flatten softmax"
        " one_hot_encoding unit_norm repeat stack",
    ),
    **_of(normalizing, "batch_norm layer_norm"),
    **_of(initializers, "xavier_initializer variance_scaling_initializer"),
    "xavier_initializer_conv2d": initializers.xavier_initializer,
    **_of(
        regularizers,
        "l1_regularizer l2_regularizer l1_l2_regularizer sum_regularizer"
        " apply_regularization",
    ),
}
UTILS = _of(
    outputs,
    "collect_named_outputs append_tensor_alias get_tensor_aliases"
    " gather_tensors_aliases convert_collection_to_dict last_dimension"
    " two_element_tuple",
)
