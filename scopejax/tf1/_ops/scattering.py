"""Rows of variables, assigned by number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from .._tensors.calls import plain
from .._tensors.convert import as_array
from .._variables.operation import Assignment

# By the name of the method of ``array.at[indices]``.
_KINDS = {
    "update": "set",
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "div": "divide",
    "min": "min",
    "max": "max",
}


def _scatter(name: str, method: str) -> Callable[..., Assignment]:
    def call(
        ref: Any,
        indices: Any,
        updates: Any,
        use_locking: bool = False,
        name: str | None = None,
    ) -> Assignment:
        def changed(updates: Any) -> Any:
            value = jnp.asarray(ref)
            rows, new = as_array(plain(indices)), as_array(plain(updates), value.dtype)
            return getattr(value.at[rows], method)(new)

        return Assignment(ref, updates, changed)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"``{method}`` of rows of a variable, at once."
    return call


OPS = {
    f"scatter_{name}": _scatter(f"scatter_{name}", method)
    for name, method in _KINDS.items()
}
