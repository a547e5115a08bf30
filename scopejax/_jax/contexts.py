"""Values of our own in the keys of JAX's caches.

What JAX has traced or compiled under one value it does not find again under another
that is not equal: so a function may depend on more than its arguments.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import jax


class InKeys:
    """A value in the keys of JAX's caches, in each thread its own.

    >>> from jax import numpy as jnp
    >>> style, traced = InKeys("plain"), []
    >>> run = jax.jit(lambda x: traced.append(style.value) or x)
    >>> for value in ("plain", "bold", "plain"):
    ...     with style.set(value):
    ...         _ = run(jnp.ones(2))
    >>> traced
    ['plain', 'bold']
    """

    __slots__ = ("_context",)

    def __init__(self, value: Any = None) -> None:
        self._context: Any = jax.make_user_context(value)  # type: ignore[no-untyped-call]

    @property
    def value(self) -> Any:
        """The current one."""
        return self._context.value

    def set(self, value: Any) -> AbstractContextManager[Any]:
        """Another value for the body of a ``with``."""
        context: AbstractContextManager[Any] = self._context(value)
        return context

    def go_on(self, value: Any) -> None:
        """Another value for what follows, until a ``with`` around restores its own."""
        self._context(value).__enter__()
