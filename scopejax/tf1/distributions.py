"""`tf.distributions`: what policies and variational models ask of distributions."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy import special

from .._base.tf1_errors import tf_error as _tf_error
from ._ops.drawing import key_of as _key_of
from ._tensors.calls import plain as _plain
from ._tensors.calls import wrapped as _wrapped
from ._tensors.convert import as_array as _as_array
from ._tensors.convert import dtype_of as _dtype_of
from ._tensors.convert import sizes as _sizes
from ._words.missing import lookup_of as _lookup_of

_LOG_ROOT = 0.5 * math.log(2 * math.pi)


class Distribution:
    """What all distributions share; each has `_shape`, `_draw` and `_log_prob`.

    >>> Distribution("d").name
    'd'
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def sample(
        self, sample_shape: Any = (), seed: Any = None, name: str = "sample"
    ) -> Any:
        """Numbers of the shape asked for and of the distribution's own behind it."""
        del seed  # the key is that of the name
        shape = (*_sizes(_plain(sample_shape)), *self._shape())
        return _wrapped(self._draw(_key_of(f"{self.name}_{name}"), shape), name)

    def log_prob(self, value: Any, name: str = "log_prob") -> Any:
        """The logarithm of how likely a value is."""
        return _wrapped(self._log_prob(_as_array(_plain(value))), name)

    def prob(self, value: Any, name: str = "prob") -> Any:
        """How likely a value is."""
        return _wrapped(jnp.exp(self._log_prob(_as_array(_plain(value)))), name)

    def _shape(self) -> tuple[int, ...]:
        raise NotImplementedError

    def _draw(self, key: jax.Array, shape: tuple[int, ...]) -> Any:
        raise NotImplementedError

    def _log_prob(self, value: Any) -> Any:
        raise NotImplementedError


class Normal(Distribution):
    """Normal numbers.

    >>> float(Normal(0.0, 1.0).mean())
    0.0
    """

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Normal",
    ) -> None:
        super().__init__(name)
        self._loc, self._scale = (_as_array(_plain(x)) for x in (loc, scale))

    loc = property(lambda self: _wrapped(self._loc), doc="The mean.")
    scale = property(lambda self: _wrapped(self._scale), doc="The deviation.")

    def _shape(self) -> tuple[int, ...]:
        return jnp.broadcast_shapes(self._loc.shape, self._scale.shape)

    def _draw(self, key: jax.Array, shape: tuple[int, ...]) -> Any:
        drawn = jax.random.normal(key, shape, self._loc.dtype)
        return self._loc + self._scale * drawn

    def _log_prob(self, value: Any) -> Any:
        part = (value - self._loc) / self._scale
        return -0.5 * jnp.square(part) - _LOG_ROOT - jnp.log(self._scale)

    def mean(self, name: str = "mean") -> Any:
        """The mean, of the distribution's shape."""
        return _wrapped(jnp.broadcast_to(self._loc, self._shape()), name)

    mode = mean

    def stddev(self, name: str = "stddev") -> Any:
        """The deviation, of the distribution's shape."""
        return _wrapped(jnp.broadcast_to(self._scale, self._shape()), name)

    def variance(self, name: str = "variance") -> Any:
        """The square of the deviation."""
        return _wrapped(jnp.square(self.stddev().value()), name)

    def entropy(self, name: str = "entropy") -> Any:
        """The entropy of each."""
        scale = jnp.broadcast_to(self._scale, self._shape())
        return _wrapped(0.5 + _LOG_ROOT + jnp.log(scale), name)

    def cdf(self, value: Any, name: str = "cdf") -> Any:
        """How likely it is to be at most a value."""
        part = (_as_array(_plain(value)) - self._loc) / self._scale
        return _wrapped(special.ndtr(part), name)

    def kl_divergence(self, other: Any, name: str = "kl_divergence") -> Any:
        """How much it differs from another normal distribution."""
        return kl_divergence(self, other, name=name)


