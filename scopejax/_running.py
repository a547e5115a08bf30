"""Which of JAX's functions run around the code that asks: loops, checkpoints, grad.

They are known by the frames of JAX's public functions. A count that has grown since a
scope or a reference was made tells that it came in by closure.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

import jax

from ._where import is_jax

# `fori_loop` and `map` call one of these.
_LOOPS = frozenset(
    inspect.unwrap(loop).__code__ for loop in (jax.lax.scan, jax.lax.while_loop)
)
_CHECKPOINT_FILE = inspect.unwrap(jax.checkpoint).__code__.co_filename


def _with_inner(function: Any) -> Iterator[CodeType]:
    """The code of a function and of those that it defines."""
    code = inspect.unwrap(function).__code__
    yield code
    yield from (c for c in code.co_consts if isinstance(c, CodeType))


_VMAP = frozenset(_with_inner(jax.vmap))
_REVERSE_MODE = frozenset(
    code
    for function in (jax.grad, jax.value_and_grad, jax.vjp, jax.linearize)
    for code in _with_inner(function)
)


def _codes() -> Iterator[CodeType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame.f_code
        frame = frame.f_back


def loops() -> int:
    """How many loops of JAX are tracing their bodies.

    >>> import jax
    >>> jax.lax.map(lambda x: loops() * x, jax.numpy.ones(2)).tolist(), loops()
    ([1.0, 1.0], 0)
    """
    return sum(code in _LOOPS for code in _codes())


def slicing_loops() -> int | None:
    """How many loops the transform is that flattens its arguments just now.

    One for a `scan`, none for a `vmap`; None where the user's own code slices, by
    `jax.tree.map`.
    """
    codes = list(_codes_of_jax())
    if any(code in _VMAP for code in codes):
        return 0
    return sum(code in _LOOPS for code in codes) or None


def _codes_of_jax() -> Iterator[CodeType]:
    """The innermost unbroken run of JAX's own frames."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_jax(frame):
        frame = frame.f_back
    while frame is not None and is_jax(frame):
        yield frame.f_code
        frame = frame.f_back


def checkpoints() -> int:
    """A number that is larger within one more `jax.checkpoint`.

    >>> import jax
    >>> int(jax.checkpoint(checkpoints)()) > checkpoints()
    True
    """
    return sum(code.co_filename == _CHECKPOINT_FILE for code in _codes())


def is_differentiating() -> bool:
    """Whether reverse-mode differentiation runs the code.

    >>> import jax
    >>> seen = []
    >>> grads = jax.grad(lambda x: seen.append(is_differentiating()) or x)(1.0)
    >>> seen, is_differentiating()
    ([True], False)
    """
    return any(code in _REVERSE_MODE for code in _codes())
