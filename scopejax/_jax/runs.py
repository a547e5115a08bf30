"""What JAX runs again is told from what is called again: by Python's frames.

JAX may run a function several times for one call in the user's program: a loop whose
carry turns out to have another type, `associative_scan`, the rules of `custom_vjp`. But
two calls in a row, even by a Python loop inside of one transform, are two calls.

Each function that JAX runs has a *call*, the JAX function that the user's code is in,
and a *run*, the frame of the function that JAX has called. One call and two runs of one
function: run again. Two calls: twice. Frames cannot be held, since they hold tracers,
nor can they be referred to weakly; but each has a place for an object of ours,
`f_trace`, which dies with it. (Python itself only looks there while a debugger is at
work, whose own function is passed on.)

Two kinds of functions are told by JAX's own frames in between. Those of one
`custom_vjp`, `custom_jvp` or `custom_vmap` stand for one another: JAX runs the one that
it needs, a rule often long after the call. Those of one `cond` do not.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any, NamedTuple

import jax

from .._base.lines import kind_of


class Tag:
    """What is known of a frame; it lies in the frame's `f_trace`.

    Attributes:
      identity: an object that outlives the frame, and holds nothing.
      tracer: what a debugger had put there.
      noted: what else there is to know.
    """

    __slots__ = ("identity", "noted", "tracer")

    def __init__(self, tracer: Any) -> None:
        self.identity = object()
        self.tracer = tracer
        self.noted: dict[Any, Any] = {}

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Tag:
        if self.tracer is not None:
            self.tracer = self.tracer(frame, event, arg)
        return self


def tag(frame: FrameType) -> Tag:
    """The tag of a frame."""
    known = frame.f_trace
    if not isinstance(known, Tag):
        known = Tag(known)
        frame.f_trace = known
    return known


class Call(NamedTuple):
    """A JAX function that the user's code is in, and the function that it runs.

    Attributes:
      frame: of the JAX function.
      run: the frame of the function that JAX has called.
      by: words for JAX's functions in between, the innermost first; see `_TELLING`.
    """

    frame: FrameType
    run: FrameType
    by: tuple[str, ...]


def _telling(word: str, *functions: Any, rest: str = "") -> dict[str, dict[Any, str]]:
    """A word for the code of each function, and one for the `rest` of their files."""
    codes = [inspect.unwrap(function).__code__ for function in functions]
    words = {None: rest, **dict.fromkeys(codes, word)}
    return {code.co_filename: words for code in codes}


_vjp: Any = jax.custom_vjp.__call__
_vmap: Any = jax.custom_batching.custom_vmap.__call__

# File -> code -> what is told by a frame of JAX between a call and its run.
_TELLING = {
    **_telling("custom", _vjp, jax.custom_jvp.__call__, rest="rule"),
    **_telling("custom", _vmap, rest="rule"),
    **_telling("branches", jax.lax.cond, jax.lax.switch),
    **_telling("solver", jax.lax.custom_root, jax.lax.custom_linear_solve),
}
for _function in (jax.closure_convert, jax.custom_derivatives.linear_call):
    _code: CodeType = inspect.unwrap(_function).__code__
    _TELLING[_code.co_filename][_code] = "call"


def calls(anchor: FrameType | None) -> Iterator[Call | None]:
    """The calls around the code that asks, the innermost first.

    Args:
      anchor: the frame that runs the model; None for all of the stack.

    Yields:
      Each `Call`; and None at the end, where the anchor is not found.
    """
    inner: FrameType | None = None  # the last frame seen that is not JAX's
    run: FrameType | None = None  # the one that JAX has called, while within JAX
    last: FrameType | None = None  # the last frame of JAX
    by: list[str] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        kind = kind_of(code.co_filename)
        if kind == "jax":
            run, last = run or inner, frame
            words = _TELLING.get(code.co_filename)
            if words is not None:
                by.append(words.get(code, words[None]))
        elif kind != "between":
            if run is not None and last is not None:
                yield Call(last, run, tuple(filter(None, by)))
                by = []
            run, inner = None, frame
            if frame is anchor:
                return
        frame = frame.f_back
    yield None


class Run(NamedTuple):
    """What is kept of a `Call`.

    Attributes:
      call, run: the identities of the frames.
      code: of the function that JAX has called.
      branch: what tells it from other branches of one `cond`; None elsewhere.
      role: ``"custom"`` for a function with custom rules, ``"rule"`` for a rule that
        JAX runs after the call, of what it has traced; else empty.
      in_solver: whether a solver calls it, or is it.
    """

    call: object
    run: object
    code: CodeType
    branch: Any
    role: str
    in_solver: bool

    def is_again(self, other: Run) -> bool:
        """Whether one call has run one function again."""
        if self.call is not other.call or self.code is not other.code:
            return False
        return None in (self.branch, other.branch) or self.branch == other.branch


def run_of(call: Call) -> Run:
    """What is kept of a call."""
    roles = [word for word in call.by if word in _ROLES]
    return Run(
        tag(call.frame).identity,
        tag(call.run).identity,
        call.run.f_code,
        function_of(call.run) if "branches" in call.by else None,
        _ROLES[roles[-1]] if roles else "",
        "solver" in call.by,
    )


_ROLES = {"custom": "custom", "rule": "rule", "call": ""}  # the outermost decides


_PLAIN = (bool, int, float, str, type(None))
_config: Any = jax.config  # its options are not annotated


def function_of(run: FrameType) -> tuple[CodeType, tuple[Any, ...]]:
    """What tells one function of a call from another: its code, what it closes over.

    The branches of a `switch` may be closures of one code, or one function with other
    arguments bound, which are not one function that is run again. Without jit a loop
    passes Python's numbers too, so arguments do not count there.
    """
    code, values = run.f_code, run.f_locals
    closed = tuple(id(values.get(name)) for name in code.co_freevars)
    if _config.jax_disable_jit:
        return code, closed
    arguments = (values.get(name) for name in code.co_varnames[: code.co_argcount])
    return code, (*closed, *(v for v in arguments if isinstance(v, _PLAIN)))
