"""Parts of a checkpoint: what optimizers kept in slots, and the items of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .._base.errors import CheckpointError
from .._base.lines import user_line
from .._base.names import nearest
from .._base.texts import brief
from ._entry import Entry, Reader


def of_slot(reader: Reader, slot: str) -> list[Entry]:
    """The entries of one slot, whose names differ; ``""`` for the variables."""
    found: dict[str, Entry] = {}
    for entry in reader.entries:
        if entry.slot != slot:
            continue
        other = found.setdefault(entry.name, entry)
        if other is not entry:
            raise CheckpointError(
                f"{other.stored} and {entry.stored} are both {slot} of {entry.name}.",
                name=entry.name,
                where=user_line(),
            )
    if slot and not found:
        raise CheckpointError(
            f"The checkpoint has no slot {brief(slot)}.",
            where=user_line(),
            nearest=sorted({entry.slot for entry in reader.entries} - {""}),
            remedy="scopejax.checkpoints.slots(path) lists them.",
        )
    return list(found.values())


def of_item(entries: Sequence[Entry], item: str) -> list[Entry]:
    """The entries below a name, under their names below it; all where it is ``""``.

    An entry of just that name is the only one, under the last component of it.

    Raises:
      CheckpointError: there is nothing of that name.
    """
    begin = f"{item}/" if item else ""
    found = [
        entry._replace(name=entry.name.removeprefix(begin))
        for entry in entries
        if entry.name.startswith(begin)
    ]
    if item and not found:
        found = [e._replace(name=last_of(item)) for e in entries if e.name == item]
    if item and not found:
        raise CheckpointError(
            f"The checkpoint has no item {brief(item)}.",
            found=", ".join(items(entries)) or "nothing",
            where=user_line(),
            nearest=nearest(item, [entry.name for entry in entries]),
        )
    return found


def item_of(wanted: Sequence[str], names: Iterable[str]) -> str:
    """The shortest item that all of `wanted` are below; ``""`` where there is none.

    >>> item_of(["w", "b"], ["params/w", "params/b", "mu/w", "step"])
    'params'
    """
    names = set(names)
    last = f"/{wanted[0]}" if wanted else ""
    begins = [name.removesuffix(last) for name in names if name.endswith(last) and last]
    fitting = [b for b in begins if all(f"{b}/{name}" in names for name in wanted)]
    return min(fitting, key=lambda begin: (begin.count("/"), begin), default="")


def last_of(item: str) -> str:
    """``"opt_state/0/count"`` -> ``"count"``."""
    return item.rpartition("/")[2]


def items(entries: Sequence[Entry]) -> list[str]:
    """The first components of the names, each once."""
    return list(dict.fromkeys(entry.name.partition("/")[0] for entry in entries))
