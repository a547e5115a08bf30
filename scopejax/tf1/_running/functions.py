"""The functions on the current graph: collections, assignments, constants, contexts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import jax
import numpy as np

from ..._base.sizes import as_sizes
from .._graph.current import get_default_graph
from .._initial.values import as_value, filled
from .._tensors.convert import dtype_of
from .._tensors.made import CONSTANT, noted
from .._tensors.tensor import Tensor
from .._variables.operation import Assignment
from .._words.array_like import ArrayLike
from .._words.devices import device_or_note
from .._words.dtypes import DType, as_tf
from .._words.graph_keys import GraphKeys


def get_collection(key: str, scope: str | None = None) -> list[Any]:
    """A copy of a collection of the current graph.

    Args:
      key: its name; an unknown one is empty.
      scope: only what has a name that `re.match` finds this at the beginning of.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.add_to_collection("losses", 1.0)
    ...     tf1.get_collection("losses")
    [1.0]
    """
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: str) -> list[Any]:
    """The collection itself: what is appended is in it.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.get_collection_ref("losses").append(1.0)
    ...     tf1.get_collection("losses")
    [1.0]
    """
    return get_default_graph().get_collection_ref(key)


def add_to_collection(name: str, value: Any) -> None:
    """Adds to a collection of the current graph, also what is in it already.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.add_to_collection("losses", 1.0)
    """
    get_default_graph().add_to_collection(name, value)


def add_to_collections(names: Any, value: Any) -> None:
    """Adds to each of several collections once; one string is one name.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.add_to_collections(["a", "b", "a"], 1.0)
    ...     tf1.get_collection("a")
    [1.0]
    """
    get_default_graph().add_to_collections(names, value)


def global_variables(scope: str | None = None) -> list[Any]:
    """The global variables of the current graph, in order of creation.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     v = tf1.get_variable("v", [1])
    ...     tf1.global_variables() == [v]
    True
    """
    return get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def all_variables() -> list[Any]:
    """TF1's older name of `global_variables`.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.all_variables()
    []
    """
    return global_variables()


def trainable_variables(scope: str | None = None) -> list[Any]:
    """The trainable variables of the current graph, in order of creation.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     v = tf1.get_variable("v", [1], trainable=False)
    ...     tf1.trainable_variables()
    []
    """
    return get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def local_variables(scope: str | None = None) -> list[Any]:
    """The local variables of the current graph, in order of creation.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     len([tf1.get_local_variable("v", []), *tf1.local_variables()])
    2
    """
    return get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def model_variables(scope: str | None = None) -> list[Any]:
    """What was added to the collection MODEL_VARIABLES.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.model_variables()
    []
    """
    return get_collection(GraphKeys.MODEL_VARIABLES, scope)


def assign(
    ref: Any,
    value: Any,
    validate_shape: bool | None = None,
    use_locking: bool | None = None,
    name: str | None = None,
) -> Assignment:
    """`Variable.assign` as a function.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     v = tf1.Variable(1.0)
    ...     float(tf1.assign(v, 3.0))
    3.0
    """
    del validate_shape, use_locking, name
    assignment: Assignment = ref.assign(value)
    return assignment


def assign_add(
    ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None
) -> Assignment:
    """`Variable.assign_add` as a function.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     v = tf1.Variable(1.0)
    ...     float(tf1.assign_add(v, 3.0))
    4.0
    """
    del use_locking, name
    assignment: Assignment = ref.assign_add(value)
    return assignment


def assign_sub(
    ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None
) -> Assignment:
    """`Variable.assign_sub` as a function.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     v = tf1.Variable(1.0)
    ...     float(tf1.assign_sub(v, 3.0))
    -2.0
    """
    del use_locking, name
    assignment: Assignment = ref.assign_sub(value)
    return assignment


def constant(
    value: Any,
    dtype: Any = None,
    shape: Any = None,
    name: str = "Const",
    verify_shape: bool = False,
) -> Tensor:
    """A tensor; Python's numbers become int32, float32, bool or complex64.

    Args:
      value: numbers, or nested lists of them.
      dtype: of the array.
      shape: filled in order, and with the last number to the end.
      name: of the tensor.
      verify_shape: refuses a value of another shape.

    Raises:
      TypeError: `value` holds no numbers.

    >>> constant([1, 2]).dtype.name, constant(1, "float32", [2]).tolist()
    ('int32', [1.0, 1.0])
    """
    wanted = None if dtype is None else dtype_of(dtype)
    array = as_value(value, wanted)
    if wanted is not None and not isinstance(array, jax.Array):
        array = np.asarray(array, wanted)
    sizes = as_sizes(shape)
    if sizes is not None and tuple(array.shape) != sizes:
        array = filled(np.asarray(array), sizes, verify_shape)
    tensor = Tensor(array, name)
    if not isinstance(value, jax.Array | ArrayLike):
        tensor._call = CONSTANT
    return tensor


def as_dtype(dtype: Any) -> DType:
    """The `DType` of a name, a dtype of NumPy, JAX or TF1, or a type of Python.

    Raises:
      TypeError: it is no dtype.

    >>> as_dtype("int32"), as_dtype(float)
    (<dtype: 'int32'>, <dtype: 'float32'>)
    """
    return as_tf(dtype)


def identity(input: Any, name: str | None = None) -> Tensor:
    """A tensor of the value of a variable, or of an array.

    >>> identity(2.0, name="x")
    <tf.Tensor 'x:0' shape=() dtype=float32>
    """
    tensor = Tensor(as_value(input), name or "Identity")
    return noted(tensor, as_value, input)  # type: ignore[no-any-return]


def stop_gradient(input: Any, name: str | None = None) -> Tensor:
    """`jax.lax.stop_gradient` of an array or a variable.

    >>> jax.grad(lambda x: x * stop_gradient(x))(3.0).item()
    3.0
    """
    stopped = jax.lax.stop_gradient(as_value(input))
    tensor = Tensor(stopped, name or "StopGradient")
    return noted(tensor, as_value, input)  # type: ignore[no-any-return]


def control_dependencies(control_inputs: Any) -> AbstractContextManager[None]:
    """Does nothing: program order is the order of what is done.

    >>> with control_dependencies([]):
    ...     pass
    """
    del control_inputs
    return contextlib.nullcontext()


@contextlib.contextmanager
def device(device_name_or_function: Any) -> Iterator[None]:
    """Within it variables are made on one device.

    Args:
      device_name_or_function: TF1's name (``"/gpu:0"``, ``"/device:CPU:1"``; job,
        replica and task are left aside), a `jax.Device`, or None and "" for JAX's
        own choice.

    A device that is not here is a `UserWarning`, and JAX's own choice.

    Raises:
      ValueError: it is no name; or a function was given, which TF1 calls with an op,
        and there are none.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default(), tf1.device("/cpu:0"):
    ...     v = tf1.get_variable("v", [1])
    >>> v.value().device.platform
    'cpu'
    """
    graph = get_default_graph()
    thread = graph.thread
    before, thread.device = thread.device, device_or_note(device_name_or_function)
    try:
        yield
    finally:
        thread.device = before
