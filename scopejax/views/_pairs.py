"""What is shown of a variable that is in one of two trees, or in both."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from .._base.names import Path
from .._base.numbers import counted
from .._base.trees import is_array
from .._spec.spec import VariableSpec
from ._items import Item
from ._leaves import broken, item_of
from ._statistics import Change

# How they are counted, in this order.
_WORDS = {
    "": "changed",
    "unchanged": "unchanged",
    "added": "added",
    "removed": "removed",
    "reshaped": "reshaped",
    "unknown": "not compared",
}


def of_pair(
    path: Path,
    old: Any,
    new: Any,
    change: Change | None,
    specs: Mapping[str, VariableSpec],
) -> Item:
    """One variable, from its leaf in each tree; None where it has none."""
    status = _status(old, new, change)
    item = item_of(path, old if new is None else new, specs)
    return dataclasses.replace(
        item,
        figures=change,
        status=status,
        notes=tuple(_notes(status, old, new, item.spec)),
        alarms=(*item.alarms, *broken(change)),
    )


def _status(old: Any, new: Any, change: Change | None) -> str:
    if old is None or new is None:
        return "added" if old is None else "removed"
    if change is not None:
        return "unchanged" if change.same else ""
    if not is_array(old) and not is_array(new):
        return "unchanged" if old == new else ""
    if _shape(old) != _shape(new):
        return "reshaped"
    return "unchanged" if old is new or _is_empty(old, new) else "unknown"


def _shape(leaf: Any) -> tuple[int, ...] | None:
    return tuple(leaf.shape) if is_array(leaf) else None


def _is_empty(old: Any, new: Any) -> bool:
    return old.dtype == new.dtype and 0 in new.shape


def _notes(status: str, old: Any, new: Any, spec: VariableSpec | None) -> list[str]:
    notes = [_WORDS[status]] if status else []
    if status == "reshaped":
        notes = [f"was {_shape(old)}"]
    if is_array(old) and is_array(new) and old.dtype != new.dtype:
        notes.append(f"{old.dtype} -> {new.dtype}")
    if spec is not None and spec.trainable and status == "unchanged":
        notes = ["unchanged though trainable"]
    if spec is not None and not spec.trainable:
        notes.append("not trainable")
    return notes


def headline(items: list[Item]) -> str:
    """``"2 changed, 1 unchanged."``"""
    counts = Counter(item.status for item in items)
    told = [counted(counts[k], word, word) for k, word in _WORDS.items() if counts[k]]
    return f"{', '.join(told) or 'Nothing to compare'}."


def listed(items: list[Item], figure: Callable[[Any], float]) -> list[Item]:
    """By a figure, the greatest first, with full names; what is unchanged in one group.

    What has no figure, since it is in one tree alone, comes first.
    """

    def order(item: Item) -> float:
        return float("-inf") if item.figures is None else -figure(item.figures)

    moved = [_flat(item) for item in items if item.status != "unchanged"]
    rest = [_flat(item, "unchanged") for item in items if item.status == "unchanged"]
    return [*sorted(moved, key=order), *rest]


def _flat(item: Item, *scopes: str) -> Item:
    return dataclasses.replace(item, path=(*scopes, "/".join(item.path)))
