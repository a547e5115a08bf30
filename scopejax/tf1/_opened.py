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

    def asked(self) -> None:
        """To be called before anything depends on the state."""

    def changed(self) -> None:
        """To be called after the state has changed."""


class opened_name:
    """The context manager of a name scope of one graph."""

    __slots__ = ("_after", "_before", "_graph", "_name", "_named")

    def __init__(self, graph: Named, name: str | None) -> None:
        self._graph, self._name = graph, name

    def __enter__(self) -> str:
        graph = self._graph
        graph.asked()
        opened, text = graph.open_name(self._name)
        before = self._before = graph.thread.name_scope
        self._named = _profiled(before, opened)
        self._named.__enter__()
        graph.thread.name_scope = opened
        graph.changed()
        return text

    def __exit__(self, *exception: object) -> None:
        self._named.__exit__(None, None, None)
        self._graph.thread.name_scope = self._before
        self._graph.changed()


_NOTHING = contextlib.nullcontext()


def _profiled(before: str, opened: str) -> AbstractContextManager[Any]:
    """JAX's name scope for what `opened` adds to the one before."""
    added = opened
    if before and (opened == before or opened.startswith(before + "/")):
        added = opened[len(before) + 1 :]
    return jax.named_scope(added) if added else _NOTHING
