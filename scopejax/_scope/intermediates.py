"""Intermediate values: noted while a model is recorded, kept where somebody looks.

`Scope.record` finds a cell for its value, as of a variable of the state, where
`capture` has put one into the tree of variables, and does nothing where there is none.
So a model that is applied computes what it would without. The cells lie beside the
variables under names of their own, and go where these go: a `scan` slices both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from .._base.dtypes import as_array, as_dtype
from .._base.errors import ScopeUsageError
from .._base.lines import user_line
from .._base.names import Path, join, split
from .._base.trees import Tree, from_flat, insert, lookup
from .._spec.spec import abstract
from .assign import fitting
from .place import Place
from .record import Record
from .state import StateCell, cells_of

Intermediates = Mapping[str, jax.ShapeDtypeStruct]
Cells = Mapping[str, StateCell]


def note(record: Record, path: Path, value: Any, place: Place) -> None:
    """Notes an intermediate value of a model that is recorded.

    Raises:
      VariableExistsError: there is one of that name, and the scope does not reuse.
      InvalidArgumentError: `value` is no array of numbers.
    """
    name, array = join(path), as_array(value, join(path))
    like = abstract(place.stack + array.shape, as_dtype(array.dtype, name))
    record.intermediate(name, place.options.reuse, like)


def keep(variables: Any, path: Path, value: Any, place: Place) -> None:
    """Writes an intermediate value, where `variables` has a cell for it.

    Raises:
      ScopeUsageError: JAX cannot bring it out of the transform that the code is in.
    """
    cell = lookup(variables, _beside(path)[place.base :])
    if isinstance(cell, StateCell):
        name = join(path)
        try:
            cell.write(name, fitting(name, value, cell.shape, cell.dtype))
        except ScopeUsageError as error:
            raise _out_of_reach(name) from error


def _out_of_reach(name: str) -> ScopeUsageError:
    return ScopeUsageError(
        f"The value {name} cannot be captured here: JAX does not bring it out of the"
        " transform.",
        name=name,
        where=user_line(),
        remedy="Return it from the function, and record it outside; or map over"
        " scope.stack(n) as well.",
    )


def cells_for(noted: Intermediates) -> tuple[Cells, Tree]:
    """A cell of zeros for each value, by name, and as a tree for `merge`."""
    zeros = [jnp.zeros(like.shape, like.dtype) for like in noted.values()]
    cells = dict(zip(noted, cells_of(zeros, [True] * len(zeros)), strict=True))
    tree: Tree = {}
    for name, cell in cells.items():
        insert(tree, _beside(split(name)), cell)
    return cells, tree


def last_of(cells: Cells) -> Tree:
    """The nested dict of the values at the end."""
    return from_flat({name: cell.last() for name, cell in cells.items()})


def _beside(path: Path) -> Path:
    """Where a value lies: not where a variable or a scope of its name does."""
    return (*path[:-1], f"{path[-1]} (recorded)")
