"""Layers with state: batch normalization, moving averages.

Their state is what is not trainable, for `scopejax.transform_with_state`. It is stored
in float32 at least, whatever the dtype of the scope: small steps would be lost in less.
"""

from __future__ import annotations

import contextlib
from typing import Any

import jax
import jax.numpy as jnp
from jax.nn.initializers import ones, zeros

from .._base.dtypes import wide_of
from .._base.texts import brief
from .._scope.scope import Scope
from .._spec.options import no_regularizer
from .._spec.spec import VariableAggregation
from ..initializers import Initializer
from ._base import (
    as_float,
    bias_of,
    is_share,
    layer,
    require,
    require_bool,
    scale_of,
    scaled,
)

AxisName = str | tuple[str, ...] | None


@layer
def batch_norm(
    scope: Scope,
    x: jax.Array,
    *,
    is_training: bool,
    momentum: float | jax.Array = 0.99,
    epsilon: float = 1e-5,
    axis_name: AxisName = None,
    use_scale: bool = True,
    use_bias: bool = True,
    dtype: Any = None,
) -> jax.Array:
    """Batch normalization (Ioffe and Szegedy, 2015), in float32 inside.

    Training, each feature is normalized by its mean and variance over all axes but the
    last, through which gradients flow, and the moving ones are assigned. Otherwise it
    is normalized by the moving ones, which are constants, and nothing is assigned. The
    variance is the biased one, also where it moves. A second call under ``reuse=True``
    has a batch of its own, and moves them again, as in TF1.

    Args:
      scope: holds ``scale`` and ``bias`` `(features,)`, and the state ``moving_mean``
        and ``moving_variance`` `(features,)`, float32.
      x: `(..., features)`.
      is_training: a Python bool; static under `jax.jit`.
      momentum: what the moving ones keep of themselves at each step, 0 to 1; a traced
        one is taken as it is.
      epsilon: added to the variance.
      axis_name: of the `jax.vmap`, `jax.shard_map` or `jax.pmap` around, over whose
        replicas the statistics are taken too; `init` needs none around. A batch that
        is sharded under `jax.jit` is one batch without it. Without a name each replica
        of a `shard_map` or `pmap` is normalized by its own statistics, and the moving
        ones take the mean of all, as in TF1.
      use_scale, use_bias: whether there is a scale, a bias.
      dtype: of the result; `x`'s by default.

    Returns:
      As `x`.

    Raises:
      InvalidArgumentError: `is_training` is no bool, `momentum` is not between 0 and 1,
        `x` is a scalar, or empty in training.
      ScopeUsageError: training, the model was made by `scopejax.transform`.

    >>> import jax, scopejax as sj
    >>> net = sj.transform_with_state(batch_norm)
    >>> x = jnp.array([[1.0], [3.0]])
    >>> params, state = net.init(jax.random.key(0), x, is_training=True)
    >>> y, state = net.apply(params, state, x, is_training=True, momentum=0.5)
    >>> y.round(3).tolist(), state
    ([[-1.0], [1.0]], {'moving_mean': Array([1.], dtype=float32),
                       'moving_variance': Array([1.], dtype=float32)})
    """
    x = as_float(x, dtype)
    require_bool("batch_norm", "is_training", is_training)
    _require_share("batch_norm's momentum", momentum)
    require(x.ndim > 0, "batch_norm takes an array with its features last, no scalar")
    require(
        not is_training or 0 not in x.shape[:-1],
        f"batch_norm cannot train on an empty batch, of shape {x.shape}",
    )
    wide, features = wide_of(x), x.shape[-1:]
    moving = {
        name: _stored(scope, name, features, jnp.float32, initializer)
        for name, initializer in (("moving_mean", zeros), ("moving_variance", ones))
    }
    if is_training:
        mean, variance = _statistics(wide, _axis_around(scope, axis_name))
        for (name, old), new in zip(moving.items(), (mean, variance), strict=True):
            scope.assign(name, _moved(old, new.reshape(features), momentum))
    else:
        mean, variance = (
            jnp.expand_dims(jax.lax.stop_gradient(old), range(x.ndim - 1))
            for old in moving.values()
        )
        mean, variance = mean.astype(wide.dtype), variance.astype(wide.dtype)
    y = ((wide - mean) * jax.lax.rsqrt(variance + epsilon)).astype(x.dtype)
    scale = scale_of(scope, x.shape[-1], use_scale)
    return scaled(y, scale, bias_of(scope, x.shape[-1:], use_bias))


