"""How a variable is split: what its partitioner answered, and a mesh -> its sharding.

A partitioner is called as the variable is created, when no mesh need be known. It
answers a `PartitionSpec`, the number of parts along each axis as in TF1, or a
`Partition`, which decides once there is a mesh. Everything that can be wrong with the
answer is found here, and named with the variable.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from .._base.answers import require_rules
from .._base.errors import InvalidArgumentError
from .._base.names import nearest
from .._jax.mesh import AnyMesh
from .spec import VariableSpec

Entries = tuple[Any, ...]
"""For each axis of an array the axis of a mesh, several of them, or None."""


@dataclasses.dataclass(frozen=True, slots=True)
class Partition:
    """A partitioner's answer that waits for the mesh, or says more than how to split.

    Attributes:
      of_items: the answer for one item: a `PartitionSpec`, TF1's counts, or a function
        ``(spec, mesh) -> PartitionSpec``.
      of_stack: the mesh axes of the leading axes that `Scope.stack` gave it.
      memory_kind: where the array lives, ``"pinned_host"``; None for the default.
      label: what a table says of it; the answer itself where there is none.

    >>> print(Partition(PartitionSpec("data"), memory_kind="pinned_host"))
    (data), in pinned_host
    """

    of_items: PartitionSpec | tuple[int, ...] | Callable[..., PartitionSpec]
    of_stack: Entries = ()
    memory_kind: str | None = None
    label: str = ""

    def __post_init__(self) -> None:
        given = {"memory_kind": self.memory_kind, "label": self.label}
        require_rules("Partition", given)

    def __str__(self) -> str:
        parts = [self.label or _text(self.of_items)]
        parts += [f"stack on {axis}" for axis in self.of_stack]
        parts += [f"in {self.memory_kind}"] if self.memory_kind else []
        return ", ".join(part for part in parts if part)


def _text(answer: Any) -> str:
    """A PartitionSpec or counts: ``"(data, -)"``; nothing where nothing is split."""
    if callable(answer):
        return "by a function of the mesh"
    entries = ["-" if e is None else str(e).replace("'", "") for e in answer]
    return f"({', '.join(entries)})" if entries else ""


def sharding_of(spec: VariableSpec, mesh: AnyMesh) -> NamedSharding:
    """Where the variable's parts lie.

    Raises:
      InvalidArgumentError: the mesh lacks an axis that the partition names, or uses one
        twice; an axis does not come out even; there is no memory of that kind.
    """
    sharding = on_devices(spec, mesh)
    kind = as_partition(spec.partition).memory_kind
    if kind is None:
        return sharding
    if isinstance(mesh, Mesh):
        require_memory(kind, mesh.local_devices[0], spec)
    return sharding.with_memory_kind(kind)


def on_devices(spec: VariableSpec, mesh: AnyMesh) -> NamedSharding:
    """The same in the default memory, where programs put what they make."""
    entries = _entries(spec, as_partition(spec.partition), mesh)
    _require_axes(spec, entries, mesh)
    _require_once(spec, entries)
    _require_even(spec, entries, mesh)
    # Without the None at its end, as JAX writes those of a program's results: two that
    # are written in different ways are compiled for twice.
    while entries and entries[-1] is None:
        entries = entries[:-1]
    return NamedSharding(mesh, pspec(*entries))


def type_of(spec: VariableSpec) -> PartitionSpec | None:
    """How it is split on a mesh whose axes are explicit: a part of its type."""
    mesh = jax.sharding.get_abstract_mesh()
    if mesh.empty or mesh.manual_axes or not mesh.are_all_axes_explicit:
        return None
    return sharding_of(spec, mesh).spec


def type_of_item(spec: VariableSpec) -> PartitionSpec | None:
    """The same of one item."""
    split = type_of(spec)
    return None if split is None else pspec(*split[len(spec.stack) :])


def as_partition(answer: Any) -> Partition:
    """What a spec keeps of a partitioner's answer; None stands for not split."""
    if isinstance(answer, Partition):
        return answer
    return Partition(pspec() if answer is None else answer)


