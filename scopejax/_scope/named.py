"""Paths as JAX's name scopes, so that profiles and HLO show them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

import jax

from .._base.names import Path, join

# What has been entered around the running code. Nothing but the names in profiles
# depends on it: it keeps a path from being written twice.
_ENTERED: ContextVar[Path] = ContextVar("scopejax_entered", default=())


@contextlib.contextmanager
def entered(path: Path, base: int) -> Iterator[None]:
    """`jax.named_scope` of the components that are not entered yet.

    Args:
      path: an absolute path.
      base: how many components a cached trace must not write down, since it may serve
        other paths too.
    """
    outer = _ENTERED.get()
    start = max(base, len(outer) if path[: len(outer)] == outer else 0)
    name = join(path[start:])
    token = _ENTERED.set(path)
    try:
        with jax.named_scope(name) if name else contextlib.nullcontext():
            yield
    finally:
        _ENTERED.reset(token)
