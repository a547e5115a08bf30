"""The mesh that is in force, and how to step out of it.

While variables are made, programs for one device run beside those for the mesh: JAX
refuses the former as long as `jax.set_mesh` holds.
"""

from __future__ import annotations

import contextlib
import functools
from contextlib import AbstractContextManager
from typing import Any

import jax
import numpy as np
from jax.sharding import AbstractMesh, Mesh

from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.texts import brief

AnyMesh = Mesh | AbstractMesh


def mesh_in_force(given: Any = None) -> AnyMesh | None:
    """The mesh `given`, or that of `jax.set_mesh`; abstract inside of `jax.jit`.

    None where there is none, and inside of `jax.shard_map`, whose devices each have
    arrays of their own.

    Raises:
      InvalidArgumentError: `given` is no mesh.

    >>> mesh_in_force() is None
    True
    """
    if given is not None:
        if isinstance(given, AnyMesh):
            return given
        raise InvalidArgumentError(
            f"mesh must be a jax.sharding.Mesh, but received: {brief(given)}",
            where=user_line(),
            remedy="mesh=jax.make_mesh((8,), ('data',))",
        )
    ambient = jax.sharding.get_abstract_mesh()
    if ambient.empty or ambient.manual_axes:
        return None
    try:
        return jax.sharding.get_mesh()
    except ValueError:  # inside of jit
        return ambient


def in_force(mesh: AnyMesh | None, key: Any) -> AbstractContextManager[Any]:
    """Within it `mesh` is the one in force, where the key is that of `init`."""
    if mesh is None:
        return contextlib.nullcontext()
    if isinstance(key, jax.core.Tracer) or isinstance(mesh, AbstractMesh):
        abstract = mesh if isinstance(mesh, AbstractMesh) else mesh.abstract_mesh
        return jax.sharding.use_abstract_mesh(abstract)
    return jax.set_mesh(mesh)


def require_devices(mesh: AnyMesh | None) -> Mesh | None:
    """A mesh that arrays can be put on.

    Raises:
      InvalidArgumentError: it is abstract, or has no device of this process.
    """
    if isinstance(mesh, AbstractMesh):
        raise InvalidArgumentError(
            "Variables cannot be put on an abstract mesh: it has no devices.",
            expected="a jax.sharding.Mesh",
            found=str(mesh),
            where=user_line(),
            remedy="mesh=jax.make_mesh((8,), ('data',)); `shapes` and `shardings` take"
            " an abstract one.",
        )
    if mesh is not None and mesh.size and not mesh.local_devices:
        raise InvalidArgumentError(
            "No device of the mesh is one of this process.",
            expected=f"a device of process {jax.process_index()}",
            found=f"devices of process {_processes(mesh)}",
            where=user_line(),
            remedy="A process whose devices are not in the mesh takes no part.",
        )
    return mesh


def _processes(mesh: Mesh) -> str:
    found = {device.process_index for device in mesh.devices.flat}
    return ", ".join(map(str, sorted(found)))


@functools.cache
def _no_devices() -> Mesh:
    return Mesh(np.empty((), object), ())


def compiling_alone() -> AbstractContextManager[Any]:
    """Within it no mesh is in force for what is traced, also inside of a trace.

    Where none is, JAX's caches tell an empty one from none, and nothing is entered.
    """
    if jax.sharding.get_abstract_mesh().empty:
        return contextlib.nullcontext()
    return jax.sharding.use_abstract_mesh(_no_devices().abstract_mesh)


def running_alone() -> AbstractContextManager[Any]:
    """Within it no mesh is in force; to be entered outside of traces."""
    if jax.sharding.get_abstract_mesh().empty:
        return contextlib.nullcontext()
    return jax.set_mesh(_no_devices())
