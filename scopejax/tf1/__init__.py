"""TensorFlow 1's variable system over scopejax, spelled as in `tf.compat.v1`.

``from scopejax import tf1 as tf`` in place of ``import tensorflow as tf``, and the
numeric ops made those of jax.numpy: then TF1 code keeps its names, its sharing and its
errors. `transform` makes pure functions of a function in this style; outside of one,
variables are created in a graph as the line runs. docs/from_tf1.md walks through it.
"""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import Any as _Any

from .._base.homes import keep_former as _keep_former
from .._base.homes import settle as _settle
from .._spec.options import AUTO_REUSE as AUTO_REUSE
from .._spec.options import no_regularizer as no_regularizer
from .._spec.spec import VariableAggregation as VariableAggregation
from .._spec.spec import VariableSynchronization as VariableSynchronization
from ..partitioners import fixed_size_partitioner as fixed_size_partitioner
from ..partitioners import min_max_variable_partitioner as min_max_variable_partitioner
from ..partitioners import (
    variable_axis_size_partitioner as variable_axis_size_partitioner,
)
from . import compat as compat
from . import errors as errors
from . import initializers as initializers
from . import keras as keras
from . import logging as logging
from . import losses as losses
from . import train as train
from ._graph.current import executing_eagerly as executing_eagerly
from ._graph.current import get_default_graph as get_default_graph
from ._graph.current import reset_default_graph as reset_default_graph
from ._graph.current import set_random_seed as set_random_seed
from ._graph.graph import Graph as Graph
from ._running.as_tensorflow import as_tensorflow as as_tensorflow
from ._running.functions import add_to_collection as add_to_collection
from ._running.functions import add_to_collections as add_to_collections
from ._running.functions import all_variables as all_variables
from ._running.functions import as_dtype as as_dtype
from ._running.functions import assign as assign
from ._running.functions import assign_add as assign_add
from ._running.functions import assign_sub as assign_sub
from ._running.functions import constant as constant
from ._running.functions import control_dependencies as control_dependencies
from ._running.functions import device as device
from ._running.functions import get_collection as get_collection
from ._running.functions import get_collection_ref as get_collection_ref
from ._running.functions import global_variables as global_variables
from ._running.functions import identity as identity
from ._running.functions import local_variables as local_variables
from ._running.functions import model_variables as model_variables
from ._running.functions import stop_gradient as stop_gradient
from ._running.functions import trainable_variables as trainable_variables
from ._running.nothing import ConfigProto as ConfigProto
from ._running.nothing import GPUOptions as GPUOptions
from ._running.nothing import RunMetadata as RunMetadata
from ._running.nothing import RunOptions as RunOptions
from ._running.nothing import disable_eager_execution as disable_eager_execution
from ._running.nothing import disable_resource_variables as disable_resource_variables
from ._running.nothing import disable_v2_behavior as disable_v2_behavior
from ._running.nothing import enable_resource_variables as enable_resource_variables
from ._running.nothing import group as group
from ._running.nothing import no_op as no_op
from ._running.session import Session as Session
from ._running.session import get_default_session as get_default_session
from ._running.session import (
    global_variables_initializer as global_variables_initializer,
)
from ._running.session import initialize_all_variables as initialize_all_variables
from ._running.session import local_variables_initializer as local_variables_initializer
from ._running.session import (
    report_uninitialized_variables as report_uninitialized_variables,
)
from ._running.session import variables_initializer as variables_initializer
from ._running.transform import transform as transform
from ._running.transform import transform_with_state as transform_with_state
from ._scopes.eager import EagerVariableStore as EagerVariableStore
from ._scopes.get_variable import get_local_variable as get_local_variable
from ._scopes.get_variable import get_variable as get_variable
from ._scopes.name_scopes import name_scope as name_scope
from ._scopes.partitioned_list import (
    create_partitioned_variables as create_partitioned_variables,
)
from ._scopes.scope import VariableScope as VariableScope
from ._scopes.scope import get_variable_scope as get_variable_scope
from ._scopes.scopes import variable_creator_scope as variable_creator_scope
from ._scopes.scopes import variable_op_scope as variable_op_scope
from ._scopes.scopes import variable_scope as variable_scope
from ._scopes.templates import make_template as make_template
from ._tensors.tensor import Tensor as Tensor
from ._variables.partitioned import PartitionedVariable as PartitionedVariable
from ._variables.variable import Variable as Variable
from ._words.dtypes import DType as DType
from ._words.graph_keys import GraphKeys as GraphKeys
from ._words.missing import lookup_of as _lookup_of
from ._words.shape import Dimension as Dimension
from ._words.shape import TensorShape as TensorShape
from .initializers import constant_initializer as constant_initializer
from .initializers import glorot_normal_initializer as glorot_normal_initializer
from .initializers import glorot_uniform_initializer as glorot_uniform_initializer
from .initializers import he_normal_initializer as he_normal_initializer
from .initializers import he_uniform_initializer as he_uniform_initializer
from .initializers import identity_initializer as identity_initializer
from .initializers import lecun_normal_initializer as lecun_normal_initializer
from .initializers import lecun_uniform_initializer as lecun_uniform_initializer
from .initializers import ones_initializer as ones_initializer
from .initializers import orthogonal_initializer as orthogonal_initializer
from .initializers import random_normal_initializer as random_normal_initializer
from .initializers import random_uniform_initializer as random_uniform_initializer
from .initializers import truncated_normal_initializer as truncated_normal_initializer
from .initializers import (
    uniform_unit_scaling_initializer as uniform_unit_scaling_initializer,
)
from .initializers import variance_scaling_initializer as variance_scaling_initializer
from .initializers import zeros_initializer as zeros_initializer
from .train import moving_average_variables as moving_average_variables

bfloat16 = DType("bfloat16")
float16 = half = DType("float16")
float32 = DType("float32")
float64 = double = DType("float64")
int8, int16 = DType("int8"), DType("int16")
int32, int64 = DType("int32"), DType("int64")
uint8, uint16 = DType("uint8"), DType("uint16")
uint32, uint64 = DType("uint32"), DType("uint64")
complex64, complex128 = DType("complex64"), DType("complex128")
bool = DType("bool")

_settle(__name__)
# What pickles of version 0.1.0 name.
_keep_former(
    __name__,
    {
        "_initializers_fixed": "_initial.fixed",
        "_initializers_random": "_initial.random",
        "_shape": "_words.shape",
    },
)

_ON_DEMAND = (
    "contrib",
    "distributions",
    "image",
    "layers",
    "linalg",
    "math",
    "moving_averages",
    "nn",
    "random",
    "rnn_cell",
)
"""Modules that are imported when they are asked for, as the ops are."""

_missing = _lookup_of("")


def __getattr__(name: str) -> _Any:
    if name in _ON_DEMAND:
        return _import_module(f"{__name__}.{name}")
    if not name.startswith("_"):
        from ._ops.tables import ROOT

        if name in ROOT:
            return ROOT[name]
    return _missing(name)
