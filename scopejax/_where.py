"""Which line of the user's code is asking: frames, without the libraries' own."""

from __future__ import annotations

import functools
import os
import sys
from types import CodeType, FrameType
from typing import NamedTuple

import jax

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_JAX = os.path.dirname(os.path.abspath(jax.__file__)) + os.sep
# The demo is a user's program that happens to be shipped inside the package.
_KINDS: tuple[tuple[str, str], ...] = (
    (os.path.join(_HERE, "demo"), "user"),
    (_HERE, "scopejax"),
    (_JAX, "jax"),
)


@functools.cache
def _kind(filename: str) -> str:
    return next((kind for root, kind in _KINDS if filename.startswith(root)), "user")


class CallPath(NamedTuple):
    """How control came from the model to a `get_variable`.

    Attributes:
      outermost: the frame of the first JAX function that the model called on the
        way, or None when the model calls directly.
      steps: `(code, offset of the running instruction)` of each user frame.
    """

    outermost: FrameType | None
    steps: tuple[tuple[CodeType, int], ...]


def call_path(anchor: FrameType) -> CallPath:
    """Walks from the caller out to `anchor`, the frame that runs the model."""
    outermost: FrameType | None = None
    steps: list[tuple[CodeType, int]] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame is not anchor:
        kind = _kind(frame.f_code.co_filename)
        if kind == "jax":
            outermost = frame
        elif kind == "user":
            steps.append((frame.f_code, frame.f_lasti))
        frame = frame.f_back
    return CallPath(outermost, tuple(steps))


def user_line() -> str:
    """The innermost line outside of scopejax and JAX: ``"model.py:12 in tower"``."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _kind(frame.f_code.co_filename) != "user":
        frame = frame.f_back
    if frame is None:  # called from a thread that runs library code alone
        return "unknown"
    return f"{_file(frame.f_code.co_filename)}:{frame.f_lineno} in {_function(frame)}"


def _function(frame: FrameType) -> str:
    return frame.f_code.co_name


def _file(filename: str) -> str:
    """A path relative to the working directory, or the name of a notebook's cell."""
    if "IPython" in sys.modules:
        from IPython import get_ipython  # only where a notebook has loaded it

        shell = get_ipython()
        named = shell and shell.compile.format_code_name(filename)
        if named:
            return " ".join(named)
    relative = os.path.relpath(filename) if os.path.isabs(filename) else filename
    return filename if relative.startswith(os.pardir) else relative
