"""Modules of TensorFlow by their long paths, and where `tf1` has what is in them.

``from tensorflow.python.ops import array_ops`` is how code inside of TensorFlow, and
much that was written after it, names the same functions. "" stands for `tf1` itself.
What is in none of the places is an error when it is asked for, not on import.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from typing import Any

import jax

_OPS = (
    "array_ops check_ops clip_ops control_flow_ops control_flow_ops_v2 data_flow_ops"
    " functional_ops gen_array_ops gen_math_ops gen_nn_ops gen_state_ops gradients_impl"
    " init_ops io_ops linalg_ops logging_ops lookup_ops map_fn math_ops metrics_impl"
    " parsing_ops partitioned_variables resource_variable_ops script_ops sparse_ops"
    " special_math_ops standard_ops state_ops string_ops template tensor_array_ops"
    " variable_scope variable_v1 variables while_loop cond gradients confusion_matrix"
    " control_flow_util custom_gradient histogram_ops weights_broadcast_ops"
)
_FRAMEWORK = (
    "common_shapes constant_op device_spec dtypes errors errors_impl function"
    " graph_util"
    " indexed_slices ops random_seed sparse_tensor tensor tensor_shape tensor_util"
    " tensor_conversion graph_io load_library test_util"
)
_TRAINING = (
    "training training_util saver optimizer adam gradient_descent momentum rmsprop"
    " basic_session_run_hooks checkpoint_management checkpoint_utils coordinator input"
    " learning_rate_decay monitored_session queue_runner session_run_hook"
    " session_manager slot_creator supervisor sync_replicas_optimizer evaluation"
    " warm_starting_util"
)

_LAYERS = "base convolutional core layers normalization pooling utils"

HOMES: dict[str, tuple[str, ...]] = {
    "python": ("",),
    **dict.fromkeys(("python.ops", "python.framework", "python.layers"), ("",)),
    **dict.fromkeys(("python.client", "python.platform", "python.summary"), ("",)),
    **dict.fromkeys(("python.util", "python.training", "python.eager"), ("",)),
    **{f"python.ops.{name}": ("", "math", "linalg") for name in _OPS.split()},
    **{f"python.framework.{name}": ("", "errors") for name in _FRAMEWORK.split()},
    **{f"python.training.{name}": ("train", "") for name in _TRAINING.split()},
    "python.training.moving_averages": ("train", "", "moving_averages"),
    **dict.fromkeys(
        ("python.ops.nn", "python.ops.nn_ops", "python.ops.nn_impl"), ("nn", "")
    ),
    "python.ops.embedding_ops": ("nn", ""),
    "python.ops.candidate_sampling_ops": ("nn", ""),
    "python.ops.random_ops": ("", "random"),
    "python.ops.image_ops": ("image",),
    "python.ops.image_ops_impl": ("image",),
    "python.ops.metrics": ("metrics",),
    "python.ops.losses": ("losses",),
    "python.ops.losses.losses": ("losses",),
    "python.ops.losses.losses_impl": ("losses",),
    "python.ops.losses.util": ("losses",),
    **dict.fromkeys(
        ("python.ops.rnn", "python.ops.rnn_cell", "python.ops.rnn_cell_impl"),
        ("nn", "nn.rnn_cell"),
    ),
    **{f"python.layers.{name}": ("layers", "") for name in _LAYERS.split()},
    "python.client.session": ("",),
    "python.client.timeline": ("",),
    "python.client.device_lib": ("",),
    "python.eager.backprop": ("",),
    "python.eager.context": ("",),
    **dict.fromkeys(("python.keras", "python.keras.engine"), ("",)),
    "python.keras.engine.input_spec": ("layers",),
    **dict.fromkeys(("python.lib", "python.lib.io"), ("",)),
    "python.lib.io.file_io": ("gfile",),
    "python.tf2": ("",),
    "python.platform.tf_logging": ("logging",),
    "python.platform.gfile": ("gfile",),
    "python.platform.flags": ("flags",),
    "python.platform.app": ("app",),
    "python.platform.test": ("test",),
    "python.summary.summary": ("summary",),
    "python.summary.summary_iterator": ("summary",),
    "core": ("",),
    "core.protobuf": ("",),
    **{
        f"core.protobuf.{name}_pb2": ("",) for name in ("config", "saver", "meta_graph")
    },
    "core.framework": ("",),
    **{
        f"core.framework.{name}_pb2": ("",) for name in ("graph", "summary", "node_def")
    },
}
"""Path below ``tensorflow.`` -> the modules of `tf1` that are looked into, in order."""


RENAMED = {
    "BatchNorm": "BatchNormalization",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3D": "Conv3D",
    "Convolution3DTranspose": "Conv3DTranspose",
    "SeparableConvolution2D": "SeparableConv2D",
}
"""Names of long paths that the public modules spell otherwise."""


def _as_it_is(*_: Any, **__: Any) -> Callable[[Any], Any]:
    """A decorator, made with any arguments, that changes nothing."""
    return lambda decorated: decorated


def _nothing(*_: Any, **__: Any) -> None:
    """Does nothing."""


def _is_nested(value: Any) -> bool:
    return isinstance(value, list | tuple | dict)


def _flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """The leaves in order; None is one."""
    del expand_composites
    leaves: list[Any] = jax.tree.leaves(structure, is_leaf=lambda x: not _is_nested(x))
    return leaves


def _map_structure(function: Callable[..., Any], *structures: Any, **_: Any) -> Any:
    """A nest of what `function` gives for the leaves of nests of one structure."""
    return jax.tree.map(function, *structures, is_leaf=lambda x: not _is_nested(x))


def _pack_sequence_as(structure: Any, flat_sequence: Any, **_: Any) -> Any:
    """A nest of that structure with other leaves."""
    shape = jax.tree.structure(structure, is_leaf=lambda x: not _is_nested(x))
    return jax.tree.unflatten(shape, list(flat_sequence))


def _assert_same_structure(nest1: Any, nest2: Any, *_: Any, **__: Any) -> None:
    """Refuses nests of two structures."""
    _map_structure(lambda a, b: None, nest1, nest2)


def _custom_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns its value and its gradient, as `jax.custom_vjp`."""

    def value(*args: Any) -> Any:
        return function(*args)[0]

    def gradient(args: Any, above: Any) -> tuple[Any, ...]:
        found = function(*args)[1](above)
        return tuple(found) if isinstance(found, list | tuple) else (found,)

    made = jax.custom_vjp(value)
    made.defvjp(lambda *args: (value(*args), args), gradient)
    return made


