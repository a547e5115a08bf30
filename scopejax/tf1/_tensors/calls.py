"""op: makes an op of TF1 of a function of arrays.

Tensors and variables among the arguments become arrays, and arrays among the results
tensors. An op of what is known while JAX traces, of sizes above all, is computed at
once, so that its result can be a size again.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import jax
import numpy as np

from ..._base.lines import is_jax
from ..._base.tf1_errors import tf_error
from .._words.array_like import ArrayLike
from .made import CONSTANT, DRAWS, Made, noted
from .tensor import Tensor, as_numpy, broadcasting, is_static

F = TypeVar("F", bound=Callable[..., Any])


def op(function: F) -> F:
    """An op of TF1, of a function that takes and gives arrays.

    >>> @op
    ... def twice(x, name=None):
    ...     return 2 * x
    >>> twice(np.ones(3), name="double")
    <tf.Tensor 'double:0' shape=(3,) dtype=float32>
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        seen, given, draws = _Seen(), (args, kwargs), DRAWS.count
        args = tuple([seen.plain(arg) for arg in args])
        kwargs = {key: seen.plain(arg) for key, arg in kwargs.items()}
        name = kwargs.get("name") or function.__name__
        try:
            with broadcasting():
                if seen.static and not seen.traced:
                    with jax.ensure_compile_time_eval():
                        return wrapped(_known(function(*args, **kwargs)), name)
                result = wrapped(function(*args, **kwargs), name)
        except TypeError as error:
            if not _is_of_jax(error):
                raise
            message = f"tf.{function.__name__}: {error}"
            raise tf_error(ValueError, message) from error
        if draws != DRAWS.count:
            return result
        return noted(result, _broadcast(function), *given[0], **given[1])

    return call  # type: ignore[return-value]  # of the same signature


def _broadcast(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function for a session's run, where arrays broadcast as they do at first."""

    def call(*args: Any, **kwargs: Any) -> Any:
        with broadcasting():
            return function(*args, **kwargs)

    return call


def maker(function: F) -> F:
    """An op whose arguments are sizes, which makes an array in the model itself."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        draws = DRAWS.count
        args = plain(args)
        kwargs = plain(kwargs)
        name = kwargs.get("name") or function.__name__
        result = wrapped(function(*args, **kwargs), name)
        if isinstance(result, Made) and draws == DRAWS.count:
            result._call = CONSTANT
        return result

    return call  # type: ignore[return-value]  # of the same signature


def _is_of_jax(error: BaseException) -> bool:
    """Whether JAX raised it: shapes that don't go together, above all."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and is_jax(last.tb_frame)


class _Seen:
    """Makes arguments plain, and notes whether arrays of the model are among them."""

    __slots__ = ("static", "traced")

    def __init__(self) -> None:
        self.static = self.traced = False

    def plain(self, value: Any) -> Any:
        """The argument, with arrays in place of tensors and variables."""
        if isinstance(value, ArrayLike):
            if is_static(value):
                self.static = True
            else:
                self.traced = True
            return value.value()
        if isinstance(value, list | tuple):
            return _like(value, [self.plain(item) for item in value])
        if isinstance(value, dict):
            return {key: self.plain(item) for key, item in value.items()}
        self.traced = self.traced or isinstance(value, jax.Array)
        return value


def plain(value: Any) -> Any:
    """A nest with arrays in place of tensors and variables.

    >>> plain([Tensor(np.ones(2, "float32")), 3])
    [array([1., 1.], dtype=float32), 3]
    """
    return _Seen().plain(value)


def wrapped(value: Any, name: str = "Tensor") -> Any:
    """A nest with tensors in place of arrays.

    >>> wrapped((np.ones(2, "float32"), None))
    (<tf.Tensor 'Tensor:0' shape=(2,) dtype=float32>, None)
    """
    if isinstance(value, jax.Array | np.ndarray | np.generic):
        return Tensor(value, name)
    if isinstance(value, list | tuple):
        return _like(value, [wrapped(item, name) for item in value])
    if isinstance(value, dict):
        return {key: wrapped(item, name) for key, item in value.items()}
    return value


def _known(value: Any) -> Any:
    return jax.tree.map(as_numpy, value)


def _like(nest: Any, items: list[Any]) -> Any:
    kind = type(nest)
    if kind is list:
        return items
    return kind(*items) if hasattr(nest, "_fields") else tuple(items)


def made(name: str, parameters: str, function: Callable[..., Any], text: str) -> Any:
    """An op of a table.

    Args:
      name: of the op.
      parameters: their names; what has a default stands behind ``name``.
      function: gets the arguments before ``name``.
      text: the docstring.

    >>> made("neg", "x", np.negative, "Minus x.")(x=np.float32(2))
    <tf.Tensor 'neg:0' shape=() dtype=float32>
    """
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    wanted = [inspect.Parameter(p, kind) for p in parameters.split()]
    signature = inspect.Signature(
        [*wanted, inspect.Parameter("name", kind, default=None)]
    )

    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != len(wanted):
            bound: Mapping[str, Any] = signature.bind(*args, **kwargs).arguments
            args = tuple(bound[p.name] for p in wanted)
        return function(*args)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = text
    call.__signature__ = signature  # type: ignore[attr-defined]
    return op(call)
