"""Initializers that draw random numbers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ... import initializers as _core
from ..._base.tf1_errors import tf_error
from .base import Floating, Initializer


@dataclasses.dataclass(frozen=True, eq=False)
class random_normal_initializer(Floating):
    """Normal numbers.

    >>> random_normal_initializer(stddev=0.02)([3]).shape
    (3,)
    """

    mean: float = 0.0
    stddev: float = 1.0
    seed: int | None = None
    dtype: Any = np.float32

    def draw(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """The array."""
        normal = jax.nn.initializers.normal(self.stddev)(key, shape, dtype)
        return _shifted(normal, self.mean)


@dataclasses.dataclass(frozen=True, eq=False)
class truncated_normal_initializer(Floating):
    """Normal numbers within two deviations of the mean; the rest is drawn again.

    >>> float(abs(truncated_normal_initializer()([100])).max()) <= 2.0
    True
    """

    mean: float = 0.0
    stddev: float = 1.0
    seed: int | None = None
    dtype: Any = np.float32

    def draw(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """The array."""
        numbers = jax.random.truncated_normal(key, -2, 2, shape, dtype)
        return _shifted(numbers * np.asarray(self.stddev, dtype), self.mean)


def _shifted(array: jax.Array, mean: float) -> jax.Array:
    return array + np.asarray(mean, array.dtype) if mean else array


@dataclasses.dataclass(frozen=True, eq=False)
class random_uniform_initializer(Initializer):
    """Uniform numbers from `minval` up to `maxval`, 1.0 where that is None.

    >>> random_uniform_initializer(0, 6)([3], dtype="int32").dtype.name
    'int32'
    """

    minval: float = 0.0
    maxval: float | None = None
    seed: int | None = None
    dtype: Any = np.float32

    def draw(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """The array."""
        if jnp.issubdtype(dtype, np.integer):
            if self.maxval is None:
                raise tf_error(
                    ValueError,
                    f"Must specify maxval for integer dtype {np.dtype(dtype).name!r}",
                )
            low, high = int(self.minval), int(self.maxval)
            return jax.random.randint(key, shape, low, high, dtype)
        most = 1.0 if self.maxval is None else self.maxval
        return jax.random.uniform(key, shape, dtype, self.minval, most)


@dataclasses.dataclass(frozen=True, eq=False)
class uniform_unit_scaling_initializer(Floating):
    """Uniform numbers of deviation `factor` over the root of all sizes but the last.

    >>> uniform_unit_scaling_initializer()([3, 4]).shape
    (3, 4)
    """

    factor: float = 1.0
    seed: int | None = None
    dtype: Any = np.float32

    def draw(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """The array."""
        bound = math.sqrt(3 / max(1, math.prod(shape[:-1]))) * self.factor
        return jax.random.uniform(key, shape, dtype, -bound, bound)


_DISTRIBUTIONS: dict[str, Any] = {
    "normal": "truncated_normal",
    "truncated_normal": "truncated_normal",
    "untruncated_normal": "normal",
    "uniform": "uniform",
}


@dataclasses.dataclass(frozen=True, eq=False)
class variance_scaling_initializer(Floating):
    """Numbers of variance `scale` over the fan; "normal" is truncated, as in TF.

    >>> variance_scaling_initializer(2.0, "fan_avg", "uniform")([3, 4]).shape
    (3, 4)
    """

    scale: float = 1.0
    mode: str = "fan_in"
    distribution: str = "truncated_normal"
    seed: int | None = None
    dtype: Any = np.float32

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scale <= 0.0:
            raise tf_error(
                ValueError,
                f"Argument `scale` must be a positive float. Received: {self.scale}",
            )
        if self.mode not in ("fan_in", "fan_out", "fan_avg"):
            raise tf_error(
                ValueError,
                "Argument `mode` should be one of ('fan_in', 'fan_out', 'fan_avg')."
                f" Received: {self.mode}",
            )
        if self.distribution.lower() not in _DISTRIBUTIONS:
            raise tf_error(
                ValueError,
                "Argument `distribution` should be one of ('normal', uniform',"
                " 'truncated_normal', 'untruncated_normal'). Received:"
                f" {self.distribution}",
            )

    def draw(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """The array."""
        mode: Any = self.mode
        distribution = _DISTRIBUTIONS[self.distribution.lower()]
        init = _core.variance_scaling(self.scale, mode, distribution)
        return init(key, shape, dtype)


@dataclasses.dataclass(frozen=True, eq=False)
class _Scaled(Floating):
    """One of the named members of the variance scaling family."""

    seed: int | None = None
    dtype: Any = np.float32

    core: ClassVar[Callable[..., jax.Array]]

    def draw(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """The array."""
        return type(self).core(key, shape, dtype)

    def as_jax(self) -> Callable[..., jax.Array]:
        """The core's own function, so that tables and programs know it."""
        return type(self).core if self.seed is None else super().as_jax()


class glorot_uniform_initializer(_Scaled):
    """`scopejax.initializers.glorot_uniform` as a class.

    >>> glorot_uniform_initializer()([2, 3]).shape
    (2, 3)
    """

    core = staticmethod(_core.glorot_uniform)


class glorot_normal_initializer(_Scaled):
    """`scopejax.initializers.glorot_normal` as a class.

    >>> glorot_normal_initializer()([2, 3]).shape
    (2, 3)
    """

    core = staticmethod(_core.glorot_normal)


class he_uniform_initializer(_Scaled):
    """`scopejax.initializers.he_uniform` as a class.

    >>> he_uniform_initializer()([2, 3]).shape
    (2, 3)
    """

    core = staticmethod(_core.he_uniform)


class he_normal_initializer(_Scaled):
    """`scopejax.initializers.he_normal` as a class.

    >>> he_normal_initializer()([2, 3]).shape
    (2, 3)
    """

    core = staticmethod(_core.he_normal)


class lecun_uniform_initializer(_Scaled):
    """`scopejax.initializers.lecun_uniform` as a class.

    >>> lecun_uniform_initializer()([2, 3]).shape
    (2, 3)
    """

    core = staticmethod(_core.lecun_uniform)


class lecun_normal_initializer(_Scaled):
    """`scopejax.initializers.lecun_normal` as a class.

    >>> lecun_normal_initializer()([2, 3]).shape
    (2, 3)
    """

    core = staticmethod(_core.lecun_normal)