def _statistics(x: jax.Array, axis_name: AxisName) -> tuple[jax.Array, jax.Array]:
    """Mean and variance of each feature; of equal value in all replicas."""
    over_replicas: Any = jax.lax.pmean  # which JAX has not annotated

    def mean_of(y: jax.Array) -> jax.Array:
        mean = jnp.mean(y, range(y.ndim - 1), keepdims=True)
        return mean if axis_name is None else over_replicas(mean, axis_name)

    mean = mean_of(x)
    # Of what is left without the common mean: a large offset costs no digits.
    return mean, mean_of(jnp.square(x - mean))


def _axis_around(scope: Scope, axis_name: AxisName) -> AxisName:
    """The axis; None where there are no values yet, nor replicas to share them with."""
    if axis_name is None or not scope._source.recording:
        return axis_name
    with contextlib.suppress(NameError):
        jax.lax.axis_index(axis_name)
        return axis_name
    return None


@layer
def exponential_moving_average(
    scope: Scope,
    value: Any,
    decay: float | jax.Array,
    *,
    is_training: bool = True,
    debias: bool = True,
) -> jax.Array:
    """``average = decay * average + (1 - decay) * value``, from zeros on.

    Debiased it is divided by the weight of all values so far, as in Adam (Kingma and
    Ba, 2015) and by TF1's `zero_debias`: the first average is the value itself. That
    holds too for a `decay` that changes from step to step. No gradient flows through an
    average, new or old: it is state.

    Args:
      scope: holds the state ``average``, of the value's shape, and if debiased
        ``weight`` `()`, float32.
      value: any shape; whole numbers are averaged in float32.
      decay: what the average keeps of itself at each step, 0 to 1; a traced one is
        taken as it is.
      is_training: False returns the average as it stands and assigns nothing; a Python
        bool, static under `jax.jit`.
      debias: whether the zeros at the start count for nothing.

    Returns:
      The average after the step, in the value's shape and floating dtype. Zeros if
      there has been no step.

    Raises:
      InvalidArgumentError: `is_training` is no bool, or `decay` is not between 0 and 1.
      ScopeUsageError: training, the model was made by `scopejax.transform`.

    >>> import jax, scopejax as sj
    >>> net = sj.transform_with_state(
    ...     lambda scope, x: exponential_moving_average(scope / "loss", x, 0.9)
    ... )
    >>> params, state = net.init(jax.random.key(0), 5.0)
    >>> average, state = net.apply(params, state, 5.0)
    >>> average.item(), state["loss"]["average"].round(3).item()
    (5.0, 0.5)
    """
    value = as_float(value)
    require_bool("exponential_moving_average", "is_training", is_training)
    _require_share("exponential_moving_average's decay", decay)
    wide = wide_of(value)
    average = _stored(scope, "average", value.shape, wide.dtype, zeros)
    if is_training:
        average = _moved(average, wide, decay)
        scope.assign("average", average)
    if debias:
        weight = _stored(scope, "weight", (), jnp.float32, zeros)
        if is_training:
            weight = _moved(weight, jnp.ones(()), decay)
            scope.assign("weight", weight)
        average = average / jnp.where(weight > 0, weight, 1.0).astype(average.dtype)
    return jax.lax.stop_gradient(average).astype(value.dtype)


def _stored(
    scope: Scope, name: str, shape: tuple[int, ...], dtype: Any, start: Initializer
) -> jax.Array:
    """A variable of the state, the mean of its replicas; no regularizer acts on it."""
    return scope.get_variable(
        name,
        shape,
        dtype,
        start,
        regularizer=no_regularizer,
        trainable=False,
        aggregation=VariableAggregation.MEAN,
    )


def _moved(old: jax.Array, new: jax.Array, kept: float | jax.Array) -> jax.Array:
    """`old` a step nearer to `new`; in `old`'s dtype."""
    # Rounded first: a Python number does what a traced one does, and the two shares
    # add up to 1.
    kept = jnp.asarray(kept, old.dtype)
    return kept * old + (1.0 - kept) * new.astype(old.dtype)


def _require_share(what: str, value: Any) -> None:
    """Refuses what is not between 0 and 1; a traced value is not known yet."""
    require(
        isinstance(value, jax.core.Tracer) or is_share(value),
        f"{what} must be between 0 and 1, but is {brief(value)}",
    )
