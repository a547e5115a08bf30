"""Partitioners that answer in axes of a mesh: what `Partition` describes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from jax.sharding import PartitionSpec

from .._base.answers import checking
from .._base.errors import InvalidArgumentError
from .._base.names import nearest
from .._jax.mesh import AnyMesh
from .._manifest.patterns import Pattern, matches
from .._spec.options import Partitioner
from .._spec.partition import (
    Partition,
    as_partition,
    mesh_axes,
    of_counts,
    parts_of,
    pspec,
)
from .._spec.spec import VariableSpec

MeshAxis = str | tuple[str, ...]
Rule = PartitionSpec | Partitioner


def replicated(shape: Any, dtype: Any) -> PartitionSpec:
    """The whole variable on each device; to switch an inherited partitioner off.

    >>> tuple(replicated(shape=(4, 2), dtype="float32"))
    ()
    """
    del shape, dtype
    return pspec()


@checking
def by_name(rules: Mapping[Pattern, Rule]) -> Partitioner:
    """A table: the first pattern that matches the variable's full name decides.

    Args:
      rules: glob, or compiled regular expression -> `PartitionSpec`, or a partitioner.

    Raises:
      InvalidArgumentError: as the variable is sharded: no pattern matches it.

    >>> import scopejax as sj
    >>> from jax.sharding import AbstractMesh, PartitionSpec as P
    >>> table = by_name({"**/kernel": P(None, "model"), "**": P()})
    >>> def model(scope):
    ...     scope = scope.with_options(partitioner=table) / "mlp"
    ...     return scope.get_variable("kernel", (2, 4)), scope.get_variable("bias", 4)
    >>> mesh = AbstractMesh((2,), ("model",))
    >>> shardings = sj.transform(model).manifest().shardings(mesh)["mlp"]
    >>> tuple(shardings["kernel"].spec), tuple(shardings["bias"].spec)
    ((None, 'model'), ())
    """
    return _later(partial(_of_name, dict(rules)), "by name")


def _of_name(
    rules: Mapping[Pattern, Rule], spec: VariableSpec, mesh: AnyMesh
) -> PartitionSpec:
    for pattern, rule in rules.items():
        if matches(pattern, spec):
            return _decided(rule, spec, mesh)
    raise InvalidArgumentError(
        f"No pattern says how to partition {spec.name}.",
        name=spec.name,
        where=spec.where,
        nearest=nearest(spec.name, map(str, rules)),
        remedy="Add a last pattern '**' for all the rest: PartitionSpec().",
    )


@checking
def by_axes(rules: Mapping[str, MeshAxis | None]) -> Partitioner:
    """By the logical names of axes that ``get_variable(..., axes=)`` gives.

    Args:
      rules: logical name -> mesh axis, several, or None for not split. A variable
        without `axes`, and an axis without a name, is not split.

    Raises:
      InvalidArgumentError: as the variable is sharded: there is no rule for a name.

    >>> import scopejax as sj
    >>> from jax.sharding import AbstractMesh
    >>> rules = by_axes({"embed": None, "mlp": "model"})
    >>> def model(scope):
    ...     scope = scope.with_options(partitioner=rules)
    ...     return scope.get_variable("kernel", (2, 4), axes=("embed", "mlp"))
    >>> manifest = sj.transform(model).manifest()
    >>> tuple(manifest.shardings(AbstractMesh((2,), ("model",)))["kernel"].spec)
    (None, 'model')
    """
    return _later(partial(_of_axes, dict(rules)), "by axes")


def _of_axes(
    rules: Mapping[str, MeshAxis | None], spec: VariableSpec, mesh: AnyMesh
) -> PartitionSpec:
    del mesh
    for name in spec.axes or ():
        if name is not None and name not in rules:
            raise InvalidArgumentError(
                f"There is no rule for the axis {name!r} of {spec.name}.",
                name=spec.name,
                expected=", ".join(rules),
                found=repr(name),
                where=spec.where,
                nearest=nearest(name, rules),
                remedy=f"Add one to by_axes: {name!r}: None, or a mesh axis.",
            )
    return pspec(*(name and rules[name] for name in spec.axes or ()))


@checking
def largest_axis(mesh_axis: MeshAxis) -> Partitioner:
    """The longest axis that comes out even is split; where none does, none is.

    Args:
      mesh_axis: the axis of the mesh, or several that split it together.

    >>> import scopejax as sj
    >>> from jax.sharding import AbstractMesh
    >>> def model(scope):
    ...     scope = scope.with_options(partitioner=largest_axis("data"))
    ...     return scope.get_variable("w", (4, 7, 6)), scope.get_variable("b", (7,))
    >>> mesh = AbstractMesh((2,), ("data",))
    >>> shardings = sj.transform(model).manifest().shardings(mesh)
    >>> tuple(shardings["w"].spec), tuple(shardings["b"].spec)
    ((None, None, 'data'), ())
    """
    return fsdp(mesh_axis, min_size=0)


@checking
def fsdp(
    mesh_axis: MeshAxis, *, min_size: int = 2**16, over: Partitioner | None = None
) -> Partitioner:
    """Fully sharded data parallel: what is large is split over the data axis too.

    Args:
      mesh_axis: the axis of the mesh, or several that split it together.
      min_size: variables of fewer numbers (an item's, in a stack) are not split.
      over: another partitioner, whose axes stay as they are; of the rest the longest
        that comes out even is split, and none where none does.

    Source: Rajbhandari et al., "ZeRO" (2020), stage 3, as shardings of one program.

    >>> import scopejax as sj
    >>> from jax.sharding import AbstractMesh
    >>> both = fsdp("data", over=by_axes({"embed": None, "mlp": "model"}))
    >>> def model(scope):
    ...     scope = scope.with_options(partitioner=both)
    ...     return scope.get_variable("w", (512, 1024), axes=("embed", "mlp"))
    >>> mesh = AbstractMesh((4, 2), ("data", "model"))
    >>> tuple(sj.transform(model).manifest().shardings(mesh)["w"].spec)
    ('data', 'model')
    """

    decide = partial(_largest, mesh_axis, min_size, over)
    return _later(decide, f"largest on {mesh_axis}", over)


def _largest(
    mesh_axis: MeshAxis,
    min_size: int,
    over: Partitioner | None,
    spec: VariableSpec,
    mesh: AnyMesh,
) -> PartitionSpec:
    taken = pspec() if over is None else _decided(over, spec, mesh)
    shape = spec.item_shape
    entries = [*taken, *[None] * (len(shape) - len(taken))]
    if spec.item_size >= min_size and not _is_used(mesh_axis, entries):
        parts = _parts(mesh_axis, mesh)
        even = [
            axis
            for axis, (size, entry) in enumerate(zip(shape, entries, strict=True))
            if entry is None and size and size % parts == 0
        ]
        if even:
            entries[max(even, key=shape.__getitem__)] = mesh_axis
    return pspec(*entries)


@checking
def stacked(mesh_axis: MeshAxis, partitioner: Partitioner = replicated) -> Partitioner:
    """Splits the layers of a stack as well: those below ``scope.stack(n)``.

    Args:
      mesh_axis: what splits the stack's first axis.
      partitioner: how one item is split.

    >>> import jax, jax.numpy as jnp, scopejax as sj
    >>> from jax.sharding import AbstractMesh
    >>> def layer(x, scope):
    ...     return x * scope.get_variable("w", x.shape), None
    >>> def model(scope, x):
    ...     layers = scope.with_options(partitioner=stacked("stage")).stack(4)
    ...     return jax.lax.scan(layer, x, layers)[0]
    >>> manifest = sj.transform(model).manifest(jnp.ones(3))
    >>> tuple(manifest.shardings(AbstractMesh((2,), ("stage",)))["w"].spec)
    ('stage',)
    """
    return _changed(partitioner, of_stack=(mesh_axis,))


@checking
def in_memory(kind: str, partitioner: Partitioner = replicated) -> Partitioner:
    """The variable lives in that kind of memory: ``"pinned_host"``.

    A program reads it from there; ``caching_device="device"`` brings it to the device
    first, once for each trace.

    Args:
      kind: as in `jax.Device.addressable_memories`.
      partitioner: how it is split.

    Raises:
      InvalidArgumentError: as the variable is placed: the device has no such memory.

    >>> in_memory("pinned_host")(shape=(2,), dtype="float32").memory_kind
    'pinned_host'
    """
    return _changed(partitioner, memory_kind=kind)


def _changed(partitioner: Partitioner, **changes: Any) -> Partitioner:
    """A partitioner whose answers have something added."""
    return partial(_with_changes, partitioner, changes)


def _with_changes(
    partitioner: Partitioner, changes: Mapping[str, Any], /, shape: Any, dtype: Any
) -> Partition:
    given = as_partition(partitioner(shape=shape, dtype=dtype))
    return dataclasses.replace(given, **changes)


def _later(
    decide: Callable[[VariableSpec, AnyMesh], PartitionSpec],
    label: str,
    over: Partitioner | None = None,
) -> Partitioner:
    """A partitioner that decides once the mesh is known."""
    return partial(_undecided, decide, label, over)


def _undecided(
    decide: Callable[[VariableSpec, AnyMesh], PartitionSpec],
    label: str,
    over: Partitioner | None,
    /,
    shape: Any,
    dtype: Any,
) -> Partition:
    if over is None:
        return Partition(decide, label=label)
    given = as_partition(over(shape=shape, dtype=dtype))
    return dataclasses.replace(given, of_items=decide, label=f"{label}, {given}")


def _decided(rule: Rule, spec: VariableSpec, mesh: AnyMesh) -> PartitionSpec:
    """What a rule says of a variable on a mesh, of one item."""
    if callable(rule):
        rule = rule(shape=spec.item_shape, dtype=spec.dtype)
    answer = as_partition(rule).of_items
    if callable(answer):
        answer = answer(spec, mesh)
    if isinstance(answer, PartitionSpec):
        return answer
    return of_counts(spec, tuple(answer), mesh)


def _parts(mesh_axis: MeshAxis, mesh: AnyMesh) -> int:
    """1 where the mesh has no such axis, so that the error is that of all others."""
    known = all(axis in mesh.axis_names for axis in mesh_axes(mesh_axis))
    return parts_of(mesh_axis, mesh) if known else 1


def _is_used(mesh_axis: MeshAxis, entries: list[Any]) -> bool:
    used = {axis for entry in entries for axis in mesh_axes(entry)}
    return bool(used & set(mesh_axes(mesh_axis)))
