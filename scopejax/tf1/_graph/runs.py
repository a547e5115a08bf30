"""Where JAX runs a function twice for one call, the second run starts as the first did.

JAX may run a body again (a loop whose carry turns out to have another type; each step,
under `jax.disable_jit`). The names that the first run took must be free for the second,
or one variable would become two. But two calls in a row, even by a Python loop inside
of one transform, are two calls.

What tells them apart are frames: the *call*, the JAX function that the user's code is
in, and the *run*, the user's function that JAX has called. One call and two runs of one
function: run again. Two calls: twice. Frames cannot be held, since they hold tracers,
nor can they be referred to weakly; but each has a place for an object of ours,
`f_trace`, which dies with it. (Python itself only looks there while a debugger is at
work, whose own function is passed on.) What this leaves open: the branches of one
`switch` that are one code and close over the same values count as one function.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any, Protocol

import jax

from ..._base.lines import is_jax

CONFIG: Any = jax.config  # its options are not annotated


class Rewindable(Protocol):
    """What a run changes and a second run must find as the first one did."""

    def snapshot(self) -> Any:
        """Its present state."""

    def rewind(self, snapshot: Any) -> None:
        """Back to a state."""


class _Tag:
    """What is known of a frame; it lies in the frame's `f_trace`.

    Attributes:
      tracer: what a debugger had put there.
      bodies: of a call: the functions it has run, each with its last run and the state
        before its first.
    """

    __slots__ = ("bodies", "tracer")

    def __init__(self, tracer: Any) -> None:
        self.tracer = tracer
        self.bodies: dict[Any, tuple[_Tag, Any]] = {}

    def __call__(self, frame: FrameType, event: str, arg: Any) -> _Tag:
        if self.tracer is not None:
            self.tracer = self.tracer(frame, event, arg)
        return self


def _tag(frame: FrameType) -> _Tag:
    tag = frame.f_trace
    if not isinstance(tag, _Tag):
        tag = _Tag(tag)
        frame.f_trace = tag
    return tag


def notice_runs(state: Rewindable, anchor: FrameType | None) -> None:
    """Rewinds `state` where JAX has begun to run a function again.

    Args:
      state: of one model or graph.
      anchor: the frame that runs the model; None for all of the stack.
    """
    for call, body in list(_calls(anchor))[::-1]:
        bodies, run = _tag(call).bodies, _tag(body)
        function = (id(state), *_function(body))
        known = bodies.get(function)
        if known is None:
            bodies[function] = run, state.snapshot()
        elif known[0] is not run:
            bodies[function] = run, known[1]
            state.rewind(known[1])


def _calls(anchor: FrameType | None) -> Iterator[tuple[FrameType, FrameType]]:
    """The `(call, run)` frames from here out to `anchor`, the innermost first."""
    inner: FrameType | None = None  # the last frame seen that is not JAX's
    body: FrameType | None = None  # the one that JAX has called, while within JAX
    last: FrameType | None = None
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_jax(frame):
            if body is None:
                body = inner
        else:
            if body is not None and last is not None:
                yield last, body
            body, inner = None, frame
        if frame is anchor:
            return
        last, frame = frame, frame.f_back


_PLAIN = (bool, int, float, str, type(None))


def _function(run: FrameType) -> tuple[CodeType, tuple[Any, ...]]:
    """What tells one body of a call from another: its code and what it closes over.

    The branches of a `switch` may be closures of one code, or one function with other
    arguments bound, which are not one function that is run again. Without jit a loop
    passes Python's numbers too, so arguments do not count there.
    """
    code, values = run.f_code, run.f_locals
    closed = tuple(id(values.get(name)) for name in code.co_freevars)
    if CONFIG.jax_disable_jit:
        return code, closed
    arguments = (values.get(name) for name in code.co_varnames[: code.co_argcount])
    return code, (*closed, *(v for v in arguments if isinstance(v, _PLAIN)))
