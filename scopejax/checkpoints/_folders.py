"""Where the trees lie in a folder that orbax wrote.

A tree lies in a folder with ``_METADATA``. A `CheckpointManager` keeps a folder for
each step, and in that one for each item; orbax's own name for the only item isn't part
of the names. Version 1 of orbax has another such name.
"""

from __future__ import annotations

import re
from pathlib import Path

_TREE = "_METADATA"
_STEP = "_CHECKPOINT_METADATA"
_VERSION_1 = ".experimental.v1."  # in what describes the items
_UNFINISHED = ".orbax-checkpoint-tmp"  # in the name of what is being written
# What orbax calls a tree that was given no name.
_UNNAMED = ("default", "pytree")
_UNNAMED_IN_1 = ("state", *_UNNAMED)
_NUMBERED = re.compile(r"(?:.*\D)?(\d+)")


def is_orbax(path: Path) -> bool:
    """Whether `path` is a directory that orbax wrote, as a whole, or holds steps."""
    return _is_checkpoint(path) or newest_step(path) is not None


def _is_checkpoint(path: Path) -> bool:
    whole = _UNFINISHED not in path.name
    return whole and any((path / mark).is_file() for mark in (_TREE, _STEP))


def newest_step(path: Path) -> Path | None:
    """The step of the greatest number in the folder of a manager; None without one."""
    if not path.is_dir() or _is_checkpoint(path):
        return None
    steps = [
        (int(number[1]), step)
        for step in path.iterdir()
        if (number := _NUMBERED.fullmatch(step.name)) and _is_checkpoint(step)
    ]
    return max(steps)[1] if steps else None


def trees_in(path: Path) -> dict[str, Path]:
    """The folders of the trees of one checkpoint, by what their names begin with."""
    if (path / _TREE).is_file():
        return {"": path}
    found = {n: path / n for n in items_in(path) if (path / n / _TREE).is_file()}
    unnamed = _UNNAMED_IN_1 if _is_of_version_1(path) else _UNNAMED
    if len(found) == 1 and not found.keys().isdisjoint(unnamed):
        return {"": next(iter(found.values()))}
    return {f"{name}/": item for name, item in found.items()}


def _is_of_version_1(path: Path) -> bool:
    described = path / _STEP
    return described.is_file() and _VERSION_1 in described.read_text(errors="replace")


def items_in(path: Path) -> list[str]:
    """The names of all items, of those that aren't trees as well."""
    return sorted(item.name for item in path.glob("*") if item.is_dir())
