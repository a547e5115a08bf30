"""Opening a name scope: the unique name, and the one that JAX's profiles show."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Any, Protocol

import jax


class Named(Protocol):
    """What a name scope asks of a graph."""

    @property
    def thread(self) -> Any:
        """What this thread knows of it; it has a `name_scope`."""

    def open_name(self, name: str | None) -> tuple[str, str]:
        """The name scope that `name` opens, and what a `with` of it gives."""


class opened_name:
    """The context manager of a name scope of one graph, which is told of it after."""

    __slots__ = ("_before", "_graph", "_name", "_named", "_thread")

    def __init__(self, graph: Named, name: str | None) -> None:
        self._graph, self._name = graph, name

    def __enter__(self) -> str:
        thread = self._thread = self._graph.thread
        opened, text = self._graph.open_name(self._name)
        before = self._before = thread.name_scope
        self._named = _profiled(before, opened)
        self._named.__enter__()
        thread.name_scope = opened
        return text

    def __exit__(self, *exception: object) -> None:
        self._named.__exit__(None, None, None)
        self._thread.name_scope = self._before


_NOTHING = contextlib.nullcontext()


def _profiled(before: str, opened: str) -> AbstractContextManager[Any]:
    """JAX's name scope for what `opened` adds to the one before."""
    added = opened
    if before and (opened == before or opened.startswith(before + "/")):
        added = opened[len(before) + 1 :]
    return jax.named_scope(added) if added else _NOTHING
