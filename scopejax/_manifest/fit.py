"""How a tree of arrays differs from a manifest, and one manifest from another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple, Protocol

from .._base.errors import VariableMismatchError
from .._base.lines import user_line
from .._base.names import nearest
from .._base.texts import brief
from .._base.trees import flat_names, is_array
from .._spec.spec import VariableSpec

Specs = Mapping[str, VariableSpec]


class Described(Protocol):
    """What has a shape and a dtype: a spec, an array, an abstract array."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...


def require_fit(
    specs: Specs, tree: Any, what: str, *, complete: bool
) -> dict[str, Any]:
    """Raises unless `tree` holds what `specs` say; lists every difference at once.

    Args:
      specs: full name -> spec.
      tree: nested dict of arrays.
      what: how the error calls it.
      complete: whether nothing may be missing.

    Returns:
      The leaves of `tree` by full name.

    Raises:
      VariableMismatchError: there is a difference.
    """
    flat = flat_names(tree, what)
    refuse(what, list(differences(specs, flat, complete)))
    return flat


_LISTED = 50  # differences that an error lists


def refuse(what: str, lines: list[str], remedy: str | None = None) -> None:
    """Raises if there are any differences.

    Raises:
      VariableMismatchError: lists them, one a line; of many, the first of each kind.
    """
    if lines:
        places = "1 place" if len(lines) == 1 else f"{len(lines):,} places"
        raise VariableMismatchError(
            "\n    ".join(
                [f"{what} differs from the model in {places}:", *_cut(lines)]
            ),
            where=user_line(),
            remedy=remedy,
        )


def _cut(lines: list[str]) -> list[str]:
    """Of many lines the first of each kind, and how many more there are."""
    if len(lines) <= _LISTED:
        return lines
    kinds = Counter(line[:_KIND] for line in lines)
    each = _LISTED // len(kinds)
    shown: list[str] = []
    for kind, count in kinds.items():
        shown += [line for line in lines if line.startswith(kind)][:each]
        if count > each:
            shown.append(f"{kind}... and {count - each:,} more")
    return shown


_KIND = 12  # letters that a line begins with: what is different
_HINTS = 25  # lines with the nearest names
_COMPARED = 20_000  # names that are looked through for those, all together


def differences(
    specs: Mapping[str, Described], flat: Mapping[str, Any], complete: bool
) -> Iterator[str]:
    """One line for each difference: missing, unexpected, of other shape or dtype.

    Where all names lie below another scope, that is one line, and the rest is compared
    without it.
    """
    moved = _moved(specs, flat)
    if moved:
        yield moved.text
        flat = {moved.renamed(name): leaf for name, leaf in flat.items()}
    for name, spec in specs.items():
        if name in flat:
            yield from _differs(name, spec, flat[name])
        elif complete:
            yield f"missing     {name}: shape {spec.shape}, dtype {spec.dtype}"
    yield from _unexpected(specs, flat)


def _unexpected(
    specs: Mapping[str, Described], flat: Mapping[str, Any]
) -> Iterator[str]:
    hints = max(1, min(_HINTS, _COMPARED // max(1, len(specs))))
    for number, name in enumerate(name for name in flat if name not in specs):
        close = nearest(name, specs) if number < hints else ()
        hint = f" (nearest: {', '.join(close)})" if close else ""
        kind = "" if is_array(flat[name]) else f", a {type(flat[name]).__name__}"
        yield f"unexpected  {name}{kind}{hint}"


class _Moved(NamedTuple):
    """A scope that all names of one side lie below, and those of the other do not.

    Attributes:
      here: what stands before each name of the tree, with its slash.
      there: what stands before each name of the model.
    """

    here: str
    there: str

    @property
    def text(self) -> str:
        side = "here, not in the model" if self.here else "in the model, not here"
        return f"moved       every name lies below `{self.here or self.there}` {side}"

    def renamed(self, name: str) -> str:
        """What the model calls a name of the tree."""
        return self.there + name.removeprefix(self.here)


def _moved(specs: Mapping[str, Any], flat: Mapping[str, Any]) -> _Moved | None:
    """What explains each name of the tree, where none is as the model has it."""
    if not specs or not flat or any(name in specs for name in flat):
        return None
    found = min(flat)
    inside = [i + 1 for i, letter in enumerate(found) if letter == "/"]
    outside = (name.removesuffix(found) for name in specs if name.endswith(f"/{found}"))
    ways = [_Moved(found[:i], "") for i in inside if found[i:] in specs]
    ways += [_Moved("", there) for there in islice(outside, 3)]
    for way in ways:
        if all(n.startswith(way.here) and way.renamed(n) in specs for n in flat):
            return way
    return None


def _differs(name: str, spec: Described, leaf: Any) -> Iterator[str]:
    if not is_array(leaf):
        yield f"no array    {name}: {brief(leaf)}"
        return
    shape, dtype = tuple(leaf.shape), leaf.dtype
    for field, expected, found in (
        ("shape", spec.shape, shape),
        ("dtype", spec.dtype, dtype),
    ):
        if expected != found:
            yield f"{field:<10}  {name}: expected {expected} and found {found}"
