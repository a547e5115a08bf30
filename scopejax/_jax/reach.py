"""Where JAX's references cannot go so far: a table of places, and errors for them.

A place is the word of letters that `surroundings.surroundings` gives, with a bar where
the state was taken in: ``G|SB`` is a branch in a scan of a model whose `apply` is under
`grad`. Found by running pairs of transforms under JAX 0.10.0, 0.10.2, 0.11.0 and
0.12.0, with the same result; `tests/scope/test_state_reach.py` holds each row to it.
What is not in the table works, as `tests/laws/test_state_law.py` shows, or fails in
JAX: what is in the table for a function under `grad` or `vmap` that `jit` has traced
before, without it.

Another table has the transforms that take a value of the state as an argument, but no
reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from .._base.errors import ScopeUsageError
from .._base.lines import user_line
from .mapped import has_axis
from .surroundings import surroundings


class _Gap(NamedTuple):
    """A place where JAX cannot follow a reference.

    Attributes:
      place: an expression that is found in the place's word.
      where: in words.
      remedy: what to do instead.
    """

    place: re.Pattern[str]
    where: str
    remedy: str


_GAPS = (
    _Gap(
        re.compile(r"G.*\|.*[SW].*B|\|.*G.*[SW].*B"),
        "in a branch within a loop under grad",
        "Read it before lax.cond and pass the value; return the new one from the"
        " branches, and assign it after.",
    ),
    _Gap(
        re.compile(r"G.*C.*\|.*W|G.*\|.*C.*W|\|.*G.*C.*W"),
        "in a while_loop within jax.checkpoint under grad",
        "Carry the value in the loop, and assign it after.",
    ),
    _Gap(
        re.compile(r"V.*\|.*B|\|.*V.*B"),
        "in a branch under vmap",
        "Read it before lax.cond and pass the value; assign what jnp.where chooses.",
    ),
    _Gap(
        re.compile(r"\|.*J"),
        "in a custom_jvp function",
        "Read it before and pass the value; return the new one, and assign it after.",
    ),
    _Gap(
        re.compile(r"\|.*M"),
        "in a custom_vmap function",
        "Read it before and pass the value; return the new one, and assign it after.",
    ),
)

# By the letters of `surroundings.taking`.
_VALUES_ALONE = {
    "S": "the carry of a loop",
    "W": "the carry of a loop",
    "J": "an argument of a custom_jvp function",
    "M": "an argument of a custom_vmap function",
    "D": "an argument of a shard_map",
}
MAY_TAKE_VALUES = frozenset([*_VALUES_ALONE, "B"])
"""The letters of transforms that take no references, always or in some places."""


def values_alone(letter: str, children: Iterable[Any], is_sliced: bool) -> str:
    """In words, what flattens just now and takes no references; "" if it does.

    Args:
      letter: of `surroundings.taking`.
      children: the references, or what is mapped as they will be.
      is_sliced: whether a whole stack is flattened, which a loop slices.
    """
    if letter == "B":
        return "an argument of a branch under vmap" if "V" in surroundings() else ""
    if letter == "S" and is_sliced:
        mapped = any(map(has_axis, children))
        return "a stack that a loop slices under vmap" if mapped else ""
    return _VALUES_ALONE.get(letter, "")


def place_inside(outside: int, *, alone: bool = False) -> str:
    """The word of where the code runs, with its bar.

    Args:
      outside: how many letters the surroundings had where the state was taken in.
      alone: whether what is around the model does not count: `init` is not where
        `apply` will be.
    """
    word = surroundings()
    return f"{'' if alone else word[:outside]}|{word[outside:]}"


def is_under_vmap(place: str) -> bool:
    """Whether the model has a `vmap` around the code at a place."""
    return "V" in place.partition("|")[2]


def is_in_reach(place: str) -> bool:
    """Whether JAX can follow a reference to a place."""
    return _gap(place) is None


def _gap(place: str) -> _Gap | None:
    return next((gap for gap in _GAPS if gap.place.search(place)), None)


def unreachable(name: str, place: str, what: str) -> ScopeUsageError | None:
    """The error for state that is read or written where JAX cannot follow, if it is so.

    Args:
      name: full name of the variable.
      place: where.
      what: is done: ``"read"`` or ``"assigned"``.
    """
    gap = _gap(place)
    if gap is None:
        return None
    return ScopeUsageError(
        f"Variable {name} is state and cannot be {what} {gap.where}: JAX does not"
        " pass its references through.",
        name=name,
        where=user_line(),
        remedy=gap.remedy,
    )
