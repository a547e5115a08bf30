"""What a library's module is to scopejax: two functions that JAX can trace."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .._base.errors import ScopeUsageError
from .._base.lines import user_line
from .._base.names import join
from ._names import Slot

Args = tuple[Any, ...]
Kwargs = dict[str, Any]


class Made(NamedTuple):
    """What a library's init makes.

    Attributes:
      slots: the variables.
      arrays: their values.
      rest: what a run needs besides; it holds no array of a trace.
      streams: names of the random keys that a run may ask for.
    """

    slots: Sequence[Slot]
    arrays: Sequence[Any]
    rest: Any = None
    streams: Sequence[str] = ()


class Ran(NamedTuple):
    """What a run of a module gives.

    Attributes:
      out: its result.
      arrays: the values of the variables after it. Those that it has not written are
        the very objects that it was given.
    """

    out: Any
    arrays: Sequence[Any]


class NeedsKey(Exception):
    """A run asks for a random key that it was not given."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.stream = stream


@dataclasses.dataclass(frozen=True)
class Foreign:
    """A module of another library.

    Attributes:
      library: its name.
      name: the module's, for errors.
      facts: all that the two functions depend on besides arrays.
      init: ``(key, args, kwargs) -> Made``.
      run: ``(rest, arrays, keys, args, kwargs) -> Ran``; `keys` by stream.
    """

    library: str
    name: str
    facts: Any
    init: Callable[..., Made]
    run: Callable[..., Ran]


def bound(module: Any, method: Any) -> Any:
    """What to call: the module, its method of a name, or a function of it."""
    if method is None:
        return module
    if isinstance(method, str):
        return getattr(module, method)
    return functools.partial(method, module)


def after(
    slots: Sequence[Slot],
    arrays: Sequence[Any],
    written: Mapping[Slot, Any],
    stays: Callable[[Slot], bool] = lambda slot: True,
) -> list[Any]:
    """The values of the variables behind a run that gave `written`.

    Args:
      stays: whether a variable that init has not made is to be kept, which it cannot.

    Raises:
      ScopeUsageError: there is such a variable.
    """
    known = frozenset(slots)
    for slot in written:
        if slot not in known and stays(slot):
            name = join(slot.path)
            raise ScopeUsageError(
                f"The variable {name} of {slot.collection} comes into being when the"
                " module runs, not in its init.",
                name=name,
                where=user_line(),
                remedy="Make it in the module's init too: all variables exist before"
                " the model runs. What linen sows is returned by capture=.",
            )
    return [written.get(slot, old) for slot, old in zip(slots, arrays, strict=True)]
