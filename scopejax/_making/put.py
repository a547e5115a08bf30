"""Puts an array where its variable is to live, in a trace or outside of it."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, NamedSharding, Sharding

from .._jax.memory import moved
from .._jax.mesh import AnyMesh
from .._spec.partition import as_partition, require_memory, sharding_of
from .._spec.spec import VariableSpec


def place(spec: VariableSpec, array: jax.Array, mesh: AnyMesh | None) -> jax.Array:
    """`array` on the mesh and in the memory that `spec` names."""
    if mesh is not None:
        sharding = sharding_of(spec, mesh)
        if isinstance(array, jax.core.Tracer):
            return _constrained(array, sharding)
        return handed_out(array, sharding)
    kind = as_partition(spec.partition).memory_kind
    if kind is None:
        return array
    if isinstance(array, jax.core.Tracer):
        return moved(array, kind)
    require_memory(kind, next(iter(array.devices())), spec)
    return moved(array, array.sharding.with_memory_kind(kind))


def handed_out(array: jax.Array, sharding: Sharding) -> jax.Array:
    """`array` where a sharding says; every process that takes part has to ask."""
    if sharding.is_fully_addressable or not array.is_fully_addressable:
        return moved(array, sharding)
    whole = np.asarray(array)
    return jax.make_array_from_callback(array.shape, sharding, whole.__getitem__)


def _constrained(array: jax.Array, sharding: NamedSharding) -> jax.Array:
    """The same within a trace: the compiler is told of it."""
    where: Any = sharding
    if isinstance(sharding.mesh, jax.sharding.AbstractMesh):
        where = sharding.spec
    explicit = AxisType.Explicit in sharding.mesh.axis_types
    tell: Any = jax.sharding.reshard if explicit else jax.lax.with_sharding_constraint
    put: jax.Array = tell(array, where)
    kind = sharding.memory_kind
    return put if kind in _DEFAULT else moved(put, kind)


_DEFAULT = (None, "device")
