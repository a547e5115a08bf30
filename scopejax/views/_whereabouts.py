"""Where an array is, or would be: its memory, its devices and the grid of its parts."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import jax
from jax.sharding import Mesh, NamedSharding

from .._base.errors import InvalidArgumentError
from .._jax.mesh import AnyMesh
from .._spec.partition import sharding_of
from .._spec.spec import VariableSpec

_MOST_PARTS = 64


class Grid(NamedTuple):
    """The parts of an array, as rows and columns.

    Attributes:
      columns: how many there are in a row.
      cells: for each part the numbers of the devices that have it, row by row.
    """

    columns: int
    cells: tuple[tuple[int, ...], ...]


class Placement(NamedTuple):
    """Where an array is.

    Attributes:
      sharding: which axis is split over which axis of the mesh: ``"(data, -)"``.
      memory: the kind of memory, where it is not the usual one.
      devices: ``"8 cpu devices: 0-7"``.
      grid: its parts, where it has several and not too many.
    """

    sharding: str = ""
    memory: str = ""
    devices: str = ""
    grid: Grid | None = None

    def facts(self) -> Iterator[tuple[str, str]]:
        """Label and text of what is known."""
        for label, text in zip(("sharding", "memory", "on"), self[:3], strict=True):
            if text:
                yield label, text


def of_array(array: Any) -> Placement | None:
    """Where a leaf is; None for what has no place, such as a tracer."""
    if isinstance(array, jax.core.Tracer):
        return None
    sharding = getattr(array, "sharding", None)
    if not isinstance(sharding, jax.sharding.Sharding):
        return None
    return _placement(sharding, tuple(array.shape))


def of_spec(spec: VariableSpec, mesh: AnyMesh | None) -> Placement | None:
    """Where a variable would be on a mesh, or why it cannot be; None without one."""
    if mesh is None:
        return None
    try:
        return _placement(sharding_of(spec, mesh), spec.shape)
    except InvalidArgumentError as error:
        return Placement(sharding=f"does not fit the mesh: {error.expected}")


def _placement(sharding: jax.sharding.Sharding, shape: tuple[int, ...]) -> Placement:
    text = spec_text(sharding)
    if isinstance(sharding, NamedSharding) and not isinstance(sharding.mesh, Mesh):
        return Placement(sharding=text)
    devices: list[Any] = sorted(sharding.device_set, key=_number)
    usual = usual_memory(sharding)
    kind = sharding.memory_kind
    return Placement(
        sharding=text,
        memory="" if kind in (None, usual) else str(kind),
        devices=_devices_text(devices),
        grid=grid_of(sharding, shape),
    )


def usual_memory(sharding: jax.sharding.Sharding) -> str:
    """The kind of memory that arrays are in if nothing is said."""
    device: Any = next(iter(sharding.device_set))
    kind: str = device.default_memory().kind
    return kind


def spec_text(sharding: jax.sharding.Sharding) -> str:
    """The axes of the mesh: ``"(data, -)"``; nothing where nothing is split."""
    if not isinstance(sharding, NamedSharding) or not any(sharding.spec):
        return ""
    entries = [
        "-" if e is None else "+".join(map(str, e)) if isinstance(e, tuple) else str(e)
        for e in sharding.spec
    ]
    return f"({', '.join(entries)})"


def _number(device: Any) -> int:
    number: int = device.id
    return number


def _devices_text(devices: list[Any]) -> str:
    platform = devices[0].platform
    ranges = _ranges([device.id for device in devices])
    if len(devices) == 1:
        return f"{platform} {ranges}"
    return f"{len(devices)} {platform} devices: {ranges}"


def _ranges(numbers: Iterable[int]) -> str:
    """``[0, 1, 2, 5]`` -> ``"0-2, 5"``, of sorted numbers."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("-".join(map(str, run)) for run in runs)


def grid_of(sharding: jax.sharding.Sharding, shape: tuple[int, ...]) -> Grid | None:
    """The parts of an array and who has them; None for one part, or very many.

    The last axis that is split runs along the rows, all others down the columns; an
    array that is split along its first axis alone has its parts one below another.

    >>> from jax.sharding import PartitionSpec as P
    >>> mesh = jax.make_mesh((1,), ("data",))
    >>> grid_of(NamedSharding(mesh, P("data")), (8,)) is None
    True
    """
    if not shape or math.prod(shape) == 0:
        return None
    owners = defaultdict[tuple[int, ...], list[int]](list)
    for device, index in sharding.devices_indices_map(shape).items():
        owners[tuple(part.start or 0 for part in index)].append(_number(device))
    starts = sorted(owners)
    if not 1 < len(starts) <= _MOST_PARTS:
        return None
    cells = tuple(tuple(sorted(owners[start])) for start in starts)
    return Grid(_columns(starts, len(shape)), cells)


def _columns(starts: list[tuple[int, ...]], rank: int) -> int:
    """How many parts stand in a row."""
    counts = [len({start[axis] for start in starts}) for axis in range(rank)]
    if rank > 1 and counts[-1] == 1 and sum(count > 1 for count in counts) == 1:
        return 1
    return next(count for count in reversed(counts) if count > 1)
