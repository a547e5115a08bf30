"""How one manifest differs from another: of the run before, say."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .._base.answers import answering
from .._base.displayed import Displayed
from .._base.texts import printable
from .._spec.functions import describe
from .._spec.partition import as_partition
from .._spec.sameness import same
from .._spec.spec import TRAINABLE_VARIABLES, VariableSpec

Specs = Mapping[str, VariableSpec]

# Names are equal, and lines move without a change.
_FIELDS = tuple(
    field.name
    for field in dataclasses.fields(VariableSpec)
    if field.name not in ("name", "where")
)


class SpecChange(NamedTuple):
    """A variable that both have.

    Attributes:
      before, after: what each says of it.
      fields: the names of those that differ.

    >>> import scopejax as sj
    >>> def net(width):
    ...     return sj.transform(lambda scope: scope.get_variable("w", (2, width)))
    >>> diff = net(4).manifest().diff(net(3).manifest())
    >>> diff.changed["w"].text
    'shape (2, 3) -> (2, 4)'
    """

    before: VariableSpec
    after: VariableSpec
    fields: tuple[str, ...]

    @property
    def text(self) -> str:
        """``"shape (2, 3) -> (2, 4), trainable True -> False"``."""
        return ", ".join(map(self._field, self.fields))

    def _field(self, name: str) -> str:
        old, new = (
            field_text(name, getattr(s, name)) for s in (self.before, self.after)
        )
        return f"{name} {old} -> {new}" if old != new else f"{name} {new}, another one"


class ManifestDiff(Displayed):
    """What `Manifest.diff` found. True if there is any difference.

    Attributes:
      added: full name -> spec, of what is new.
      removed: full name -> spec, of what is gone.
      changed: full name -> `SpecChange`.

    >>> import scopejax as sj
    >>> before = sj.transform(lambda scope: scope.get_variable("w", (2,))).manifest()
    >>> after = sj.transform(lambda scope: scope.get_variable("v", (2,))).manifest()
    >>> diff = after.diff(before)
    >>> diff.headline, list(diff.added), list(diff.removed), bool(diff)
    ('1 added, 1 removed.', ['v'], ['w'], True)
    """

    @answering
    def __init__(self, before: Specs, after: Specs) -> None:
        self.added = {k: spec for k, spec in after.items() if k not in before}
        self.removed = {k: spec for k, spec in before.items() if k not in after}
        both = ((k, before[k], after[k]) for k in after if k in before)
        found = ((k, SpecChange(a, b, tuple(_changed(a, b)))) for k, a, b in both)
        self.changed = {k: change for k, change in found if change.fields}

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    @property
    def headline(self) -> str:
        """``"1 added, 2 removed."``."""
        counts = {w: len(getattr(self, w)) for w in ("added", "removed", "changed")}
        told = [f"{count} {word}" for word, count in counts.items() if count]
        return f"{', '.join(told)}." if told else "Nothing changed."

    def __str__(self) -> str:
        lines = [f"  + {k}: {_row(spec)}" for k, spec in self.added.items()]
        lines += [f"  - {k}: {_row(spec)}" for k, spec in self.removed.items()]
        lines += [f"  ~ {k}: {change.text}" for k, change in self.changed.items()]
        return "\n".join([self.headline, *map(printable, lines)])

    def __repr__(self) -> str:
        return f"<ManifestDiff: {self.headline}>"


def _row(spec: VariableSpec) -> str:
    where = f", {spec.where}" if spec.where else ""
    return f"{spec.dtype}{list(spec.shape)}, {describe(spec.initializer)}{where}"


def field_text(field: str, value: Any) -> str:
    """What a field of a spec holds, as a short text."""
    if field == "partition":
        return str(as_partition(value)) or "None"
    if field == "initializer" or callable(value):
        return describe(value)
    return value.name.lower() if isinstance(value, enum.Enum) else str(value)


def _changed(before: VariableSpec, after: VariableSpec) -> Iterator[str]:
    for field in _FIELDS:
        old, new = (_read(spec, field) for spec in (before, after))
        if not same(old, new):
            yield field


def _read(spec: VariableSpec, field: str) -> Any:
    """A field; the collections without the one that says trainable once more."""
    if field != "collections":
        return getattr(spec, field)
    return [key for key in spec.collections if key != TRAINABLE_VARIABLES]
