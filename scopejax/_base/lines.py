"""Which line of the user's code is asking: frames, without the libraries' own."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from types import CodeType, FrameType, TracebackType
from typing import NamedTuple

import jax

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_JAX = os.path.dirname(os.path.abspath(jax.__file__)) + os.sep
# The demo is a user's program that happens to be shipped inside the package.
_KINDS: tuple[tuple[str, str], ...] = (
    (os.path.join(_HERE, "demo"), "user"),
    (_HERE, "scopejax"),
    (os.path.join(_JAX, "_src", "tree"), "between"),  # `tree.py` and `tree_util.py`
    (_JAX, "jax"),
    (contextlib.__file__, "between"),
    (functools.__file__, "between"),
)

# Libraries that call the functions they are handed as JAX does.
_LIKE_JAX = (
    "diffrax",
    "equinox",
    "jaxopt",
    "jaxtyping",
    "lineax",
    "optax",
    "optimistix",
)
_INSTALLED = tuple(
    os.path.join("", root, library, "")
    for root in ("site-packages", "dist-packages")
    for library in _LIKE_JAX
)


# What runs the cells of a notebook, wherever it is installed.
_SHELLS = tuple(os.path.join(name, "") for name in ("IPython", "ipykernel"))


@functools.cache
def kind_of(filename: str) -> str:
    """Whose code a file holds.

    Returns:
      ``"user"``, ``"scopejax"``, ``"jax"``, ``"shell"``, or ``"between"``: it calls
      functions for others, as Python's decorators do, and `jax.tree.map`.
    """
    if any(os.sep + shell in filename for shell in _SHELLS):
        return "shell"
    if any(os.sep + library in filename for library in _INSTALLED):
        return "jax"
    return next((kind for root, kind in _KINDS if filename.startswith(root)), "user")


def is_jax(frame: FrameType) -> bool:
    """Whether a frame runs JAX's own code."""
    return kind_of(frame.f_code.co_filename) in ("jax", "between")


def is_own(frame: FrameType) -> bool:
    """Whether a frame runs scopejax's own code."""
    return kind_of(frame.f_code.co_filename) == "scopejax"


def _is_generated(code: CodeType) -> bool:
    """Whether it is the constructor that `dataclasses` wrote for a class."""
    return code.co_filename == "<string>" and code.co_name == "__init__"


def is_user(frame: FrameType) -> bool:
    """Whether a frame runs neither scopejax's nor JAX's code."""
    return kind_of(frame.f_code.co_filename) == "user"


Step = tuple[CodeType, int]
"""A user's function and the offset of the instruction that it is running."""

_SHOWN = 3  # how many steps an error shows, the innermost first


class CallPath(NamedTuple):
    """How control came to a `get_variable`.

    Attributes:
      steps: the user's functions, innermost first; as many as errors show.
    """

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return _text(self.steps)


def user_line() -> str:
    """Where the user's code calls scopejax, innermost step first.

    ``"model.py:3 in dense, called at model.py:9 in siamese"``; "unknown" in a thread
    that runs library code alone.
    """
    return str(user_steps())


def user_steps(anchor: FrameType | None = None) -> CallPath:
    """What `user_line` says, to be put into words later: most lines are never read.

    Args:
      anchor: a frame to stop at.
    """
    steps: list[Step] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame is not anchor and len(steps) < _SHOWN:
        code = frame.f_code
        kind = kind_of(code.co_filename)
        if kind == "user" and not _is_generated(code):
            steps.append((code, frame.f_lasti))
        elif kind == "shell" and steps:  # nobody called the cell
            break
        frame = frame.f_back
    return CallPath(tuple(steps))


def steps_without_jax(anchor: FrameType | None) -> tuple[Step, ...] | None:
    """As `user_steps`, where the user's own calls alone lead from `anchor` to here.

    None otherwise. This is done for each lookup of a variable, so it does not look at
    the next two frames, which are this library's.
    """
    steps: tuple[Step, ...] = ()
    frame: FrameType | None = sys._getframe(3)
    while frame is not anchor:
        if frame is None:
            return None
        code = frame.f_code
        kind = kind_of(code.co_filename)
        if kind == "user":
            if len(steps) < _SHOWN and not _is_generated(code):
                steps += ((code, frame.f_lasti),)
        elif kind == "jax" or kind == "shell":
            return None
        frame = frame.f_back
    return steps


def raised_at(traceback: TracebackType | None) -> str:
    """Where the user's code was when an error was raised, as `user_line` says it."""
    steps: list[Step] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if kind_of(code.co_filename) == "user":
            steps.insert(0, (code, traceback.tb_lasti))
        traceback = traceback.tb_next
    return _text(tuple(steps)) if steps else ""


def innermost_line(path: CallPath) -> str:
    """The innermost step alone, short: ``"model.py:3 in dense"``.

    A file of an installed package goes by its path there, to keep tables narrow.
    """
    if not path.steps:
        return "unknown"
    text = _step(path.steps[0])
    roots = (os.path.join(root, "") for root in sys.path if os.path.isabs(root))
    inside = max((root for root in roots if text.startswith(root)), key=len, default="")
    return text.removeprefix(inside)


def _text(steps: tuple[Step, ...]) -> str:
    return ", called at ".join(map(_step, steps[:_SHOWN])) or "unknown"


def _step(step: Step) -> str:
    code, offset = step
    return f"{_file(code.co_filename)}:{_line(code, offset)} in {code.co_name}"


@functools.lru_cache(maxsize=4096)
def _line(code: CodeType, offset: int) -> int | None:
    lines = (line for start, end, line in code.co_lines() if start <= offset < end)
    return next(lines, None)


@functools.lru_cache(maxsize=1024)
def _relative(filename: str, directory: str) -> str:
    if not os.path.isabs(filename):
        return filename
    relative = os.path.relpath(filename, directory)
    return filename if relative.startswith(os.pardir) else relative


def _file(filename: str) -> str:
    """A path relative to the working directory, or the name of a notebook's cell."""
    if "IPython" in sys.modules:
        from IPython import get_ipython  # only where a notebook has loaded it

        compiler = getattr(get_ipython(), "compile", None)
        name_of = getattr(compiler, "format_code_name", None)  # from IPython 8 on
        named = name_of(filename) if name_of else None
        if named:
            return " ".join(named)
    return _relative(filename, os.getcwd())
