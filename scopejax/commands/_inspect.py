"""The table of a checkpoint."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .._base.errors import InvalidArgumentError
from .._base.names import nearest
from .._base.numbers import bare_text, bytes_text
from .._manifest.digest import digest
from .._manifest.patterns import matches_name
from .._text.progress import progress
from .._text.table import PLAIN_COLUMNS, Column, printable, to_text, variables_text
from ..checkpoints._entry import Entry, Reader
from ..checkpoints._items import of_slot
from ..checkpoints._load import open_checkpoint
from ._numbers import Stats, is_array, stats

Figures = Mapping[str, Stats]


def inspect(
    path: Path,
    *,
    match: str | None = None,
    slot: str = "",
    figures: bool = False,
    as_json: bool = False,
    format: str | None = None,
) -> str:
    """What is in a checkpoint of any kind, as text or as JSON.

    Only the index is read; with `figures` the arrays that are shown, one at a time.

    Args:
      path: as of `scopejax.checkpoints.load`.
      match: a glob over the variables' names.
      slot: what an optimizer kept, in place of the variables.
      figures: whether to add least, mean and greatest number and the count of NaN.
      as_json: JSON in place of the table.
      format: as of `load`.

    Raises:
      InvalidArgumentError: nothing matches.
      CheckpointError, FileNotFoundError: as `load`.
    """
    with open_checkpoint(path, format) as reader:
        entries = matching(of_slot(reader, slot), match)
        found = _figures(reader, entries) if figures else {}
        show = _json if as_json else _text
        return show(path, reader, entries, found)


def matching(entries: Sequence[Entry], match: str | None) -> list[Entry]:
    """Those whose names `match` covers."""
    found = [e for e in entries if match is None or matches_name(match, e.name)]
    if match is not None and not found:
        names = {entry.name for entry in entries}
        raise InvalidArgumentError(
            f"Nothing in the checkpoint matches {match!r}.",
            nearest=nearest(match.strip("*/"), names),
            remedy="A glob covers the full name: 'encoder/**', '**/kernel'.",
        )
    return found


def _figures(reader: Reader, entries: Sequence[Entry]) -> dict[str, Stats]:
    found = {}
    with progress("reading", sum(entry.nbytes for entry in entries)) as advance:
        for entry in entries:
            if is_array(entry.dtype):
                found[entry.stored] = stats(reader.read(entry))
            advance(entry.nbytes)
    return found


def _text(path: Path, reader: Reader, entries: list[Entry], figures: Figures) -> str:
    columns = [*PLAIN_COLUMNS, *(_column(figures, f) for f in Stats._fields if figures)]
    table = to_text(map(_printable, entries), columns)
    parts = [_heading(path, reader), table, *_slots(reader)]
    return "\n\n".join(parts)


def _printable(entry: Entry) -> Entry:
    return entry._replace(name=printable(entry.name), slot=printable(entry.slot))


def _slots(reader: Reader) -> list[str]:
    """A line for each slot, where there are any."""
    found: dict[str, list[Entry]] = {}
    for entry in reader.entries:
        if entry.slot:
            found.setdefault(printable(entry.slot), []).append(entry)
    lines = [
        f"  {slot}: {variables_text(kept)}, {bytes_text(sum(e.nbytes for e in kept))}"
        for slot, kept in sorted(found.items())
    ]
    return ["\n".join(["kept by optimizers (--slot NAME shows one)", *lines])][
        : len(found)
    ]


_TITLES = {"least": "min", "mean": "mean", "greatest": "max", "nans": "NaN"}


def _column(figures: Figures, field: str) -> Column:
    def cell(entry: Entry) -> str:
        found = figures.get(entry.stored)
        return "" if found is None else bare_text(getattr(found, field))

    return Column(_TITLES[field], cell, right=True)


def _heading(path: Path, reader: Reader) -> str:
    version = reader.metadata.get("scopejax")
    parts = [str(path), reader.kind]
    if version:
        parts.append(f"written by scopejax {version}")
    if reader.metadata.get("digest"):
        parts.append(_digest_text(reader))
    return "  ".join(map(printable, parts))


def _digest_text(reader: Reader) -> str:
    kept = reader.metadata["digest"]
    found = digest({entry.name: entry for entry in of_slot(reader, "")})
    same = "" if kept == found else ", which its variables have not"
    return f"digest {kept[:12]}{same}"


def _json(path: Path, reader: Reader, entries: list[Entry], figures: Figures) -> str:
    described = {
        "path": str(path),
        "format": reader.kind,
        "metadata": dict(reader.metadata),
        "variables": [_described(entry, figures) for entry in entries],
        "slots": sorted({entry.slot for entry in reader.entries} - {""}),
        "count": sum(entry.size for entry in entries),
        "bytes": sum(entry.nbytes for entry in entries),
    }
    return json.dumps(described, indent=2, allow_nan=False)


def _described(entry: Entry, figures: Figures) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": entry.name,
        "shape": list(entry.shape),
        "dtype": entry.dtype,
        "bytes": entry.nbytes,
    }
    if entry.slot:
        row["slot"] = entry.slot
    found = figures.get(entry.stored)
    if found is not None:
        row |= {_TITLES[f]: _plain(value) for f, value in found._asdict().items()}
    return row


def _plain(value: float | None) -> Any:
    """A number that JSON has; infinities and NaN go as text."""
    return value if value is None or math.isfinite(value) else str(value)
