"""The leaves of a pytree, and what is shown of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax

from .._base.names import Path, join
from .._base.numbers import counted
from .._base.texts import brief
from .._base.trees import is_array
from .._spec.spec import VariableSpec
from . import _whereabouts
from ._items import Item, described, of_spec, printable_path

Specs = Mapping[str, VariableSpec]


def leaves_of(tree: Any) -> dict[Path, Any]:
    """The leaves of any pytree; flat names with slashes are taken as nested.

    >>> leaves_of({"a/b": 1, "c": (2, 3)})
    {('a', 'b'): 1, ('c', '0'): 2, ('c', '1'): 3}
    """
    found = jax.tree_util.tree_flatten_with_path(tree)[0]
    return {tuple(_parts(path)): leaf for path, leaf in found}


def _parts(path: Any) -> list[str]:
    return [part for entry in path for part in str(_name(entry)).split("/")]


def _name(entry: Any) -> Any:
    """What one step into a pytree is called, whatever its kind."""
    kinds = ("key", "name", "idx")
    return next((getattr(entry, k) for k in kinds if hasattr(entry, k)), entry)


def item_of(
    path: Path, leaf: Any, specs: Specs, figures: Any = None, picture: str = ""
) -> Item:
    """What is shown of one leaf."""
    if not is_array(leaf):
        return _of_object(path, leaf)
    if isinstance(leaf, VariableSpec):
        return of_spec(leaf, path=printable_path(path))
    spec = spec_of(path, leaf, specs)
    placement = _whereabouts.of_array(leaf)
    return Item(
        path=printable_path(path),
        **described(leaf),
        spec=spec,
        placement=placement,
        figures=figures,
        notes=tuple(_notes(leaf, spec, placement)),
        alarms=tuple(_alarms(leaf, specs.get(join(path)), figures)),
        picture=picture,
    )


def _of_object(path: Path, leaf: Any) -> Item:
    note = brief(leaf)
    note = note if len(note) <= 40 else f"{note[:37]}..."
    kind = type(leaf).__name__
    return Item(path=printable_path(path), dtype=kind, size=1, notes=(note,))


def spec_of(path: Path, leaf: Any, specs: Specs) -> VariableSpec | None:
    """The spec of a leaf: of its name, or of its end where the shapes agree."""
    whole = specs.get(join(path))
    if whole is not None:
        return whole
    ends = (specs.get(join(path[start:])) for start in range(1, len(path)))
    fits = (spec for spec in ends if spec and spec.shape == tuple(leaf.shape))
    return next(fits, None)


def _notes(leaf: Any, spec: Any, placement: _whereabouts.Placement | None) -> list[str]:
    notes = []
    if spec is not None and not spec.trainable:
        notes.append("not trainable")
    if isinstance(leaf, jax.core.Tracer):
        notes.append("traced")
    elif not isinstance(leaf, jax.Array) and hasattr(leaf, "__array__"):
        notes.append("on the host")
    if placement is not None:
        notes += filter(None, (placement.memory, placement.sharding))
    return notes


def _alarms(leaf: Any, spec: VariableSpec | None, figures: Any) -> list[str]:
    alarms = []
    if isinstance(leaf, jax.Array) and _is_deleted(leaf):
        alarms.append("deleted")
    alarms += broken(figures)
    if spec is not None and spec.shape != tuple(leaf.shape):
        alarms.append(f"the model has {spec.shape}")
    if spec is not None and spec.dtype != leaf.dtype:
        alarms.append(f"the model has {spec.dtype}")
    return alarms


def _is_deleted(leaf: jax.Array) -> bool:
    return not isinstance(leaf, jax.core.Tracer) and leaf.is_deleted()


def broken(figures: Any) -> list[str]:
    """How many numbers are NaN and infinite, where there are any."""
    if figures is None:
        return []
    counts = (figures.nan, "NaN"), (figures.inf, "inf")
    return [counted(count, word, word) for count, word in counts if count]
