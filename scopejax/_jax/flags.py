"""JAX's settings that decide how arrays are made and models are traced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax

_CONFIG: Any = jax.config  # its options are not annotated


def x64() -> bool:
    """Whether JAX has numbers of 64 bits."""
    return bool(_CONFIG.jax_enable_x64)


def default_key_kind() -> str:
    """The kind of a raw key, ``"threefry2x32"`` unless it was set otherwise."""
    return str(_CONFIG.jax_default_prng_impl)


def counts_each_number() -> bool:
    """Whether Threefry makes number `i` of a key from the key and `i` alone."""
    return bool(getattr(_CONFIG, "jax_threefry_partitionable", True))


def optimizes() -> bool:
    """Whether XLA optimizes its programs as usual, which may change a last bit."""
    values: Mapping[str, Any] = getattr(_CONFIG, "values", {})
    return not values.get("jax_disable_most_optimizations", False)


def looks_for_leaks() -> bool:
    """Whether JAX sees traces through to the end, for `jax.checking_leaks`."""
    return bool(_CONFIG.jax_check_tracer_leaks)
