"""Kinds of memory, and bringing arrays to a memory, a device or a sharding."""

from __future__ import annotations

from typing import Any

import jax
from jax.sharding import SingleDeviceSharding

# By JAX's names outside of a trace, and what it calls them inside.
MEMORIES = {"device": jax.memory.Space.Device, "pinned_host": jax.memory.Space.Host}


def moved(array: jax.Array, where: Any) -> jax.Array:
    """`array` on a device, as a sharding says, or in a kind of memory."""
    if isinstance(where, str):
        where = MEMORIES[where]
    elif isinstance(where, jax.Device) and not isinstance(array, jax.core.Tracer):
        where = SingleDeviceSharding(where)  # its default memory, from any
    put: jax.Array = jax.device_put(array, where)
    return put
