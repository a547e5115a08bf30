"""Attention against its formula in NumPy: heads, masks, contexts."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import RANDOM, array, filled, wide


def softmax(x):
    """Over the last axis, where -inf counts for nothing."""
    weights = np.exp(x - x.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def attended(p, x, context, heads, allowed):
    """Multi-head attention, head by head; `allowed` (batch, heads, time, source)."""
    p, x, context = wide(p), x.astype(np.float64), context.astype(np.float64)

    def dense(name, y):
        return y @ p[name]["kernel"] + p[name].get("bias", 0.0)

    query, key, value = (
        dense("query", x),
        dense("key", context),
        dense("value", context),
    )
    size = query.shape[-1] // heads
    outs = []
    for head in range(heads):
        q, k, v = (y[..., head * size : (head + 1) * size] for y in (query, key, value))
        scores = q @ k.swapaxes(-1, -2) / math.sqrt(size)
        outs.append(softmax(np.where(allowed[:, head], scores, -np.inf)) @ v)
    return dense("out", np.concatenate(outs, -1))


def everywhere(batch, heads, time, source):
    """A mask that hides nothing."""
    return np.ones((batch, heads, time, source), bool)


CAUSAL = np.tril(np.ones((5, 5), bool))
RANDOM_MASK = RANDOM.random((2, 2, 5, 5)) < 0.5
RANDOM_MASK[..., 0] = True
ATTENTION = {
    "plain": ({}, everywhere(2, 2, 5, 5)),
    "no bias": ({"use_bias": False}, everywhere(2, 2, 5, 5)),
    "features": ({"features": 8}, everywhere(2, 2, 5, 5)),
    "causal": ({"is_causal": True}, np.broadcast_to(CAUSAL, (2, 2, 5, 5))),
    "mask": ({"mask": jnp.asarray(RANDOM_MASK)}, RANDOM_MASK),
    "mask for all heads": (
        {"mask": jnp.asarray(RANDOM_MASK[:, :1])},
        np.broadcast_to(RANDOM_MASK[:, :1], (2, 2, 5, 5)),
    ),
    "mask and causal": (
        {"mask": jnp.asarray(RANDOM_MASK), "is_causal": True},
        RANDOM_MASK & CAUSAL,
    ),
}


@pytest.mark.parametrize(("kw", "allowed"), ATTENTION.values(), ids=ATTENTION)
def test_attention_is_its_formula(kw, allowed):
    """Heads, masks and causality are those of the formula, head by head."""
    x = array(2, 5, 6)
    net, params = filled(lambda s, x: layers.attention(s / "a", x, 2, **kw), x)
    assert set(params["a"]) == {"query", "key", "value", "out"}
    features = kw.get("features", 6)
    assert params["a"]["query"]["kernel"].shape == (6, features)
    assert params["a"]["out"]["kernel"].shape == (features, 6)
    assert ("bias" in params["a"]["out"]) == kw.get("use_bias", True)
    assert_close(net.apply(params, x), attended(params["a"], x, x, 2, allowed))


def test_attention_to_a_context():
    """Queries come from the input, keys and values from a context of its own size."""
    x, context = array(2, 5, 6), array(2, 3, 4)
    mask = np.ones((2, 1, 5, 3), bool)
    mask[0, :, :, 2] = False
    net, params = filled(
        lambda s, x, c, m: layers.attention(s, x, 3, context=c, mask=m),
        x,
        context,
        mask,
    )
    assert params["key"]["kernel"].shape == (4, 6)
    allowed = np.broadcast_to(mask, (2, 3, 5, 3))
    expected = attended(params, x, context, 3, allowed)
    assert_close(net.apply(params, x, context, jnp.asarray(mask)), expected)


def test_causal_attention_does_not_look_ahead():
    """A change at one time changes nothing before it."""
    x = array(1, 5, 4)
    net, params = filled(lambda s, x: layers.attention(s, x, 2, is_causal=True), x)
    other = x.copy()
    other[:, 3] += 1
    before, after = net.apply(params, x), net.apply(params, other)
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert np.abs(np.asarray(before - after))[:, 3:].min() > 0
