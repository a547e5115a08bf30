"""Initializers of fixed values, and those of matrices."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ... import initializers as _core
from ..._base.tf1_errors import tf_error
from .base import Floating, Initializer
from .values import as_value, filled


@dataclasses.dataclass(frozen=True, eq=False)
class zeros_initializer(Initializer):
    """Zeros; False for bools.

    >>> zeros_initializer()([2]).tolist()
    [0.0, 0.0]
    """

    dtype: Any = np.float32

    def as_jax(self) -> Callable[..., jax.Array]:
        """`jax.nn.initializers.zeros`."""
        return jax.nn.initializers.zeros


@dataclasses.dataclass(frozen=True, eq=False)
class ones_initializer(Initializer):
    """Ones; True for bools.

    >>> ones_initializer()([2], dtype="int32").tolist()
    [1, 1]
    """

    dtype: Any = np.float32

    def as_jax(self) -> Callable[..., jax.Array]:
        """`jax.nn.initializers.ones`."""
        return jax.nn.initializers.ones


@dataclasses.dataclass(frozen=True, eq=False)
class constant_initializer(Initializer):
    """A value; a list fills the shape in order, and its last number the rest.

    >>> constant_initializer([1, 2])([2, 2]).tolist()
    [[1.0, 2.0], [2.0, 2.0]]
    """

    value: Any = 0
    dtype: Any = np.float32
    verify_shape: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.value, dict | set):
            raise tf_error(
                TypeError,
                f"Invalid type for initial value={self.value} of type:"
                f" {type(self.value).__name__}. Expected Python scalar, list or tuple"
                " of values, or numpy.ndarray.",
            )

    def draw(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """The array."""
        value = as_value(self.value, np.dtype(dtype))
        return jnp.asarray(filled(value, shape, self.verify_shape))


@dataclasses.dataclass(frozen=True, eq=False)
class identity_initializer(Initializer):
    """`gain` times the identity; two axes.

    >>> identity_initializer(2.0)([2, 2]).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """

    gain: float = 1.0
    dtype: Any = np.float32

    def draw(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """The array."""
        if len(shape) != 2:
            raise _no_matrix(shape)
        return jnp.asarray(self.gain, dtype) * jnp.eye(*shape, dtype=dtype)


@dataclasses.dataclass(frozen=True, eq=False)
class orthogonal_initializer(Floating):
    """`gain` times a matrix with orthonormal rows or columns; two axes at least.

    >>> orthogonal_initializer()([2, 2]).shape
    (2, 2)
    """

    gain: float = 1.0
    seed: int | None = None
    dtype: Any = np.float32

    def draw(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """The array."""
        if len(shape) < 2:
            raise _no_matrix(shape)
        return jnp.asarray(self.gain, dtype) * _core.orthogonal(key, shape, dtype)


def _no_matrix(shape: tuple[int, ...]) -> ValueError:
    return tf_error(
        ValueError,
        "The tensor to initialize, specified by argument `shape` must be at least"
        f" two-dimensional. Received shape={list(shape)}",
    )
