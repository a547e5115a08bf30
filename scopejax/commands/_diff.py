"""Two checkpoints side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .._base.numbers import counted
from .._manifest.patterns import matches_name
from .._text.progress import progress
from .._text.table import printable
from ..checkpoints._entry import Entry, Reader
from ..checkpoints._load import open_checkpoint
from ._inspect import matching
from ._numbers import difference, is_array

Named = dict[str, Entry]


def diff(
    one: Path,
    two: Path,
    *,
    match: str | None = None,
    rtol: float = 0.0,
    atol: float = 0.0,
    formats: tuple[str | None, str | None] = (None, None),
) -> list[str]:
    """One line for each variable that differs; none where the two are equal.

    The arrays are read one pair at a time, and only where names, shapes and dtypes are
    the same.

    Args:
      one, two: checkpoints of any kind.
      match: a glob over the variables' names.
      rtol, atol: numbers are equal where they differ by at most
        ``atol + rtol * abs(two)``.
      formats: of both, where the paths do not tell.

    Raises:
      InvalidArgumentError: nothing in either matches.
      CheckpointError, FileNotFoundError: as `scopejax.checkpoints.load`.
    """
    of_one, of_two = formats
    with open_checkpoint(one, of_one) as a, open_checkpoint(two, of_two) as b:
        matching([*a.entries, *b.entries], match)  # raises where neither has one
        ours, theirs = _named(a, match), _named(b, match)
        return list(_lines(a, b, ours, theirs, rtol, atol))


def _named(reader: Reader, match: str | None) -> Named:
    shown = [e for e in reader.entries if match is None or matches_name(match, e.name)]
    return {"/".join(entry.path): entry for entry in shown}


def _lines(
    a: Reader, b: Reader, ours: Named, theirs: Named, rtol: float, atol: float
) -> Iterator[str]:
    yield from _only("first", ours, theirs)
    yield from _only("second", theirs, ours)
    both = [name for name in ours if name in theirs]
    with progress("comparing", sum(ours[name].nbytes for name in both)) as advance:
        for name in both:
            line = _line(a, b, ours[name], theirs[name], rtol, atol)
            if line:
                yield f"{line[0]:<10}  {printable(name)}: {line[1]}"
            advance(ours[name].nbytes)


def _only(which: str, ours: Named, theirs: Named) -> Iterator[str]:
    known = {entry.slot for entry in theirs.values()} | {""}
    slots = Counter(e.slot for e in ours.values() if e.slot not in known)
    for name, entry in ours.items():
        if name not in theirs and entry.slot in known:
            kind = f"shape {entry.shape}, dtype {entry.dtype}"
            yield f"{'missing':<10}  {printable(name)}: only in the {which}, {kind}"
    for slot, count in slots.items():
        found = f"only in the {which}, {counted(count, 'array')}"
        yield f"{'missing':<10}  ({printable(slot)}): {found}"


def _line(
    a: Reader, b: Reader, one: Entry, two: Entry, rtol: float, atol: float
) -> tuple[str, str] | None:
    """What differs and how, or None."""
    for field in ("shape", "dtype"):
        ours, theirs = getattr(one, field), getattr(two, field)
        if ours != theirs:
            return field, f"{ours} and {theirs}"
    if not is_array(one.dtype):
        return "unread", f"dtype {one.dtype}"
    found = difference(a.read(one), b.read(two), rtol, atol)
    if not found.unequal:
        return None
    share = f"{found.unequal:,} of {found.size:,} numbers"
    return "values", f"{share}, by {found.greatest:.3g} at most"
