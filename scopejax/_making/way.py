"""What each way of making arrays does: it prepares kinds, and makes their variables."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

import jax

from .._spec.spec import VariableSpec
from .kind import Kind


class Prepared(Protocol):
    """What a way needs to make the variables of one kind."""

    def is_right(self) -> bool:
        """Whether it gives the bits of the plain way; waits for compilers."""


P = TypeVar("P", bound=Prepared)


class Wanted(NamedTuple, Generic[P]):
    """A variable to be made, and what was prepared for its kind."""

    spec: VariableSpec
    prepared: P


class Way(Protocol[P]):
    """One way to make variables of some kinds."""

    def prepare(self, kind: Kind) -> P | None:
        """What making this kind needs, which is begun; None where it can't be made."""

    def make(self, wanted: Sequence[Wanted[P]]) -> Iterator[jax.Array]:
        """The variables, in this order."""


def in_order(
    wanted: Sequence[Wanted[P]],
    group_of: Callable[[P], Hashable],
    make: Callable[[list[Wanted[P]]], Iterable[jax.Array]],
) -> Iterator[jax.Array]:
    """The variables in their order, made a group at a time.

    Args:
      group_of: what variables of one group have in common.
      make: the variables of one group; called when the first of them is asked for.
    """
    groups: dict[Hashable, list[Wanted[P]]] = {}
    for one in wanted:
        groups.setdefault(group_of(one.prepared), []).append(one)
    made: dict[Hashable, Iterator[jax.Array]] = {}
    for one in wanted:
        group = group_of(one.prepared)
        if group not in made:
            made[group] = iter(make(groups[group]))
        yield next(made[group])
