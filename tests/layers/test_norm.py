"""Normalization against its formulas in NumPy."""

import functools

import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import KEY, array, filled, wide


@pytest.mark.smoke
@pytest.mark.parametrize("epsilon", [1e-6, 1e-2])
@pytest.mark.parametrize(
    ("scale", "bias"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_layer_norm_is_its_formula(epsilon, scale, bias):
    """Mean 0 and variance 1 over the last axis, then scale and bias."""
    x = array(2, 3, 8) * 3 + 1
    net, params = filled(
        lambda s, x: layers.layer_norm(
            s, x, epsilon=epsilon, use_scale=scale, use_bias=bias
        ),
        x,
    )
    used = {"scale": scale, "bias": bias}
    assert set(params) == {name for name in used if used[name]}
    p, x64 = wide(params), x.astype(np.float64)
    centred = x64 - x64.mean(-1, keepdims=True)
    expected = centred / np.sqrt(x64.var(-1, keepdims=True) + epsilon)
    assert_close(
        net.apply(params, x), expected * p.get("scale", 1.0) + p.get("bias", 0.0)
    )


@pytest.mark.parametrize("offset", [100.0, 1000.0, -5000.0])
def test_layer_norm_stands_an_offset(offset):
    """Numbers far from zero are normalized to what the formula gives for them."""
    x = array(4, 64) + np.float32(offset)
    net = sj.transform(layers.layer_norm)
    out = net.apply(net.init(KEY, x), x)
    x64 = x.astype(np.float64)
    expected = (x64 - x64.mean(-1, keepdims=True)) / x64.std(-1, keepdims=True)
    assert np.abs(np.asarray(out) - expected).max() < 5e-3


@pytest.mark.parametrize("value", [0.0, 1.5, 3000.3, 1e4, -12345.678])
def test_layer_norm_of_a_constant_is_nearly_zero(value):
    """A row of one number has no direction: the result is 0, and never NaN."""
    x = jnp.full((1, 8), value)
    net = sj.transform(functools.partial(layers.layer_norm, epsilon=1e-5))
    assert np.abs(np.asarray(net.apply(net.init(KEY, x), x))).max() < 0.4


@pytest.mark.parametrize("groups", [1, 2, 8])
@pytest.mark.parametrize("shape", [(2, 8), (2, 3, 8), (2, 3, 4, 8)])
def test_group_norm_is_its_formula(groups, shape):
    """Mean 0 and variance 1 over space and a group, for each example."""
    x = array(*shape) * 3 + 1
    if groups == 8 and len(shape) == 2:
        x = x[:, :] * 0 + 1  # a group of one number: its mean is all there is
    net, params = filled(lambda s, x: layers.group_norm(s, x, groups), x)
    p, apart = wide(params), x.astype(np.float64).reshape(2, -1, groups, 8 // groups)
    centred = apart - apart.mean((1, 3), keepdims=True)
    variance = apart.var((1, 3), keepdims=True)
    expected = (centred / np.sqrt(variance + 1e-6)).reshape(shape)
    assert_close(net.apply(params, x), expected * p["scale"] + p["bias"])


@pytest.mark.parametrize(("shape", "groups"), [((2, 8), 3), ((2, 8), 0), ((8,), 2)])
def test_groups_share_the_features_evenly(shape, groups):
    """The error says how many there are."""
    net = sj.transform(lambda s, x: layers.group_norm(s, x, groups))
    with pytest.raises(sj.InvalidArgumentError, match=f"into {groups} groups evenly"):
        net.init(KEY, array(*shape))


@pytest.mark.parametrize("epsilon", [1e-6, 1e-2])
def test_rms_norm_is_its_formula(epsilon):
    """The last axis over the root of its mean square, times the scale."""
    x = array(2, 3, 8) * 3 + 1
    net, params = filled(lambda s, x: layers.rms_norm(s, x, epsilon=epsilon), x)
    assert set(params) == {"scale"}
    x64 = x.astype(np.float64)
    root = np.sqrt((x64**2).mean(-1, keepdims=True) + epsilon)
    assert_close(net.apply(params, x), x64 / root * wide(params["scale"]))
