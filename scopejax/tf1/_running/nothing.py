"""What costs nothing: groups, settings of TensorFlow's own, switches of its version."""

from __future__ import annotations

from typing import Any

import jax

from ..._base.tf1_errors import tf_error
from .._graph.current import get_default_graph
from .._variables.operation import Group, Operation
from .._words.array_like import ArrayLike


def group(*inputs: Any, **kwargs: Any) -> Operation:
    """An op that runs its inputs in order; making them was the first time.

    Args:
      inputs: ops, assignments and arrays, and nests of them.
      name: of the op; ``"group_deps"``.

    Raises:
      TypeError: an input is none of these.
      ValueError: there is another keyword.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     v = tf1.Variable(1.0)
    ...     tf1.group(v.assign(2.0), v.initializer).run()
    ...     float(v)
    1.0
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise tf_error(ValueError, f"Unknown keyword arguments: {', '.join(kwargs)}")
    found = [_required(leaf) for leaf in jax.tree.leaves(inputs, is_leaf=_is_input)]
    return Group(get_default_graph().unique_name(name or "group_deps"), found)


def _is_input(value: Any) -> bool:
    return isinstance(value, Operation | ArrayLike)


def _required(value: Any) -> Any:
    if _is_input(value) or isinstance(value, jax.Array):
        return value
    raise tf_error(
        TypeError,
        f"'inputs' should be zero or more (nested) Tensors. Received '{value}' with"
        f" type '{type(value)}'.",
    )


def no_op(name: str | None = None) -> Operation:
    """An op that does nothing.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.no_op()
    <tf.Operation 'NoOp'>
    """
    return Operation(get_default_graph().unique_name(name or "NoOp"))


def disable_v2_behavior() -> None:
    """Does nothing: this is TensorFlow 1.

    >>> disable_v2_behavior()
    """


disable_eager_execution = disable_v2_behavior
disable_resource_variables = disable_v2_behavior
enable_resource_variables = disable_v2_behavior


class ConfigProto:
    """TensorFlow's settings of a session: kept, without effect; JAX has its own.

    >>> config = ConfigProto(allow_soft_placement=True)
    >>> config.gpu_options.allow_growth = True
    >>> config.allow_soft_placement, config.gpu_options.allow_growth
    (True, True)
    """

    def __init__(self, **settings: Any) -> None:
        vars(self).update(settings)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        setting = vars(self)[name] = ConfigProto()
        return setting

    def __repr__(self) -> str:
        settings = ", ".join(f"{k}={v!r}" for k, v in vars(self).items())
        return f"{type(self).__name__}({settings})"


class GPUOptions(ConfigProto):
    """Settings of `ConfigProto`, without effect.

    >>> GPUOptions(allow_growth=True)
    GPUOptions(allow_growth=True)
    """


class RunOptions(ConfigProto):
    """Settings of `Session.run`, without effect.

    >>> RunOptions(trace_level=RunOptions.FULL_TRACE)
    RunOptions(trace_level=3)
    """

    NO_TRACE, SOFTWARE_TRACE, HARDWARE_TRACE, FULL_TRACE = range(4)


class RunMetadata(ConfigProto):
    """What `Session.run` would fill in; it stays empty.

    >>> RunMetadata()
    RunMetadata()
    """
