"""Initializers that run a program, and random keys of the kind it was traced for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ._program import Program


class Text(str):
    """A program that makes a value, equal to those of the same digest.

    Attributes:
      program: ``key -> value``, or ``-> value``.
      draw: it as an initializer ``(key, shape, dtype) -> value``. Initializers are one
        where what they close over is, and this one closes over its text alone; so
        equal programs are compiled once.
    """

    program: Program
    draw: Callable[..., jax.Array]

    def __new__(cls, digest: str, program: Program, label: str) -> Text:
        text = super().__new__(cls, digest)
        text.program = program

        def draw(key: Any, shape: Any, dtype: Any) -> jax.Array:
            inputs = [typed(key, var.aval) for var in text.program.inputs]
            value: jax.Array = text.program(*inputs)[0]
            return value.astype(dtype)

        draw.__name__ = draw.__qualname__ = label
        text.draw = draw
        return text


@functools.lru_cache(maxsize=512)
def compiled(text: Text) -> Callable[..., list[jax.Array]]:
    """The program, jitted."""
    return jitted(text.program)


def jitted(program: Program) -> Callable[..., list[jax.Array]]:
    """A program that is compiled when it is called."""
    run: Callable[..., list[jax.Array]] = jax.jit(lambda *inputs: program(*inputs))
    return run


def typed(key: Any, like: Any = None) -> jax.Array:
    """A key, raw or typed, as a typed one.

    Raises:
      TypeError: it is of another kind than `like`.
    """
    found: jax.Array = key if is_key(key) else jax.random.wrap_key_data(key)
    if like is not None and found.dtype != like.dtype:
        raise TypeError(
            f"it was recorded for random keys of dtype {like.dtype}, and this one has"
            f" dtype {found.dtype}"
        )
    return found


def is_key(array: Any) -> bool:
    """Whether an array, or an abstract one, holds typed keys."""
    return bool(jnp.issubdtype(array.dtype, jax.dtypes.prng_key))
