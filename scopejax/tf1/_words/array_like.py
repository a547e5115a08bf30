"""What acts as an array: variables, partitioned variables, losses yet to be computed.

In operators and in jax.numpy these stand for their value. In a JAX transform too: as a
pytree one has its value as only child, and what comes out on the other side is that
value, a plain array. What operators give is a plain array too, or in a model that is
written with TF1's ops whatever `RESULTS` makes of it.
"""

from __future__ import annotations

import contextlib
import operator
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from .recipes import Again, is_known


class _Results(threading.local):
    """What operators of variables make of an array: None leaves it as it is."""

    wrap: Callable[[Any], Any] | None = None


RESULTS = _Results()


@contextlib.contextmanager
def results_as(wrap: Callable[[Any], Any] | None) -> Iterator[None]:
    """Within it operators of variables give what `wrap` makes of the array."""
    before, RESULTS.wrap = RESULTS.wrap, wrap
    try:
        yield
    finally:
        RESULTS.wrap = before


class ArrayLike:
    """Stands for the array that `value()` returns."""

    __slots__ = ()

    __array_priority__ = 100  # NumPy leaves operators to us, as to JAX's arrays

    def value(self) -> jax.Array:
        """The array."""
        raise NotImplementedError

    _live = False  # whether `value` is computed when it is asked for

    def _again(self, run: Again) -> Any:
        """The value in a session's run, computed again where that can be."""
        value = self.value()
        return value if self._live else run.value(value)

    def _is_known(self) -> bool:
        """Whether `_again` gives the value for the present values of variables."""
        return self._live or is_known(self.value())

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        jax.tree_util.register_pytree_node(
            cls, lambda like: ((like.value(),), None), cls._from_children
        )

    @classmethod
    def _from_children(cls, _: None, children: Any) -> Any:
        """What comes out of a JAX transform."""
        return children[0]

    leads = False  # whether it decides what an operator with another one gives

    def _result(self, array: Any) -> Any:
        """What an array that was computed becomes."""
        return array if RESULTS.wrap is None else RESULTS.wrap(array)

    def _computed(self, function: Callable[..., Any], *operands: Any) -> Any:
        """What an operator gives; `operands` are this and perhaps another."""
        return self._result(function(*map(plain_operand, operands)))

    def __jax_array__(self) -> jax.Array:
        return self.value()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = np.asarray(self.value(), dtype)
        return array.copy() if copy else array

    def __eq__(self, other: object) -> bool:
        return self is other  # as in TF1

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        return bool(self.value())

    def __int__(self) -> int:
        return int(self.value())

    def __float__(self) -> float:
        return float(self.value())

    def __index__(self) -> int:
        return operator.index(self.value())


_BINARY = [
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"),
    *("and_", "or_", "xor", "lshift", "rshift"),
]
_COMPARED = ["lt", "le", "gt", "ge"]
_UNARY = ["neg", "pos", "invert", "abs"]


def plain_operand(other: Any) -> Any:
    """The array of what stands for one."""
    return other.value() if isinstance(other, ArrayLike) else other


class _Slice(NamedTuple):
    """A slice as a nest of operands."""

    start: Any
    stop: Any
    step: Any


def _as_nest(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(map(_as_nest, index))
    if isinstance(index, slice):
        return _Slice(index.start, index.stop, index.step)
    return index


def _plain_index(index: Any) -> Any:
    if isinstance(index, _Slice):
        return slice(*map(plain_operand, index))
    if isinstance(index, tuple):
        return tuple(map(_plain_index, index))
    return plain_operand(index)


def strided_slice(array: Any, index: Any) -> Any:
    """What indexing gives."""
    return array[_plain_index(index)]


def _forward(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def call(self: Any, other: Any) -> Any:
        if isinstance(other, ArrayLike) and other.leads and not self.leads:
            return NotImplemented
        return self._computed(function, self, other)

    return call


def _backward(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: self._computed(function, other, self)


def _alone(function: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda self: self._computed(function, self)


for _name in (*_BINARY, *_COMPARED):
    setattr(ArrayLike, f"__{_name.strip('_')}__", _forward(getattr(operator, _name)))
for _name in _BINARY:
    setattr(ArrayLike, f"__r{_name.strip('_')}__", _backward(getattr(operator, _name)))
for _name in _UNARY:
    setattr(ArrayLike, f"__{_name}__", _alone(getattr(operator, _name)))


class Indexable(ArrayLike):
    """An `ArrayLike` with an array's indexing and methods."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        return self._computed(strided_slice, self, _as_nest(index))

    def __iter__(self) -> Iterator[Any]:
        # As in TF1; and JAX's indexing past the end would never stop.
        raise TypeError(f"'{type(self).__name__}' object is not iterable.")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(jax.Array, name):
            kind = type(self).__name__
            raise AttributeError(f"{kind!r} object has no attribute {name!r}")
        return getattr(self.value(), name)