class _OfLogits(Distribution):
    """A distribution of logits, or of probabilities."""

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = "int32",
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name or type(self).__name__)
        if (logits is None) == (probs is None):
            raise _tf_error(ValueError, "Must pass probs or logits, but not both.")
        self._dtype = _dtype_of(dtype)
        self._logits = _as_array(_plain(logits if probs is None else probs))
        if probs is not None:
            self._logits = self._of_probs(self._logits)

    def _of_probs(self, probs: Any) -> Any:
        return jnp.log(probs)

    logits = property(lambda self: _wrapped(self._logits), doc="The logits.")


class Categorical(_OfLogits):
    """Numbers of classes, whose logits stand in the last axis.

    >>> Categorical(logits=[0.0, 0.0]).prob(1)
    <tf.Tensor 'prob:0' shape=() dtype=float32>
    """

    probs = property(
        lambda self: _wrapped(jax.nn.softmax(self._logits)), doc="The probabilities."
    )

    def _shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self._logits.shape[:-1]
        return shape

    def _draw(self, key: jax.Array, shape: tuple[int, ...]) -> Any:
        return jax.random.categorical(key, self._logits, shape=shape).astype(
            self._dtype
        )

    def _log_prob(self, value: Any) -> Any:
        logs = jax.nn.log_softmax(self._logits)
        logs = jnp.broadcast_to(logs, (*value.shape, logs.shape[-1]))
        return jnp.take_along_axis(logs, value[..., None], axis=-1)[..., 0]

    def mode(self, name: str = "mode") -> Any:
        """The likeliest class."""
        return _wrapped(jnp.argmax(self._logits, -1).astype(self._dtype), name)

    def entropy(self, name: str = "entropy") -> Any:
        """The entropy of each."""
        logs = jax.nn.log_softmax(self._logits)
        return _wrapped(-jnp.sum(jnp.exp(logs) * logs, -1), name)


class Bernoulli(_OfLogits):
    """Zeros and ones.

    >>> float(Bernoulli(probs=0.5).prob(1))
    0.5
    """

    probs = property(
        lambda self: _wrapped(jax.nn.sigmoid(self._logits)), doc="The chance of a one."
    )

    def _of_probs(self, probs: Any) -> Any:
        return jnp.log(probs) - jnp.log1p(-probs)

    def _shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self._logits.shape
        return shape

    def _draw(self, key: jax.Array, shape: tuple[int, ...]) -> Any:
        chance = jax.nn.sigmoid(self._logits)
        return jax.random.bernoulli(key, chance, shape).astype(self._dtype)

    def _log_prob(self, value: Any) -> Any:
        x, y = self._logits, value.astype(self._logits.dtype)
        return -(jax.nn.relu(x) - x * y + jnp.log1p(jnp.exp(-jnp.abs(x))))

    def mean(self, name: str = "mean") -> Any:
        """The chance of a one."""
        return _wrapped(jax.nn.sigmoid(self._logits), name)

    def entropy(self, name: str = "entropy") -> Any:
        """The entropy of each."""
        x = self._logits
        soft = jnp.log1p(jnp.exp(-jnp.abs(x))) + jax.nn.relu(x)
        return _wrapped(soft - x * jax.nn.sigmoid(x), name)


def kl_divergence(
    distribution_a: Any, distribution_b: Any, name: str | None = None
) -> Any:
    """How much one distribution differs from another of its kind.

    Raises:
      NotImplementedError: they are no normal or categorical distributions.

    >>> float(kl_divergence(Normal(0.0, 1.0), Normal(0.0, 1.0)))
    0.0
    """
    a, b = distribution_a, distribution_b
    if isinstance(a, Normal) and isinstance(b, Normal):
        ratio = jnp.square(a._scale / b._scale)
        part = jnp.square((a._loc - b._loc) / b._scale)
        return _wrapped(0.5 * (part + ratio - 1 - jnp.log(ratio)), name or "kl")
    if isinstance(a, Categorical) and isinstance(b, Categorical):
        logs, others = (jax.nn.log_softmax(d._logits) for d in (a, b))
        return _wrapped(jnp.sum(jnp.exp(logs) * (logs - others), -1), name or "kl")
    raise _tf_error(
        NotImplementedError,
        f"No KL(distribution_a || distribution_b) registered for distribution_a type"
        f" {type(a).__name__} and distribution_b type {type(b).__name__}",
    )


__getattr__ = _lookup_of("distributions")
