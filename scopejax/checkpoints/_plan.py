"""What is to be read, and as what: decided, and checked, before a number is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from .._base.dtypes import as_dtype
from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.missing import no_match
from .._base.texts import brief, printable
from .._base.trees import flat_names
from .._base.trees import is_array as has_shape
from .._manifest.fit import Described, differences, refuse
from .._manifest.manifest import Manifest
from .._manifest.patterns import NamePattern, matches_name
from ._entry import Entry
from ._items import item_of
from ._leaves import Wants, described, is_array, is_number, kind_on_arrival
from ._renaming import Renaming, renamed, renamer
from ._tensorflow.slots import NON_SLOT
from ._tensorflow.tf1_names import to_tf1_names

Target = Manifest | Wants | Mapping[str, Any]
"""What the model wants: a manifest, or a nested dict of (abstract) arrays."""

Cast = bool | Any | Mapping[NamePattern, Any]
Transpose = Mapping[NamePattern, Sequence[int]]


class Transfer(NamedTuple):
    """One array on its way: where it lies, and what becomes of it.

    Attributes:
      entry: what is read.
      name: what the model calls it.
      shape: the shape that it arrives in.
      dtype: the name of the dtype that it arrives in.
      axes: how its axes are permuted, or None.
      sharding: where it goes, or None.
      kind: what the array becomes then, ``""`` where it stays one of JAX.
    """

    entry: Entry
    name: str
    shape: tuple[int, ...]
    dtype: str
    axes: tuple[int, ...] | None = None
    sharding: Any = None
    kind: str = ""


class Report(NamedTuple):
    """What of a checkpoint and a model did not find its other half.

    Attributes:
      loaded: names of the variables that were found.
      missing: names in the model that the checkpoint lacks.
      unused: names in the checkpoint, renamed, that the model lacks.

    >>> print(Report(("a/w",), ("b/w",), ()))
    1 loaded, 1 missing, 0 unused
      missing     b/w
    """

    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]

    def __str__(self) -> str:
        counts = (f"{len(names)} {what}" for what, names in self._asdict().items())
        lines = [
            f"  {what:<10}  {printable(name)}"
            for what in ("missing", "unused")
            for name in getattr(self, what)
        ]
        return "\n".join([", ".join(counts), *lines])


def plan(
    entries: Iterable[Entry],
    target: Target | None,
    *,
    select: NamePattern | None,
    rename: Renaming | None,
    cast: Cast,
    transpose: Transpose | None,
    strict: bool,
    kept: Iterable[Entry] = (),
) -> tuple[list[Transfer], Report]:
    """The transfers that a load takes, and what is left over.

    `kept` are entries of slots: one that `target` names is a variable of the model.

    Raises:
      VariableMismatchError: shapes or dtypes differ; with `strict`, a name does.
      InvalidArgumentError: a pattern covers nothing, or an option makes no sense.
    """
    _require_target(cast, target)
    found = list(entries)
    names = renamed([entry.name for entry in found], rename)
    found = [e for e in found if _selected(select, names[e.name])]
    wanted = None if target is None else _wanted(target, select)
    for place, entry in _variables(kept, wanted or (), names.values(), rename):
        found.append(entry)
        names[entry.name] = place
    _require_some(select, found, names.values(), names)
    transfers = {
        names[e.name]: _transfer(e, names[e.name], wanted, cast, transpose or {})
        for e in found
    }
    _require_used(transpose or {}, transfers)
    _require_used(cast if isinstance(cast, Mapping) else {}, transfers)
    if wanted is None:
        return list(transfers.values()), Report(tuple(transfers), (), ())
    report = Report(
        loaded=tuple(name for name in wanted if name in transfers),
        missing=tuple(name for name in wanted if name not in transfers),
        unused=tuple(name for name in transfers if name not in wanted),
    )
    compared = {
        name: described(transfer.shape, transfer.dtype, transfer.kind)
        for name, transfer in transfers.items()
        if strict or name in wanted
    }
    lines = list(differences(wanted, compared, complete=strict))
    refuse("the checkpoint", lines, remedy=_remedy(wanted, transfers))
    return [transfers[name] for name in report.loaded], report


def _variables(
    kept: Iterable[Entry],
    wanted: Iterable[str],
    known: Iterable[str],
    rename: Renaming | None,
) -> Iterator[tuple[str, Entry]]:
    """What of the slots is a variable of the model: averages, a global step.

    In a file they are what an optimizer kept; a program that made them as variables
    asks for them by their own names, of which `wanted` has the places.
    """
    kept, known = list(kept), set(known)
    lacking = [name for name in wanted if name not in known]
    if not (kept and lacking):
        return
    places = {name: place for place, name in to_tf1_names(lacking).items()}
    new = renamer(None, rename)
    for entry in kept:
        place = places.pop(new(entry.stored), None)
        if place is not None:
            yield place, entry._replace(name=entry.stored)


def _remedy(wanted: Iterable[str], found: Iterable[str]) -> str | None:
    """Where all that is wanted lies below an item, which was not asked for."""
    item = item_of(list(wanted), found)
    return f"Pass item={item!r}, for what is below it in the checkpoint." * bool(item)


def _require_target(cast: Cast, target: Target | None) -> None:
    if cast is True and target is None:
        raise InvalidArgumentError(
            "cast=True casts to the dtypes of a target, and there is none.",
            where=user_line(),
            remedy="Pass target, or the dtype: cast='bfloat16'.",
        )


def _wanted(target: Target, select: NamePattern | None) -> dict[str, Described]:
    is_flat = isinstance(target, Manifest | Wants)
    specs = target if is_flat else flat_names(target, "target")
    for name, spec in specs.items():
        _require_described(spec, name)
    chosen = {name: spec for name, spec in specs.items() if _selected(select, name)}
    if select is not None:
        _require_some(select, chosen, specs)
    return chosen


def _require_described(spec: Any, name: str) -> None:
    if not has_shape(spec):
        raise InvalidArgumentError(
            f"target has no shape and dtype for {name}: {brief(spec)}",
            name=name,
            expected="an array or a jax.ShapeDtypeStruct",
            found=type(spec).__name__,
            where=user_line(),
        )


def _selected(select: NamePattern | None, name: str) -> bool:
    return select is None or matches_name(select, name)


_RENAMED = "It goes by the model's names, which are those after rename."


def _require_some(
    select: Any, chosen: Any, names: Iterable[str], before: Iterable[str] = ()
) -> None:
    if chosen or select is None:
        return
    if any(_selected(select, name) for name in before):
        raise no_match(select, names, _RENAMED)
    raise no_match(select, names)


def _require_used(table: Mapping[Any, Any], transfers: Iterable[str]) -> None:
    names = list(transfers)
    for pattern in table:
        _require_some(pattern, [n for n in names if matches_name(pattern, n)], names)


def _first(table: Mapping[Any, Any], name: str) -> Any:
    """What the first pattern that covers `name` stands for, or None."""
    return next(
        (v for pattern, v in table.items() if matches_name(pattern, name)), None
    )


def _transfer(
    entry: Entry,
    name: str,
    wanted: Mapping[str, Described] | None,
    cast: Cast,
    transpose: Transpose,
) -> Transfer:
    target = None if wanted is None else wanted.get(name)
    axes = _first(transpose, name)
    if axes is not None:
        axes = _axes(axes, entry, name)
    shape = entry.shape if axes is None else tuple(entry.shape[axis] for axis in axes)
    where, dtype = getattr(target, "sharding", None), _dtype(entry, name, target, cast)
    kind = kind_on_arrival(entry, target)
    if target is None and dtype != entry.dtype:
        kind = ""  # who casts a number of Python's wants an array
    return Transfer(entry, name, shape, dtype, axes, where, kind)


def _axes(axes: Sequence[int], entry: Entry, name: str) -> tuple[int, ...]:
    if sorted(axes) != list(range(len(entry.shape))):
        raise InvalidArgumentError(
            f"transpose: {tuple(axes)} are not the axes of {name}.",
            name=name,
            expected=f"each of {tuple(range(len(entry.shape)))} once",
            found=f"shape {entry.shape}",
            where=user_line(),
        )
    return tuple(axes)


def _dtype(entry: Entry, name: str, target: Described | None, cast: Cast) -> str:
    """The dtype that an entry is cast to, or its own."""
    if cast is False and _is_wide_step(entry, target):
        return "int32"
    chosen = isinstance(cast, Mapping)
    if not is_array(getattr(target, "kind", "")):
        return entry.dtype
    wanted = _first(cast, name) if isinstance(cast, Mapping) else cast
    if wanted in (None, False) and is_number(entry.kind):
        wanted = True  # a number of Python's has no width of its own
    if wanted is True:
        wanted = None if target is None else target.dtype
    if wanted is None or wanted is False:
        return entry.dtype
    wanted = str(as_dtype(wanted, name))
    if _kind(wanted) == _kind(entry.dtype):
        return wanted
    if chosen:
        raise InvalidArgumentError(
            f"cast: {name} is of dtype {entry.dtype}, {wanted} of another kind.",
            name=name,
            where=user_line(),
            remedy="Floating-point numbers become others, and integers integers.",
        )
    return entry.dtype


def _is_wide_step(entry: Entry, target: Described | None) -> bool:
    """Whether it is a step, which TensorFlow has in 64 bits and the model in 32."""
    if target is None or entry.slot != NON_SLOT:
        return False
    return (entry.dtype, str(target.dtype)) == ("int64", "int32")


_KINDS = (np.floating, np.integer, np.complexfloating, np.bool_)


def _kind(dtype: str) -> Any:
    """What numbers a dtype is for; itself where it is for none."""
    try:
        return next(k for k in _KINDS if jnp.issubdtype(jnp.dtype(dtype), k))
    except (TypeError, StopIteration):
        return dtype
