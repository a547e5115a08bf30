"""Which scope an equation belongs to: that of the function which was given it.

A model is a function of a scope that calls other functions of scopes. While `watched`
runs one, Python reports each call, and the calls that are given a scope enter a name of
their own: `jax.named_scope` of a mark with a number. JAX keeps these names with every
equation, through `jit`, `scan`, `checkpoint` and differentiation. So the marks around
an equation, in their order, are the calls that made it.

What a function computes that is given no scope counts to the one that called it, and
of two scopes that a function is given, the first counts.

The trace is one of its own. What it leaves in JAX's caches has a key that no other
trace has (`_jax.contexts`), so the marks show up nowhere else. That key changes
with each call that came through a JAX function, so that no layer is taken for another:
apply traces a block under `jit` once for all layers, and this once for each.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path as File
from types import CodeType, FrameType
from typing import Any

import jax

from .._base.lines import is_jax
from .._base.names import Path
from .._jax.contexts import InKeys
from .._scope.scope import Scope

_CORE = str(File(__file__).parents[1] / "_")  # the files of the core begin with it
_MARK = re.compile(r"@scopejax:(\d+)@")
_RUN = InKeys()


class Calls:
    """The calls that were given a scope.

    Attributes:
      paths: of the scope, call by call.
      model: the name of the first function.
      names: of its other parameters that are given by position.
    """

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.model = ""
        self.names: tuple[str, ...] = ()

    def _add(self, code: CodeType, name: str, scope: Scope) -> str:
        """The mark of a call that was given a scope by this name."""
        if not self.paths:
            names = code.co_varnames[: code.co_argcount]
            self.model = code.co_name
            self.names = names[names.index(name) + 1 :] if name in names else ()
        self.paths.append(scope._place.path)
        return f"@scopejax:{len(self.paths) - 1}@"


class _Watch:
    """What Python reports to while a model runs."""

    def __init__(self) -> None:
        self.calls = Calls()
        self._open: dict[FrameType, tuple[AbstractContextManager[Any], int]] = {}
        self._bases = [0]

    def report(self, frame: FrameType, event: str, _: Any) -> None:
        """Python's hook."""
        if event == "call":
            given = _scope_given(frame)
            if given is not None:
                self._enter(frame, *given)
        elif event == "return" and frame in self._open:
            self._leave(frame)

    def _enter(self, frame: FrameType, name: str, scope: Scope) -> None:
        entered = jax.named_scope(self.calls._add(frame.f_code, name, scope))
        entered.__enter__()  # type: ignore[no-untyped-call]
        self._open[frame] = entered, scope._place.base
        self._bases.append(scope._place.base)

    def _leave(self, frame: FrameType) -> None:
        """What came through a JAX function was traced: for this one scope alone."""
        entered, base = self._open.pop(frame)
        entered.__exit__(None, None, None)
        self._bases.pop()
        if base > self._bases[-1]:
            _RUN.go_on(object())  # until `watched` restores what was


@contextlib.contextmanager
def watched() -> Iterator[Calls]:
    """The calls of its body."""
    watch, before = _Watch(), sys.getprofile()
    with _RUN.set(object()):
        sys.setprofile(watch.report)
        try:
            yield watch.calls
        finally:
            _restore(before)


def _restore(before: Any) -> None:
    """Gives Python's hook back to whom it belonged."""
    is_c = before is not None and not callable(before)  # that of cProfile
    sys.setprofile(None if is_c else before)
    if is_c:
        before.enable()


def _scope_given(frame: FrameType) -> tuple[str, Scope] | None:
    """The first argument that is a scope, of a function that is the user's."""
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    if not count or code.co_filename.startswith(_CORE) or is_jax(frame):
        return None
    values = frame.f_locals
    for name in code.co_varnames[:count]:
        scope = values.get(name)
        if isinstance(scope, Scope):
            return name, scope
    return None


def marks(names: str) -> tuple[list[int], str]:
    """The numbers of the calls in a stack of names, and the names behind the last."""
    found = list(_MARK.finditer(names))
    tail = names[found[-1].end() :] if found else names
    return [int(match[1]) for match in found], tail
