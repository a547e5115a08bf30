"""Softmax, moments, normalizations, norms as losses."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .._tensors.calls import op
from .._tensors.convert import as_array, axes, beside
from .reductions import one_of


def _last(axis: Any, dim: Any) -> Any:
    axis = one_of(axis, dim, ("axis", "dim"))
    return -1 if axis is None else axis


@op
def softmax(
    logits: Any, axis: Any = None, name: str | None = None, dim: Any = None
) -> Any:
    """Positive numbers that sum to 1 along an axis, the last one."""
    return jax.nn.softmax(as_array(logits), axis=_last(axis, dim))


@op
def log_softmax(
    logits: Any, axis: Any = None, name: str | None = None, dim: Any = None
) -> Any:
    """The logarithm of `softmax`."""
    return jax.nn.log_softmax(as_array(logits), axis=_last(axis, dim))


@op
def l2_loss(t: Any, name: str | None = None) -> Any:
    """Half the sum of the squares."""
    return jnp.sum(jnp.square(as_array(t))) / 2


@op
def l2_normalize(
    x: Any,
    axis: Any = None,
    epsilon: float = 1e-12,
    name: str | None = None,
    dim: Any = None,
) -> Any:
    """Divided by the norm along axes, which is taken as `epsilon` squared at least."""
    x, over = as_array(x), axes(one_of(axis, dim, ("axis", "dim")))
    squares = jnp.sum(jnp.square(x), over, keepdims=True)
    return x * jax.lax.rsqrt(jnp.maximum(squares, epsilon))


@op
def moments(
    x: Any,
    axes: Any,
    shift: Any = None,
    name: str | None = None,
    keep_dims: bool | None = None,
    keepdims: bool | None = None,
) -> Any:
    """Mean and variance over axes; of half precision computed in single."""
    given = as_array(x)
    wide = given.astype("float32") if given.dtype.itemsize < 4 else given
    over, keep = _axes(axes), bool(keepdims or keep_dims)
    mean = jnp.mean(wide, over, keepdims=True)
    centred = jnp.square(wide - jax.lax.stop_gradient(mean))
    variance = jnp.mean(centred, over, keepdims=keep)
    mean = mean if keep else jnp.squeeze(mean, over if over is not None else None)
    return mean.astype(given.dtype), variance.astype(given.dtype)


_axes = axes


@op
def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any,
    scale: Any,
    variance_epsilon: Any,
    name: str | None = None,
) -> Any:
    """Normalized by mean and variance, then scaled and moved unless that is None."""
    x, mean, variance = beside([as_array(x), mean, variance], "BatchNorm")
    inverse = jax.lax.rsqrt(variance + variance_epsilon)
    if scale is not None:
        inverse = inverse * scale
    shift = -mean * inverse if offset is None else offset - mean * inverse
    return x * inverse + shift


@op
def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: str | None = None,
    exponential_avg_factor: float = 1.0,
) -> Any:
    """Batch normalization, its mean, and its variance as of a sample.

    As in TF1 gradients flow through the first result alone.
    """
    x = as_array(x)
    channels = 1 if data_format.startswith("NC") else x.ndim - 1
    over = tuple(axis for axis in range(x.ndim) if axis != channels)
    shape = [x.shape[axis] if axis == channels else 1 for axis in range(x.ndim)]
    if is_training:
        mean = jnp.mean(x, over)
        variance = jnp.mean(jnp.square(x - mean.reshape(shape)), over)
    else:
        mean, variance = map(
            jax.lax.stop_gradient, (as_array(mean), as_array(variance))
        )
    inverse = jax.lax.rsqrt(variance + epsilon) * scale
    y = (x - mean.reshape(shape)) * inverse.reshape(shape)
    y = y + as_array(offset).reshape(shape)
    count = x.size // x.shape[channels]
    sample = variance * (count / max(count - 1, 1)) if is_training else variance
    return y, jax.lax.stop_gradient(mean), jax.lax.stop_gradient(sample)


@op
def local_response_normalization(
    input: Any,
    depth_radius: int = 5,
    bias: float = 1,
    alpha: float = 1,
    beta: float = 0.5,
    name: str | None = None,
) -> Any:
    """Divided by a power of the squares in neighbouring channels."""
    x = as_array(input)
    window = (1, 1, 1, 2 * depth_radius + 1)
    padding = [(0, 0)] * 3 + [(depth_radius, depth_radius)]
    sums = jax.lax.reduce_window(
        jnp.square(x), 0.0, jax.lax.add, window, (1, 1, 1, 1), padding
    )
    return x / (bias + alpha * sums) ** beta


lrn = local_response_normalization


@op
def bias_add(
    value: Any, bias: Any, data_format: str | None = None, name: str | None = None
) -> Any:
    """A number more for each channel."""
    value, bias = beside([as_array(value), bias], "BiasAdd")
    bias = as_array(bias)
    if data_format is not None and data_format.startswith("NC"):
        bias = bias.reshape(-1, *(1,) * (value.ndim - 2))
    return value + bias


@op
def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Any:
    """``x @ weights + biases``."""
    x, weights, biases = beside([as_array(x), weights, biases], "MatMul")
    return jnp.matmul(x, weights) + biases


@op
def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Any:
    """``relu(x @ weights + biases)``."""
    x, weights, biases = beside([as_array(x), weights, biases], "MatMul")
    return jax.nn.relu(jnp.matmul(x, weights) + biases)


@op
def zero_fraction(value: Any, name: str | None = None) -> Any:
    """Which part of the numbers is 0."""
    return jnp.mean((as_array(value) == 0).astype("float32"))
