"""Initializers that hold arrays: what one returns may be a tensor of the model.

TF1 calls an initializer where its variable is made, so it may return any tensor of the
graph. The core calls one later, from a key alone. So one that holds arrays is asked in
place, as a function without arguments, and its value is the model's own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax

from .._words.array_like import ArrayLike
from .._words.dtypes import as_tf
from .values import as_value, is_jax_style, takes

_DEEPEST = 4  # of functions in functions


def asked_in_place(
    initializer: Any, shape: Any, dtype: Any
) -> Callable[[], Any] | None:
    """The value of an initializer in TF1's style that holds arrays; None for others.

    >>> def copy_of(tensor):
    ...     return lambda shape, dtype=None, partition_info=None: tensor
    >>> asked_in_place(copy_of(jax.numpy.ones(2)), [2], "float32")().shape
    (2,)
    >>> asked_in_place(lambda shape, dtype=None: jax.numpy.ones(shape), [2], "float32")
    """
    if hasattr(initializer, "as_jax") or is_jax_style(initializer):
        return None
    if not holds_arrays(initializer):
        return None
    more = {"partition_info": None} if takes(initializer, "partition_info") else {}
    return lambda: as_value(initializer(list(shape), dtype=as_tf(dtype), **more), dtype)


def holds_arrays(function: Any, depth: int = 0) -> bool:
    """Whether arrays are among what a function closes over, or an object keeps."""
    if isinstance(function, jax.Array | ArrayLike):
        return True
    if depth == _DEEPEST or isinstance(function, type):
        return False
    return any(holds_arrays(value, depth + 1) for value in _held(function))


def _held(value: Any) -> Iterator[Any]:
    if isinstance(value, functools.partial):
        yield from (value.func, *value.args, *value.keywords.values())
    elif isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list | tuple):
        yield from value
    elif callable(value):
        for cell in getattr(value, "__closure__", None) or ():
            try:
                yield cell.cell_contents
            except ValueError:  # not bound yet
                continue
        yield getattr(value, "__self__", None)
        yield from (getattr(value, "__defaults__", None) or ())
        yield from getattr(value, "__dict__", {}).values()
