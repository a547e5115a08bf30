"""Tensor: what an op returns, an array with the methods that TF1 code calls on it."""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._base.tf1_errors import tf_error
from .._graph.current import get_default_graph
from .._graph.names import below
from .._words.array_like import plain_operand
from .._words.dtypes import DType
from .._words.shape import TensorShape
from .made import Made, noted


class Tensor(Made):
    """An array that answers as TF1's tensors do; jax.numpy takes it as an array.

    `==` is identity, as in a graph of TF1. It is a pytree: what goes into a JAX
    transform as a tensor is one inside of it, and one where it comes out. `jax.lax`
    wants its `value()`.

    What only depends on shapes, such as ``tf.shape(x)[0] * 2``, is known while JAX
    traces, so it can be a size or an axis; it is held as NumPy's array.

    Args:
      array: the array.
      name: of the op that it comes from.

    >>> import jax.numpy as jnp
    >>> from scopejax import tf1
    >>> x = tf1.Tensor(jnp.ones((2, 3)), "x")
    >>> x.get_shape().as_list(), x.name, x.dtype, (x + 1)[0]
    ([2, 3], 'x:0', <dtype: 'float32'>, <tf.Tensor 'strided_slice:0' shape=(3,)
    dtype=float32>)
    """

    __slots__ = ("_array", "_given", "_scope", "aliases", "graph")

    def __init__(self, array: Any, name: str = "Tensor") -> None:
        self._array = array if isinstance(array, jax.Array) else as_numpy(array)
        graph = get_default_graph()
        self._given, self._scope = name, graph.thread.name_scope
        self.graph: Any = graph
        self._call, self._place = None, 0

    @classmethod
    def _from_children(cls, _: None, children: Any) -> Any:
        tensor = object.__new__(cls)
        tensor._array, tensor._given, tensor._scope = children[0], "Tensor", ""
        tensor.graph = tensor._call = None
        tensor._place = 0
        return tensor

    leads = True

    def _computed(self, function: Callable[..., Any], *operands: Any) -> Tensor:
        compute = _quotient if function is operator.truediv else function
        with broadcasting():
            array = compute(*map(plain_operand, operands))
        tensor = Tensor(array, function.__name__.strip("_"))
        return noted(tensor, compute, *operands)  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        """The name of its op below the name scope, and ``":0"``."""
        return f"{below(self._scope, self._given)}:0"

    @property
    def op(self) -> TensorOp:
        """An object whose `name` is the name without ``":0"``."""
        return TensorOp(self)

    @property
    def shape(self) -> TensorShape:
        """The sizes of its axes."""
        return TensorShape(self._array.shape)

    def get_shape(self) -> TensorShape:
        """The sizes of its axes."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Checks the shape, which is known.

        Raises:
          ValueError: it is another.
        """
        self.shape.assert_is_compatible_with(shape)

    @property
    def dtype(self) -> DType:
        """That of its numbers."""
        return DType(self._array.dtype)

    @property
    def device(self) -> str:
        """``""``: where it is belongs to JAX."""
        return ""

    def value(self) -> Any:
        """The array; NumPy's where it is known while JAX traces."""
        return self._array

    def eval(self, feed_dict: Any = None, session: Any = None) -> np.ndarray:
        """The value as a NumPy array.

        Raises:
          ValueError: there is a `feed_dict`.
        """
        del session
        if feed_dict:
            raise tf_error(
                ValueError,
                "There are no placeholders to feed: a model is a function, and they are"
                " its arguments.",
            )
        return np.asarray(self._array)

    numpy = eval

    def tolist(self) -> Any:
        """The numbers in nested lists."""
        return np.asarray(self._array).tolist()

    def __jax_array__(self) -> jax.Array:
        return jnp.asarray(self._array)

    def __len__(self) -> int:
        raise TypeError("len is not well defined for a symbolic Tensor. Use tf.shape")

    def __repr__(self) -> str:
        shape, dtype = tuple(self._array.shape), self._array.dtype.name
        return f"<tf.Tensor '{self.name}' shape={shape} dtype={dtype}>"


class TensorOp:
    """The op that a tensor comes from.

    Attributes:
      outputs: the tensor, in a list.
    """

    __slots__ = ("outputs",)

    def __init__(self, tensor: Tensor) -> None:
        self.outputs = [tensor]

    @property
    def name(self) -> str:
        """The name of the tensor without ``":0"``."""
        return self.outputs[0].name.removesuffix(":0")


def as_numpy(array: Any) -> np.ndarray:
    """NumPy's array, of a dtype that JAX has."""
    known = np.asarray(array)
    return known.astype(jax.dtypes.canonicalize_dtype(known.dtype), copy=False)


def _quotient(x: Any, y: Any) -> Any:
    return quotient_part(x) / quotient_part(y)


def quotient_part(x: Any) -> Any:
    """What a true quotient is made of: integers as floats."""
    if not hasattr(x, "dtype") or not jnp.issubdtype(x.dtype, jnp.integer):
        return x
    wide = "float32" if x.dtype.itemsize < 4 else "float64"
    return x.astype(jax.dtypes.canonicalize_dtype(wide))


def broadcasting() -> AbstractContextManager[Any]:
    """Within it arrays broadcast along axes that are missing, as in TF1."""
    if jax.config.jax_numpy_rank_promotion == "allow":  # type: ignore[attr-defined]
        return _UNCHANGED
    allowed: AbstractContextManager[Any] = jax.numpy_rank_promotion("allow")
    return allowed


_UNCHANGED = contextlib.nullcontext()


def is_static(value: Any) -> bool:
    """Whether it is a tensor that is known while JAX traces."""
    return isinstance(value, Tensor) and isinstance(value._array, np.ndarray)
