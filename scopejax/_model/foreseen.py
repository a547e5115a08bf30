"""Which variables a model writes inside of JAX's transforms: those need references.

`init` and `manifest` record it. `apply` looks it up by what the model was given beside
its arrays, so that one that trains and one that does not are told apart. Where nothing
was recorded, say because the variables come from a file, `apply` takes each variable
for a value, and most models are done with that. One that writes within a transform is
stopped there, recorded, and run again. What is known is known for the next time.

It is a saving and nothing else: a name too many costs a reference where a value would
do, and one that is missing costs another run.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable
from typing import Any, TypeVar

from .._base.arguments import Arguments
from .._scope.state import Unforeseen

T = TypeVar("T")
_MOST = 256  # kinds of arguments that are remembered


class Foreseen:
    """What is known of one model.

    Args:
      recorded: the names that a recording finds, given the model's arguments.
    """

    def __init__(self, recorded: Callable[[Any, Any], set[str]]) -> None:
        self._recorded = recorded
        self._known: dict[Hashable, frozenset[str]] = {}

    def add(self, args: tuple[Any, ...], kwargs: dict[str, Any], names: Any) -> None:
        """Notes names for such arguments."""
        kind = _kind(args, kwargs)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[kind] = self._known.get(kind, frozenset()) | frozenset(names)

    def run(
        self,
        model: Callable[[Container[str]], T],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> T:
        """What `model` returns, given the names of all that it writes in transforms."""
        names = self._known.get(_kind(args, kwargs), frozenset())
        missed = _missed(model, names)
        if not isinstance(missed, Unforeseen):
            return missed
        found = self._recorded(args, kwargs)
        while isinstance(missed, Unforeseen):
            found.add(missed.name)
            names |= found
            missed = _missed(model, names)
        self.add(args, kwargs, names)
        return missed


def _missed(model: Callable[[Container[str]], T], names: Any) -> T | Unforeseen:
    """The model's result, or what it wrote and should not have."""
    try:
        return model(names)
    except Unforeseen as unforeseen:
        return Unforeseen(unforeseen.name)  # without the frames, which hold tracers


def _kind(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Hashable:
    """Equal for arguments of which a model is likely to write the same variables."""
    return Arguments(args, kwargs).kind()
