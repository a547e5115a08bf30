"""TF1's initializers, over `jax.nn.initializers`.

Each is a class as in TF1: make an instance with its options, or pass the class. In a
call, ``init(shape, dtype=None, partition_info=None)``, it gives an array. As the
initializer of a variable it draws from the variable's own key, so the value depends on
the root key and on the variable's name, shape and dtype alone; with a `seed` it depends
on the seed and the shape instead, and two variables of one seed and shape are equal.
The numbers are JAX's, not TensorFlow's.

Every class has its name in TF1's two spellings: ``initializers.zeros`` and
``zeros_initializer``.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from .. import initializers as _core
from ._dtypes import as_dtype, require_floating
from ._errors import tf_error
from ._initial import as_value, filled, next_key
from ._missing import lookup_of


class Initializer:
    """Base of TF1's initializers; the options are the fields of each class."""

    dtype: Any

    def __call__(
        self, shape: Any, dtype: Any = None, partition_info: Any = None
    ) -> jax.Array:
        """An array of `shape`; outside of an initialisation drawn from key 0."""
        del partition_info  # a shard is a part of the whole
        dtype = as_dtype(self.dtype if dtype is None else dtype)
        self.check(dtype)
        key = next_key()
        key = jax.random.key(0) if key is None else key
        return self.as_jax()(key, tuple(shape), dtype)

    def check(self, dtype: Any) -> None:
        """Refuses a dtype that cannot be made; any can by default."""

    def as_jax(self) -> Callable[..., jax.Array]:
        """The function ``(key, shape, dtype) -> array``, equal for equal options."""
        return functools.partial(_make, type(self), tuple(self.get_config().values()))

    def get_config(self) -> dict[str, Any]:
        """The options by name."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """An initializer with the options of `get_config`."""
        return cls(**config)

    def draw(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """The array."""
        raise NotImplementedError


def _make(
    kind: type[Initializer],
    options: tuple[Any, ...],
    key: jax.Array,
    shape: tuple[int, ...],
    dtype: Any,
) -> jax.Array:
    init = kind(*options)
    seed = getattr(init, "seed", None)
    return init.draw(key if seed is None else jax.random.key(seed), shape, dtype)


class _Floating(Initializer):
    """Base of those that draw floating numbers alone."""

    def __post_init__(self) -> None:
        require_floating(self.dtype)

    def check(self, dtype: Any) -> None:
        """Refuses whole numbers and bools."""
        if not jnp.issubdtype(dtype, jnp.floating):
            raise tf_error(
                TypeError,
                f"Expected {np.dtype(dtype).name}, but got 0.0 of type 'float'.",
                remedy=f"{type(self).__name__} draws floating numbers.",
            )


@dataclasses.dataclass(frozen=True)
class zeros_initializer(Initializer):
    """Zeros; False for bools.

    >>> zeros_initializer()([2]).tolist()
    [0.0, 0.0]
    """

    dtype: Any = np.float32

    def draw(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """The array."""
        return jnp.zeros(shape, dtype)


@dataclasses.dataclass(frozen=True)
class ones_initializer(Initializer):
    """Ones; True for bools.

    >>> ones_initializer()([2], dtype="int32").tolist()
    [1, 1]
    """

    dtype: Any = np.float32

    def draw(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """The array."""
        return jnp.ones(shape, dtype)


@dataclasses.dataclass(frozen=True)
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
        if self.verify_shape and value.shape != shape:
            raise tf_error(
                TypeError, f"Expected Tensor's shape: {shape}, got {value.shape}."
            )
        return jnp.asarray(filled(value, shape))


@dataclasses.dataclass(frozen=True)
class random_normal_initializer(_Floating):
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


@dataclasses.dataclass(frozen=True)
class truncated_normal_initializer(_Floating):
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


@dataclasses.dataclass(frozen=True)
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
        high = 1.0 if self.maxval is None else self.maxval
        return jax.random.uniform(key, shape, dtype, self.minval, high)


_DISTRIBUTIONS: dict[str, Any] = {
    "normal": "truncated_normal",
    "truncated_normal": "truncated_normal",
    "untruncated_normal": "normal",
    "uniform": "uniform",
}


@dataclasses.dataclass(frozen=True)
class variance_scaling_initializer(_Floating):
    """Numbers of variance `scale` over the fan; "normal" is the truncated one, as in TF.

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


@dataclasses.dataclass(frozen=True)
class _Scaled(_Floating):
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


@dataclasses.dataclass(frozen=True)
class uniform_unit_scaling_initializer(_Floating):
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


@dataclasses.dataclass(frozen=True)
class orthogonal_initializer(_Floating):
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
            raise tf_error(
                ValueError,
                "The tensor to initialize, specified by argument `shape` must be at"
                f" least two-dimensional. Received shape={list(shape)}",
            )
        return np.asarray(self.gain, dtype) * _core.orthogonal(key, shape, dtype)


@dataclasses.dataclass(frozen=True)
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
            raise tf_error(
                ValueError,
                "The tensor to initialize, specified by argument `shape` must be at"
                f" least two-dimensional. Received shape={list(shape)}",
            )
        return np.asarray(self.gain, dtype) * jnp.eye(*shape, dtype=dtype)


zeros = zeros_initializer
ones = ones_initializer
constant = constant_initializer
random_normal = random_normal_initializer
truncated_normal = truncated_normal_initializer
random_uniform = random_uniform_initializer
variance_scaling = variance_scaling_initializer
glorot_uniform = glorot_uniform_initializer
glorot_normal = glorot_normal_initializer
he_uniform = he_uniform_initializer
he_normal = he_normal_initializer
lecun_uniform = lecun_uniform_initializer
lecun_normal = lecun_normal_initializer
uniform_unit_scaling = uniform_unit_scaling_initializer
orthogonal = orthogonal_initializer
identity = identity_initializer

__getattr__ = lookup_of("initializers")
