"""Where JAX's references cannot go so far: a table of places, and errors for them.

A place is the word of letters that `_running.surroundings` gives, with a bar where the
state was made: ``G|SB`` is a branch in a scan of a model whose `apply` is under `grad`.
Found by running all pairs of transforms under JAX 0.10.0, 0.10.2, 0.11.0 and 0.12.0;
`tests/test_state_refusals.py` holds each row. What is not in the table works, as
`tests/test_state_law.py` shows, or fails in JAX: a branch whose predicate `vmap` has
batched, and a function under `grad` that `jit` has traced before, without it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import jax

from ._errors import ScopeUsageError
from ._running import surroundings
from ._where import user_line

_ALWAYS = (999,)


class _Gap(NamedTuple):
    """A place where JAX cannot follow a reference.

    Attributes:
      place: an expression that is found in the place's word.
      only_writes: whether reading works there.
      before: the version of JAX that mends it.
      where: in words.
      remedy: what to do instead.
    """

    place: re.Pattern[str]
    only_writes: bool
    before: tuple[int, ...]
    where: str
    remedy: str


_GAPS = (
    _Gap(
        re.compile(r"G.*\|.*C|\|.*G.*C"),
        False,
        _ALWAYS,
        "within jax.checkpoint under grad",
        "scopejax.remat(function)(scope, ...) in place of jax.checkpoint, with the"
        " scope as an argument.",
    ),
    _Gap(
        re.compile(r"G.*\|.*[SW].*B|\|.*G.*[SW].*B"),
        False,
        _ALWAYS,
        "in a branch within a loop under grad",
        "Read it before lax.cond and pass the value; return the new one from the"
        " branches, and assign it after.",
    ),
    _Gap(
        re.compile(r"G.*\|.*W"),
        True,
        (0, 12),
        "in a while_loop under grad",
        "A fori_loop of a fixed number of steps; or carry the value in the loop and"
        " assign it after.",
    ),
    _Gap(
        re.compile(r"G.*\|.*G.*S"),
        True,
        (0, 11),
        "in a loop within a grad of the model's own, under grad",
        "Return the value from the loop, as an auxiliary result of the inner grad, and"
        " assign it after.",
    ),
)


def require_reach(name: str, outside: int, *, write: bool) -> None:
    """Refuses state that is read or written where JAX cannot follow.

    Args:
      name: full name of the variable.
      outside: how many letters the surroundings had where the state was made.
      write: whether it is written.

    Raises:
      ScopeUsageError: the place is in the table.
    """
    word = surroundings()
    place = f"{word[:outside]}|{word[outside:]}"
    for gap in _GAPS:
        if (write or not gap.only_writes) and gap.place.search(place):
            if jax.__version_info__ >= gap.before:
                continue
            what = "assigned" if write else "read"
            raise ScopeUsageError(
                f"Variable {name} is state and cannot be {what} {gap.where}: JAX does"
                " not pass its references through.",
                name=name,
                where=user_line(),
                remedy=gap.remedy,
            )
