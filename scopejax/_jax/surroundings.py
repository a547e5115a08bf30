"""Which of JAX's transforms run around the code that asks: known by their frames.

Python's stack holds the frames of JAX's public functions while they trace what they
were given. So a scope can tell that it came into a loop by closure, and state that it
is where JAX cannot follow it.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import CodeType, FrameType
from typing import Any

import jax
from jax.flatten_util import ravel_pytree

from .._base.lines import is_jax, is_own


def _with_inner(*functions: Any) -> frozenset[CodeType]:
    """The code of functions and of those that they define."""
    codes = [inspect.unwrap(function).__code__ for function in functions]
    inner = [c for code in codes for c in code.co_consts if isinstance(c, CodeType)]
    return frozenset([*codes, *inner])


def _own(*functions: Any) -> frozenset[CodeType]:
    return frozenset(inspect.unwrap(function).__code__ for function in functions)


# `fori_loop` and `map` call one of these.
_LOOPS = _own(jax.lax.scan, jax.lax.while_loop)
_VMAP = _with_inner(jax.vmap)
_CHECKPOINT_FILE = inspect.unwrap(jax.checkpoint).__code__.co_filename
_TREE_FILES = {
    inspect.unwrap(function).__code__.co_filename
    for function in (jax.tree.map, jax.tree_util.tree_map, ravel_pytree)
}

# A letter for each transform that matters to state.
_LETTERS = {
    **dict.fromkeys(_own(jax.lax.scan), "S"),
    **dict.fromkeys(_own(jax.lax.while_loop), "W"),
    **dict.fromkeys(_own(jax.lax.cond, jax.lax.switch), "B"),
    **dict.fromkeys(
        _with_inner(jax.grad, jax.value_and_grad, jax.vjp, jax.linearize), "G"
    ),
}


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def surroundings() -> str:
    """A letter for each of JAX's transforms that run, the outermost first.

    ``S`` stands for `scan`, ``W`` for `while_loop`, ``B`` for the branches of `cond`
    and `switch`, ``C`` for `checkpoint`, ``G`` for reverse-mode differentiation; one
    transform may have its letter several times.

    >>> import jax
    >>> seen = []
    >>> f = jax.checkpoint(lambda x: seen.append(surroundings()))
    >>> _ = jax.lax.map(f, jax.numpy.ones(2))
    >>> sorted(set(seen[0])), surroundings()
    (['C', 'S'], '')
    """
    return "".join(map(_letter, _frames()))[::-1]


def _letter(frame: FrameType) -> str:
    code = frame.f_code
    if code.co_filename == _CHECKPOINT_FILE:
        return "C"
    return _LETTERS.get(code, "")


@functools.cache
def _extension() -> Any:
    """JAX's module on traces, fetched at its first use: it is slow to import."""
    return importlib.import_module("jax.extend.core")


def trace_state() -> Any:
    """An object equal for one trace alone; it keeps nothing alive."""
    return _extension().get_opaque_trace_state()


def current_trace() -> Any:
    """JAX's object for the trace that runs, which keeps what it has traced alive."""
    with _extension().take_current_trace() as trace:
        return trace


def within_trace(trace: Any) -> AbstractContextManager[Any]:
    """What is done in the context is part of an outer trace that is still going on."""
    context: AbstractContextManager[Any] = _extension().set_current_trace(trace)
    return context


def loops() -> int:
    """How many loops of JAX are tracing their bodies.

    >>> import jax
    >>> jax.lax.map(lambda x: loops() * x, jax.numpy.ones(2)).tolist(), loops()
    ([1.0, 1.0], 0)
    """
    return sum(frame.f_code in _LOOPS for frame in _frames())


def slicing_loops() -> int | None:
    """How many loops the transform is that flattens its arguments just now.

    One for a `scan`, none for a `vmap`; None where the user's own code slices, by
    `jax.tree.map`.
    """
    codes = [frame.f_code for frame in _frames_of_jax()]
    if any(code in _VMAP for code in codes):
        return 0
    return sum(code in _LOOPS for code in codes) or None


def taken_apart() -> bool:
    """Whether a scope is flattened by a function of pytrees, not by a transform.

    ``jax.tree.map(f, scope)`` does that, or a library's function by its means.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_own(frame):
        frame = frame.f_back
    files = set()
    while frame is not None and is_jax(frame):
        files.add(frame.f_code.co_filename)
        frame = frame.f_back
    return bool(files) and files <= _TREE_FILES


def _frames_of_jax() -> Iterator[FrameType]:
    """The innermost unbroken run of JAX's own frames."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_jax(frame):
        frame = frame.f_back
    while frame is not None and is_jax(frame):
        yield frame
        frame = frame.f_back