_NEST = {
    "assert_same_structure": _assert_same_structure,
    "flatten": _flatten,
    "is_nested": _is_nested,
    "is_sequence": _is_nested,
    "map_structure": _map_structure,
    "pack_sequence_as": _pack_sequence_as,
}

UTIL: dict[str, dict[str, Any]] = {
    "python.util.nest": _NEST,
    "nest": _NEST,
    "contrib.framework.nest": _NEST,
    "python.util.tf_contextlib": {"contextmanager": contextlib.contextmanager},
    "python.util.tf_inspect": vars(inspect),
    "python.util.tf_export": {"tf_export": _as_it_is, "keras_export": _as_it_is},
    "python.util.all_util": {"remove_undocumented": _nothing, "make_all": _nothing},
    "python.util.deprecation": {
        "deprecated": _as_it_is,
        "deprecated_args": _as_it_is,
        "deprecated_alias": lambda old, new, function, *_: function,
        "deprecated_argument_lookup": (
            lambda new, value, old, former: value if former is None else former
        ),
    },
    "python.ops.custom_gradient": {"custom_gradient": _custom_gradient},
    "python.util.tf_decorator": {
        "make_decorator": lambda target, decorated, *_, **__: decorated,
        "unwrap": lambda decorated: ([], decorated),
    },
    "python.util.tf_should_use": {"should_use_result": lambda function: function},
    "python.util.compat": {
        "as_bytes": lambda text: text.encode() if isinstance(text, str) else text,
        "as_str": lambda text: text.decode() if isinstance(text, bytes) else text,
        "as_str_any": lambda value: str(value),
        "as_text": lambda text: text.decode() if isinstance(text, bytes) else text,
        "integral_types": (int,),
        "real_types": (int, float),
        "complex_types": (int, float, complex),
        "bytes_or_text_types": (bytes, str),
    },
}
"""Helpers of TensorFlow's own that code beside it uses: path -> name -> value."""
