"""Initializers: jax.nn.initializers, made whole for every rank.

TF1's default is Glorot uniform for a variable of any shape; `jax.nn.initializers`
refuses ranks 0 and 1, because it cannot tell fan-in from fan-out there. TF1 counts
1 and 1 for a scalar, n and n for a vector. The functions here follow TF1 for those and
are `jax.nn.initializers` for everything else, bit for bit.

Source: Glorot and Bengio (2010), He et al. (2015), LeCun et al. (1998);
`tf.compat.v1.variance_scaling_initializer`.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any, Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax.nn.initializers import variance_scaling as _jax_variance_scaling

from ._base.answers import answering, checking
from ._base.names import split
from ._base.texts import brief

Initializer = Callable[..., jax.Array]
"""``(key, shape, dtype) -> array``"""

Mode = Literal["fan_in", "fan_out", "fan_avg"]
Distribution = Literal["uniform", "normal", "truncated_normal"]

# The deviation of a standard normal cut at -2 and 2.
_TRUNCATED_STDDEV = 0.87962566103423978


@checking
@functools.cache
def variance_scaling(
    scale: float, mode: Mode, distribution: Distribution
) -> Initializer:
    """`jax.nn.initializers.variance_scaling` that takes shapes of every rank.

    Args:
      scale: variance times fan, positive.
      mode: ``"fan_in"``, ``"fan_out"`` or ``"fan_avg"``; all the same below rank 2.
      distribution: ``"uniform"``, ``"normal"`` or ``"truncated_normal"``.

    Returns:
      A function ``(key, shape, dtype) -> array``.

    Raises:
      ValueError: there is no such `mode` or `distribution`.

    >>> import jax
    >>> init = variance_scaling(1.0, "fan_avg", "uniform")
    >>> init(jax.random.key(0), (), jnp.float32).shape
    ()
    >>> init(jax.random.key(0), (3, 0), jnp.float32).shape
    (3, 0)
    """
    for what, value, known in (
        ("mode", mode, get_args(Mode)),
        ("distribution", distribution, get_args(Distribution)),
    ):
        if value not in known:
            raise ValueError(f"{what} must be one of {known}, but is {brief(value)}")
    return functools.partial(_scaled, scale, mode, distribution)


def _scaled(
    scale: float,
    mode: Mode,
    distribution: Distribution,
    key: Any,
    shape: Any,
    dtype: Any = jnp.float32,
) -> jax.Array:
    """What an initializer of `variance_scaling` draws, which pickles by this name."""
    if math.prod(shape) == 0:
        return jnp.zeros(shape, dtype)
    if len(shape) >= 2:
        return _jax_variance_scaling(scale, mode, distribution)(key, shape, dtype)
    fan = shape[0] if shape else 1
    return _draw(key, shape, dtype, scale / fan, distribution)


def _draw(
    key: Any, shape: Any, dtype: Any, variance: float, distribution: Distribution
) -> jax.Array:
    if distribution == "uniform":
        bound = np.asarray(math.sqrt(3 * variance), dtype)
        return jax.random.uniform(key, shape, dtype, -1) * bound
    stddev = np.asarray(math.sqrt(variance), dtype)
    if distribution == "normal":
        return jax.random.normal(key, shape, dtype) * stddev
    cut = np.asarray(_TRUNCATED_STDDEV, dtype)
    numbers = jax.random.truncated_normal(key, -2, 2, shape, dtype)
    return jnp.multiply(numbers, stddev / cut)


@answering
def orthogonal(key: jax.Array, shape: Any, dtype: Any = jnp.float32) -> jax.Array:
    """`jax.nn.initializers.orthogonal()` that serves half precision as well.

    The decomposition is made in float32, since LAPACK knows no narrower numbers.

    Args:
      key: a random key.
      shape: two axes at least.
      dtype: a floating dtype.

    >>> import jax
    >>> q = orthogonal(jax.random.key(0), (2, 2), jnp.bfloat16)
    >>> q.dtype.name
    'bfloat16'
    """
    wide = jnp.float32 if jnp.dtype(dtype).itemsize < 4 else dtype
    return jax.nn.initializers.orthogonal()(key, shape, wide).astype(dtype)


glorot_uniform: Initializer = variance_scaling(1.0, "fan_avg", "uniform")
"""Glorot and Bengio (2010): variance 1 over the mean of both fans. The default."""
glorot_normal: Initializer = variance_scaling(1.0, "fan_avg", "truncated_normal")
"""The same, from a normal distribution cut at two deviations."""
he_uniform: Initializer = variance_scaling(2.0, "fan_in", "uniform")
"""He et al. (2015): variance 2 over the fan-in, for layers before a ReLU."""
he_normal: Initializer = variance_scaling(2.0, "fan_in", "truncated_normal")
"""The same, from a normal distribution cut at two deviations."""
lecun_uniform: Initializer = variance_scaling(1.0, "fan_in", "uniform")
"""LeCun et al. (1998): variance 1 over the fan-in."""
lecun_normal: Initializer = variance_scaling(1.0, "fan_in", "truncated_normal")
"""The same, from a normal distribution cut at two deviations."""


@answering
@functools.cache
def default_for(dtype: np.dtype) -> Initializer | None:
    """TF1's default: Glorot uniform for floats, zeros for integers and bools.

    >>> default_for(np.dtype("int32")).__name__
    'zeros'
    >>> default_for(np.dtype("complex64")) is None
    True
    """
    if jnp.issubdtype(dtype, np.floating):
        return glorot_uniform
    if jnp.issubdtype(dtype, np.integer) or dtype == np.bool_:
        return jax.nn.initializers.zeros
    return None


@dataclasses.dataclass(frozen=True)
class Fans:
    """Draws a kernel of many axes as the matrix that it stands for.

    Initializers take the last axis for the outputs and all others for inputs and the
    size of a window. That is right for dense layers and convolutions, and makes a
    kernel `(features, 3, heads, size)` start too small. Here the axes are named.

    Attributes:
      initializer: draws the matrix `(inputs, outputs)`.
      inputs: how many of the first axes are inputs, or which axes; the others are
        outputs.
      each: axes that are neither, such as experts: a matrix of its own is drawn for
        each.

    >>> import jax
    >>> qkv = Fans(glorot_uniform)(jax.random.key(0), (8, 3, 2, 4), jnp.float32)
    >>> matrix = glorot_uniform(jax.random.key(0), (8, 24), jnp.float32)
    >>> bool((qkv == matrix.reshape(8, 3, 2, 4)).all())
    True
    """

    initializer: Initializer
    inputs: int | tuple[int, ...] = 1
    each: tuple[int, ...] = ()

    def __call__(self, key: Any, shape: Any, dtype: Any = jnp.float32) -> jax.Array:
        """A kernel of `shape`."""
        inputs = self.inputs
        if isinstance(inputs, int):
            inputs = tuple(range(inputs))
        used = {*inputs, *self.each}
        outputs = tuple(axis for axis in range(len(shape)) if axis not in used)
        parts = [tuple(shape[a] for a in axes) for axes in (self.each, inputs, outputs)]
        many, rows, columns = map(math.prod, parts)

        def matrix(key: Any) -> jax.Array:
            return self.initializer(key, (rows, columns), dtype)

        if self.each:
            drawn = jax.vmap(matrix)(jax.random.split(key, many))
        else:
            drawn = matrix(key)
        order = (*self.each, *inputs, *outputs)
        drawn = drawn.reshape(sum(parts, ()))
        if order == tuple(range(len(shape))):
            return drawn
        return jnp.transpose(drawn, [order.index(axis) for axis in range(len(shape))])


@dataclasses.dataclass(frozen=True)
class InitialValueOf:
    """Starts a variable as a copy of another one of the same shape.

    As `tf.Variable.initialized_value` in TF1: for moving averages of weights, and for
    weights that start alike and are trained apart. Not for the first of two: the other
    one has to have an initializer of its own.

    Attributes:
      name: full name of the other variable.

    >>> import jax, scopejax as sj
    >>> def model(scope):
    ...     w = scope.get_variable("w", (2,))
    ...     return w - scope.get_variable("v", (2,), initializer=InitialValueOf("w"))
    >>> net = sj.transform(model)
    >>> net.apply(net.init(jax.random.key(0))).tolist()
    [0.0, 0.0]
    """

    name: str

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            split(self.name)  # which refuses it

    def __call__(self, key: Any, shape: Any, dtype: Any = None) -> jax.Array:
        """Never: what it copies is not known here.

        Raises:
          TypeError: always.
        """
        raise TypeError(f"{self!r} starts variables of a model, and nothing else")