def _entries(spec: VariableSpec, partition: Partition, mesh: AnyMesh) -> Entries:
    """For each axis of the whole array, those of the stack in front."""
    of_stack = partition.of_stack
    if len(of_stack) > len(spec.stack):
        raise _wrong(
            spec,
            f"{len(of_stack)} mesh axes for the stack",
            f"a stack of {len(spec.stack)} axes",
            "partitioners.stacked is for variables below scope.stack(n).",
        )
    of_stack += (None,) * (len(spec.stack) - len(of_stack))
    answer = partition.of_items
    if callable(answer):
        answer = answer(spec, mesh)
    if not isinstance(answer, PartitionSpec):
        answer = of_counts(spec, answer, mesh)
    if len(answer) > len(spec.item_shape):
        raise _wrong(
            spec,
            f"an entry for each axis of shape {spec.item_shape}, or fewer",
            str(answer),
            "Leave out the entries at the end.",
        )
    return of_stack + tuple(answer)


def of_counts(
    spec: VariableSpec, counts: tuple[int, ...], mesh: AnyMesh
) -> PartitionSpec:
    """TF1's number of parts for each axis, as axes of a mesh.

    `k` parts go to the mesh axis whose size divides `k`, the largest that does and that
    the array's axis is a multiple of. TF1 splits unevenly, and into more parts than
    there are machines; JAX does neither. What fits no axis of the mesh is not split.

    >>> from jax.sharding import AbstractMesh
    >>> spec = VariableSpec(name="w", shape=(8, 3), dtype=None, initializer=None)
    >>> tuple(of_counts(spec, (4, 1), AbstractMesh((2, 4), ("data", "model"))))
    ('model', None)
    """
    free, entries = dict(mesh.shape), list[str | None]()
    for size, count in zip(spec.item_shape, counts, strict=True):
        fits = [n for n, k in free.items() if k > 1 and count % k == size % k == 0]
        best = max(fits, key=free.__getitem__, default=None)
        if best is not None:
            del free[best]
        entries.append(best)
    return pspec(*entries)


def pspec(*entries: Any) -> PartitionSpec:
    """`jax.sharding.PartitionSpec`, which has no types."""
    made: PartitionSpec = PartitionSpec(*entries)  # type: ignore[no-untyped-call]
    return made


# What can be wrong


def _require_axes(spec: VariableSpec, entries: Entries, mesh: AnyMesh) -> None:
    for axis in _used(entries):
        if axis not in mesh.axis_names:
            raise _wrong(
                spec,
                f"axes of the mesh: {', '.join(map(str, mesh.axis_names))}",
                repr(axis),
                "Name an axis of the mesh, or give it one of that name.",
                nearest(str(axis), map(str, mesh.axis_names)),
            )


def _require_once(spec: VariableSpec, entries: Entries) -> None:
    for axis, times in Counter(_used(entries)).items():
        if times > 1:
            raise _wrong(
                spec,
                "each mesh axis at most once",
                f"{axis!r} {times} times in {pspec(*entries)}",
                "A mesh axis can split one axis of an array: leave the others None.",
            )


def _require_even(spec: VariableSpec, entries: Entries, mesh: AnyMesh) -> None:
    for axis, entry in enumerate(entries):
        parts = parts_of(entry, mesh)
        if spec.shape[axis] % parts:
            raise _wrong(
                spec,
                f"axis {axis} of shape {spec.shape} to be a multiple of {parts}, the"
                f" size of {entry!r}",
                f"{spec.shape[axis]}",
                "Pad the variable, or use partitioners.largest_axis or fsdp, which take"
                " an axis that comes out even or do not split.",
            )


def require_memory(kind: str, device: Any, spec: VariableSpec) -> None:
    """Refuses a kind of memory that a device has not."""
    kinds = [memory.kind for memory in device.addressable_memories()]
    if kind not in kinds:
        raise _wrong(
            spec,
            f"a memory of {device}: {', '.join(kinds)}",
            repr(kind),
            "This backend has no such memory: leave it in the default one.",
            nearest(kind, kinds),
        )


def mesh_axes(entry: Any) -> tuple[Any, ...]:
    """The mesh axes of one entry: a name, several, or None."""
    if entry is None:
        return ()
    return tuple(entry) if isinstance(entry, tuple | list) else (entry,)


def parts_of(entry: Any, mesh: AnyMesh) -> int:
    """Into how many parts one entry splits an axis."""
    return math.prod(mesh.shape[axis] for axis in mesh_axes(entry))


def _used(entries: Entries) -> Iterator[Any]:
    return (axis for entry in entries for axis in mesh_axes(entry))


def _wrong(
    spec: VariableSpec,
    expected: str,
    found: str,
    remedy: str,
    near: Iterable[str] = (),
) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"Variable {spec.name} cannot be partitioned as its partitioner says.",
        name=spec.name,
        expected=expected,
        found=found,
        where=spec.where,
        nearest=tuple(near),
        remedy=remedy,
    )
