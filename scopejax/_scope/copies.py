"""Copies for reading: what `caching_device` brings to a device, once for each trace.

A variable may live where computing is slow or impossible, in the memory of the host or
in parts all over a mesh. Read twice, or by each step of a loop, it should be brought
only once. So the copy is made in the trace that the scope itself came to be in, also
when the body of a loop asks for it, and is kept with the scope.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax

from .._jax.memory import moved
from .._jax.surroundings import current_trace, within_trace


class _Copy(NamedTuple):
    source: jax.Array
    copy: jax.Array


class Copies:
    """The copies of one side of a pytree boundary."""

    __slots__ = ("_home", "_known")

    def __init__(self) -> None:
        self._home = current_trace()
        self._known: dict[tuple[str, Any], _Copy] = {}

    def of(self, name: str, source: jax.Array, where: Any) -> jax.Array:
        """`source`, which the scope holds under `name`, brought to `where`."""
        known = self._known.get((name, where))
        if known is None or known.source is not source:
            with within_trace(self._home):
                known = _Copy(source, moved(source, where))
            self._known[name, where] = known
        return known.copy
