"""The arguments of a function: arrays for JAX to trace, and all the rest as it is."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import jax

from .trees import is_array


class Arguments:
    """Positional and keyword arguments, flattened.

    Attributes:
      leaves: all of them.
      arrays: those that have a shape and a dtype, by their number among the leaves.
      structure: what holds the leaves.
    """

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.leaves, self.structure = jax.tree.flatten((args, kwargs))
        self.arrays = {i: x for i, x in enumerate(self.leaves) if is_array(x)}

    @property
    def others(self) -> tuple[Any, ...]:
        """The leaves without the arrays."""
        return tuple(x for i, x in enumerate(self.leaves) if i not in self.arrays)

    def without_arrays(self) -> Arguments:
        """The same with holes in place of arrays, so that it keeps none alive."""
        bare = object.__new__(Arguments)
        bare.structure, bare.arrays = self.structure, {}
        bare.leaves = [
            None if i in self.arrays else x for i, x in enumerate(self.leaves)
        ]
        return bare

    def having(self, arrays: dict[int, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with other arrays in their places."""
        leaves = [arrays.get(i, leaf) for i, leaf in enumerate(self.leaves)]
        args, kwargs = jax.tree.unflatten(self.structure, leaves)
        return args, kwargs

    def kind(self) -> Hashable:
        """Their structure, and the switches among them: bools and texts.

        >>> one, two = Arguments((1.0, True), {}), Arguments((2.0, True), {})
        >>> one.kind() == two.kind() != Arguments((1.0, False), {}).kind()
        True
        """
        switches = tuple(
            leaf if isinstance(leaf, bool | str) else None for leaf in self.leaves
        )
        try:
            return hash(self.structure), switches
        except TypeError:  # something static in it cannot be hashed
            return switches
