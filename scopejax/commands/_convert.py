"""A checkpoint into another format, array by array."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax

from .._base.numbers import counted
from .._base.trees import from_flat
from .._manifest.patterns import NamePattern
from .._text.progress import progress
from .._text.table import printable
from ..checkpoints._bring import changed
from ..checkpoints._entry import Reader, Source
from ..checkpoints._formats import to_write
from ..checkpoints._items import of_item, of_slot
from ..checkpoints._load import open_checkpoint
from ..checkpoints._plan import Transfer, plan
from ..checkpoints._renaming import Renaming
from ..checkpoints._save import metadata_of

Advance = Callable[[int], None]


def convert(
    source: Path,
    target: Path,
    *,
    select: NamePattern | None = None,
    rename: Renaming | None = None,
    cast: str | None = None,
    slot: str = "",
    item: str = "",
    source_format: str | None = None,
    target_format: str | None = None,
) -> str:
    """Writes what is in one checkpoint to another; says what was written and left out.

    Arrays pass one at a time, from file to file. Orbax writes a tree at once: there
    they are all in memory before.

    Args:
      source: a checkpoint of any kind.
      target: where to; its name tells the format, as of `scopejax.checkpoints.save`.
      select, rename, slot, item: as of `scopejax.checkpoints.load`.
      cast: a dtype for all numbers of its kind, of 64 bits, too.
      source_format, target_format: where the names do not tell.

    Raises:
      CheckpointError, InvalidArgumentError, OSError: as `load` and `save`.
    """
    form = to_write(target, target_format)
    with open_checkpoint(source, source_format) as reader:
        with jax.enable_x64(True):  # no array of JAX's is made
            transfers, _ = plan(
                of_item(of_slot(reader, slot), item),
                None,
                select=select,
                rename=rename,
                cast=cast or False,
                transpose=None,
                strict=True,
            )
        described = {transfer.name: transfer for transfer in transfers}
        from_flat(described)  # raises where names do not nest
        with progress("converting", sum(t.entry.nbytes for t in transfers)) as advance:
            sources = [_source(reader, t, advance) for t in transfers]
            form.write(target, sources, metadata_of(sources, reader.metadata))
        return _told(reader, transfers, target, slot)


def _source(reader: Reader, transfer: Transfer, advance: Advance) -> Source:
    bring = partial(_brought, reader, transfer, advance)
    return Source(*transfer[1:4], bring, transfer.kind)


def _brought(reader: Reader, transfer: Transfer, advance: Advance) -> Any:
    array = changed(transfer, reader.read(transfer.entry))
    advance(transfer.entry.nbytes)
    return array


def _told(reader: Reader, transfers: list[Transfer], target: Path, slot: str) -> str:
    others = Counter(entry.slot for entry in reader.entries if entry.slot != slot)
    left = [
        f"{count} of {printable(name) or 'the variables'}"
        for name, count in others.items()
    ]
    unselected = len(reader.entries) - others.total() - len(transfers)
    if unselected:
        left.append(f"{unselected} that were not selected")
    tail = f"; left out: {', '.join(left)}" if left else ""
    return f"{printable(str(target))}: {counted(len(transfers), 'array')}{tail}"
