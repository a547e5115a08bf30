"""Modes that a user may switch on to debug a program, and what they are not meant for.

`init` records a model abstractly and then runs programs of its own. So it traces even
where `jax.disable_jit` wants the user's functions run step by step, and what it puts on
a device is no accident that `jax.transfer_guard` has to stop.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import jax


def jit_is_off() -> bool:
    """Whether `jax.disable_jit` is in force: loops run their bodies in Python.

    >>> with jax.disable_jit():
    ...     print(jit_is_off())
    True
    """
    return bool(jax.config.jax_disable_jit)  # type: ignore[attr-defined]


@contextlib.contextmanager
def tracing() -> Iterator[None]:
    """Within it JAX traces, whatever `jax.disable_jit` says."""
    with jax.disable_jit(False):
        yield


@contextlib.contextmanager
def as_usual() -> Iterator[None]:
    """Within it JAX traces, and constants may be put on a device."""
    with tracing(), jax.transfer_guard("allow"):
        yield
