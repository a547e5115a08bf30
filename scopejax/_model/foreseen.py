"""Which variables a model writes inside of JAX's transforms: those need references.

`init` and `manifest` record it. `apply` looks it up by what the model was given beside
its arrays, so that one that trains and one that does not are told apart. Where nothing
was recorded, say because the variables come from a file, `apply` records the model
first, once.

A name too many costs a reference where a value would do. One that is missing, in a
model that does other things for other shapes or cannot be recorded, is found when it is
written: the model is stopped and runs again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Hashable
from typing import Any, TypeVar

from .._base.arguments import Arguments
from .._scope.state import Unforeseen

T = TypeVar("T")
Names = frozenset[str]
_MOST = 256  # kinds of arguments that are remembered


class Foreseen:
    """What is known of one model.

    Args:
      recorded: the names that a recording finds, given the model's arguments.
    """

    def __init__(self, recorded: Callable[..., Names]) -> None:
        self._recorded = recorded
        self._known: dict[Hashable, Names] = {}

    def add(self, args: tuple[Any, ...], kwargs: dict[str, Any], names: Names) -> None:
        """Notes the names of a recording with such arguments."""
        self._add(_kind(args, kwargs), names)

    def _add(self, kind: Hashable, names: Names) -> Names:
        if len(self._known) >= _MOST:
            self._known.clear()
        known = self._known[kind] = self._known.get(kind, frozenset()) | names
        return known

    def run(
        self,
        model: Callable[[Container[str]], T],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> T:
        """What `model` returns, given the names of all that it writes in transforms."""
        kind = _kind(args, kwargs)
        names = self._known.get(kind)
        if names is None:
            names = self._add(kind, self._recorded(*args, **kwargs))
        while True:
            try:
                return model(names)
            except Unforeseen as unforeseen:
                missed = unforeseen.name
            names = self._add(kind, frozenset([missed]))


def _kind(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Hashable:
    """Equal for arguments of which a model is likely to write the same variables."""
    with contextlib.suppress(TypeError, ValueError):  # dicts whose keys have no order
        return Arguments(args, kwargs).kind()
    return None
