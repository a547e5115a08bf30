"""BatchNormalization, whose moving averages are assigned as it is called."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ..._base.tf1_errors import tf_error
from ..._spec.spec import VariableAggregation, VariableSynchronization
from .._initial.fixed import ones_initializer, zeros_initializer
from .._ops.normalizing import batch_normalization as normalized
from .._ops.normalizing import moments
from .._tensors.calls import op, plain
from .base import Layer

_WITHOUT = ("renorm", "virtual_batch_size", "adjustment")


class BatchNormalization(Layer):
    """Normalizes by the batch in training, and else by moving averages.

    In training the averages are assigned at once, and the assignments are added to
    UPDATE_OPS: a model of it is one for `transform_with_state`.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     y = tf1.layers.BatchNormalization()(tf1.ones([2, 3]), training=True)
    ...     [v.op.name for v in tf1.trainable_variables()]
    ...     len(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS))
    ['batch_normalization/gamma', 'batch_normalization/beta']
    2
    """

    order = ("gamma", "beta")

    def __init__(
        self,
        axis: Any = -1,
        momentum: Any = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = zeros_initializer,
        gamma_initializer: Any = ones_initializer,
        moving_mean_initializer: Any = zeros_initializer,
        moving_variance_initializer: Any = ones_initializer,
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: Any = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: int | None = None,
        adjustment: Any = None,
        name: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable, name, **kwargs)
        for what, given in zip(
            _WITHOUT, (renorm, virtual_batch_size, adjustment), strict=True
        ):
            if given:
                raise tf_error(
                    ValueError, f"BatchNormalization has no `{what}` in scopejax.tf1."
                )
        self.axis, self.momentum, self.epsilon = axis, momentum, epsilon
        self.center, self.scale, self.fused = center, scale, fused
        self._kinds = {
            "gamma": (gamma_initializer, gamma_regularizer, gamma_constraint),
            "beta": (beta_initializer, beta_regularizer, beta_constraint),
        }
        self._averages = {
            "moving_mean": moving_mean_initializer,
            "moving_variance": moving_variance_initializer,
        }
        self.gamma: Any = None
        self.beta: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes gamma and beta, and the moving averages."""
        rank = len(input_shape)
        axes = self.axis if isinstance(self.axis, list | tuple) else [self.axis]
        self._axes = [axis % rank for axis in axes]
        kept = [
            int(size) if i in self._axes else 1 for i, size in enumerate(input_shape)
        ]
        self._shape = kept if len(axes) > 1 else [kept[self._axes[0]]]
        self._broadcast = kept
        known: Any = self._dtype
        dtype = known if known.size >= 4 else "float32"
        for name in self.order:
            if self.scale if name == "gamma" else self.center:
                setattr(self, name, self._parameter(name, dtype))
        scope = self._state.scope
        assert scope is not None  # set by the call
        partitioner = scope.partitioner
        scope.set_partitioner(None)
        try:
            self.moving_mean = self._average("moving_mean", dtype)
            self.moving_variance = self._average("moving_variance", dtype)
        finally:
            scope.set_partitioner(partitioner)
        super().build(input_shape)

    def _parameter(self, name: str, dtype: Any) -> Any:
        initializer, regularizer, constraint = self._kinds[name]
        return self.add_weight(
            name,
            self._shape,
            dtype,
            initializer,
            regularizer,
            True,
            constraint,
        )

    def _average(self, name: str, dtype: Any) -> Any:
        return self.add_weight(
            name,
            self._shape,
            dtype,
            self._averages[name],
            trainable=False,
            synchronization=VariableSynchronization.ON_READ,
            aggregation=VariableAggregation.MEAN,
        )

    def call(self, inputs: Any, training: Any = False) -> Any:
        """Normalized; `training` is a bool, or an array that holds one."""
        known = plain(training)
        if isinstance(known, jax.Array):
            return self._either(inputs, known)
        mean, variance = self.moving_mean, self.moving_variance
        if known:
            mean, variance = self._of_batch(inputs)
            self._update(mean, variance, inputs, 1 - self.momentum)
        return self._normalized(inputs, mean, variance)

    def _either(self, inputs: Any, training: Any) -> Any:
        """Both ways, of which an array chooses one."""
        mean, variance = self._of_batch(inputs)
        moving = self.moving_mean.value(), self.moving_variance.value()
        now = _chosen(training, (mean, variance), moving)
        part = jnp.where(training, 1 - self.momentum, 0)
        self._update(mean, variance, inputs, part)
        return self._normalized(inputs, *now)

    def _of_batch(self, inputs: Any) -> Any:
        axes = [i for i in range(len(inputs.shape)) if i not in self._axes]
        return moments(inputs, axes, keepdims=len(self._axes) > 1)

    def _update(self, mean: Any, variance: Any, inputs: Any, part: Any) -> None:
        """Moves the averages; that of a variance as of a sample where TF1 fuses."""
        count = inputs.shape.num_elements() // max(_product(self._shape), 1)
        fuses = self.fused is not False and len(inputs.shape) in (4, 5)
        sample = count / max(count - 1, 1) if fuses and len(self._axes) == 1 else 1
        for kept, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            factor = sample if kept is self.moving_variance else 1
            self.add_update(kept.assign_sub(_step(kept, now, factor, part)))

    def _normalized(self, inputs: Any, mean: Any, variance: Any) -> Any:
        parts = [mean, variance, self.beta, self.gamma]
        if len(self._axes) == 1 and self._axes[0] != len(inputs.shape) - 1:
            parts = [p if p is None else _reshaped(p, self._broadcast) for p in parts]
        mean, variance, beta, gamma = parts
        return normalized(inputs, mean, variance, beta, gamma, self.epsilon)


@op
def _step(kept: Any, now: Any, factor: Any, part: Any) -> Any:
    now = now.astype(kept.dtype)
    return (kept - (now if factor == 1 else now * factor)) * part


@op
def _chosen(training: Any, first: Any, second: Any) -> Any:
    pairs = zip(first, second, strict=True)
    return [jnp.where(training, a, b) for a, b in pairs]


@op
def _reshaped(x: Any, shape: Any) -> Any:
    return jnp.reshape(x, shape)


def _product(sizes: Any) -> int:
    product = 1
    for size in sizes:
        product *= int(size)
    return product


def batch_normalization(
    inputs: Any,
    axis: Any = -1,
    momentum: Any = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = zeros_initializer,
    gamma_initializer: Any = ones_initializer,
    moving_mean_initializer: Any = zeros_initializer,
    moving_variance_initializer: Any = ones_initializer,
    beta_regularizer: Any = None,
    gamma_regularizer: Any = None,
    beta_constraint: Any = None,
    gamma_constraint: Any = None,
    training: Any = False,
    trainable: bool = True,
    name: Any = None,
    reuse: Any = None,
    renorm: bool = False,
    renorm_clipping: Any = None,
    renorm_momentum: Any = 0.99,
    fused: bool | None = None,
    virtual_batch_size: int | None = None,
    adjustment: Any = None,
) -> Any:
    """`BatchNormalization`, made and called."""
    given = dict(locals())
    del given["inputs"], given["training"], given["reuse"]
    layer = BatchNormalization(**given, _reuse=reuse, _scope=name)
    return layer(inputs, training=training)
