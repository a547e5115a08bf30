"""Which of JAX's transforms run around the code that asks: known by their frames.

Python's stack holds the frames of JAX's public functions while they trace what they
were given. So a scope can tell that it came into a loop by closure, and state that it
is where JAX cannot follow it.
"""

from __future__ import annotations

import dis
import functools
import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import CodeType, FrameType
from typing import Any

import jax
import jax.custom_batching
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
_BRANCHES = _own(jax.lax.cond, jax.lax.switch)
_CUSTOM_JVP = _own(jax.custom_jvp.__call__)
_CUSTOM_VMAP = _own(jax.custom_batching.custom_vmap.__call__)
_GRADIENTS = _with_inner(jax.value_and_grad, jax.jacfwd, jax.jacrev)
_CHECKPOINT_FILE = inspect.unwrap(jax.checkpoint).__code__.co_filename
_SHARD_MAP_FILE = inspect.unwrap(jax.shard_map).__code__.co_filename
_TREES_FILE = inspect.unwrap(jax.tree_util.tree_leaves).__code__.co_filename
_BOUNDARY = jax.lax.scan.__code__  # around each function of JAX's that users call
_TREE_FILES = {
    inspect.unwrap(function).__code__.co_filename
    for function in (jax.tree.map, jax.tree_util.tree_map, ravel_pytree)
}

# A letter for each transform that matters to state.
_LETTERS = {
    **dict.fromkeys(_own(jax.lax.scan), "S"),
    **dict.fromkeys(_own(jax.lax.while_loop), "W"),
    **dict.fromkeys(_BRANCHES, "B"),
    **dict.fromkeys(_VMAP, "V"),
    **dict.fromkeys(_CUSTOM_JVP, "J"),
    **dict.fromkeys(_CUSTOM_VMAP, "M"),
    **dict.fromkeys(
        _with_inner(jax.grad, jax.value_and_grad, jax.vjp, jax.linearize), "G"
    ),
}


_TAKING_FILES = {_CHECKPOINT_FILE: "C", _SHARD_MAP_FILE: "D"}


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def surroundings() -> str:
    """A letter for each of JAX's transforms that run, the outermost first.

    ``S`` stands for `scan`, ``W`` for `while_loop`, ``B`` for the branches of `cond`
    and `switch`, ``C`` for `checkpoint`, ``G`` for reverse-mode differentiation, ``V``
    for `vmap`, ``J`` for `custom_jvp` and ``M`` for `custom_vmap`; one transform may
    have its letter several times.

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


def taking() -> str:
    """A letter for the function of JAX's that flattens its arguments just now.

    As in `surroundings`; also ``D`` for `shard_map`, and ``g`` where it is `grad` or a
    Jacobian that flattens what it differentiates. "" for any other, and where it is the
    user's own code that flattens.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_jax(frame):
        frame = frame.f_back
    while frame is not None and frame.f_code.co_filename == _TREES_FILE:
        frame = frame.f_back
    if frame is not None and frame.f_code in _GRADIENTS:
        return "g"
    while frame is not None:  # no generator: this runs for each flattening
        code = frame.f_code
        letter = _LETTERS.get(code) or _TAKING_FILES.get(code.co_filename)
        if letter is not None:
            return letter
        if code is _BOUNDARY or not is_jax(frame):
            return ""
        frame = frame.f_back
    return ""


_COMPARE = dis.opmap["COMPARE_OP"]


def is_compared(depth: int = 1) -> bool:
    """Whether JAX's own code compares two objects, and not one of its caches.

    So do `jax.closure_convert` and `jax.linearize`, which are given an argument twice.

    Args:
      depth: how many frames up the comparison is.
    """
    frame = sys._getframe(depth + 1)
    code = frame.f_code
    if code.co_name in ("__eq__", "__ne__") or not is_jax(frame):
        return False
    return code.co_code[frame.f_lasti] == _COMPARE


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
