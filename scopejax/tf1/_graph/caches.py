"""The ambient frame in the keys of JAX's caches.

A function under `jit` that asks for variables depends on more than its arguments: on
the current scope, on what exists, on which model is running. JAX knows nothing of that,
unless it is told by a value of `_jax.contexts`, which is part of every cache's key.

Were that value a number that changes with each variable, every small function of
jax.numpy would be traced again after each of them. So it is a `Mark`. An operation of
this package inside of a JAX transform sets the mark that is in the key of the call that
is being traced. A mark that is set equals itself alone; two that are not set are equal.
So what never asked for a variable is found again under any mark, and what did only in
the very same state: each change of state, once the current mark is set, brings a new
one. `tests/tf1/test_jit.py` proves each sentence.

Which mark is in that key? The current one, if the call began after the mark did. In a
model each operation that sets a mark brings a new one, which knows the trace it began
in: within that very trace no call has begun since, so that nothing is to be set.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from ..._jax.contexts import InKeys


class Mark:
    """One state of the ambient frame, as far as JAX's caches need to know.

    Attributes:
      read: whether it is set.
      trace: what was current when it began; None stands for unknown.
    """

    __slots__ = ("read", "trace")

    def __init__(self, trace: Any = None) -> None:
        self.read = False
        self.trace = trace

    def __hash__(self) -> int:
        return hash(Mark)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mark):
            return NotImplemented
        return self is other or not (self.read or other.read)


_STATE = InKeys(Mark())


def set_mark(trace: Any, renew: bool) -> None:
    """Notes that what JAX is tracing depends on the state of the ambient frame.

    Args:
      trace: the current one.
      renew: whether to go on with a new mark, which spares other functions.
    """
    mark = _STATE.value
    if mark.trace is None or mark.trace != trace:
        mark.read = True
        if renew:
            _STATE.go_on(Mark(trace))


def renew_mark() -> None:
    """Notes that the state has changed: what depended on it must not be found again."""
    if _STATE.value.read:
        _STATE.go_on(Mark())


@contextlib.contextmanager
def fresh_mark() -> Iterator[None]:
    """A new mark for the body of the `with`, and afterwards the one from before."""
    with _STATE.set(Mark()):
        yield
    renew_mark()
