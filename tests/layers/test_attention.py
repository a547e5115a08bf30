"""Attention against its formula in NumPy: heads, masks, contexts."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import KEY, RANDOM, array, filled, wide


def softmax(x):
    """Over the last axis, where -inf counts for nothing."""
    weights = np.exp(x - x.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def attended(p, x, context, heads, allowed, each=1, kept=1.0):
    """Multi-head attention, head by head; `allowed` (batch, heads, time, source).

    A head of keys and values serves `each` heads, and weights are scaled by `kept`.
    """
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
        q, k, v = (
            y[..., at * size : (at + 1) * size]
            for y, at in ((query, head), (key, head // each), (value, head // each))
        )
        scores = q @ k.swapaxes(-1, -2) / math.sqrt(size)
        weights = softmax(np.where(allowed[:, head], scores, -np.inf))
        outs.append(weights * np.broadcast_to(kept, allowed.shape)[:, head] @ v)
    return dense("out", np.concatenate(outs, -1))


def everywhere(batch, heads, time, source):
    """A mask that hides nothing."""
    return np.ones((batch, heads, time, source), bool)


CAUSAL = np.tril(np.ones((5, 5), bool))
APART = np.arange(5)[:, None] - np.arange(5)
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
    "window": ({"window": 1}, np.broadcast_to(abs(APART) <= 1, (2, 2, 5, 5))),
    "window before and after": (
        {"window": (2, 1)},
        np.broadcast_to((APART <= 2) & (APART >= -1), (2, 2, 5, 5)),
    ),
    "window and causal": (
        {"window": 2, "is_causal": True},
        np.broadcast_to((APART <= 2) & CAUSAL, (2, 2, 5, 5)),
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


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_heads_share_keys_and_values(kv_heads):
    """Neighbouring heads have the same keys and values, also with a mask."""
    x = array(2, 5, 8)
    net, params = filled(
        lambda s, x: layers.attention(s, x, 4, kv_heads=kv_heads, is_causal=True), x
    )
    assert params["query"]["kernel"].shape == (8, 8)
    assert params["value"]["kernel"].shape == (8, 2 * kv_heads)
    allowed = np.broadcast_to(CAUSAL, (2, 4, 5, 5))
    expected = attended(params, x, x, 4, allowed, each=4 // kv_heads)
    assert_close(net.apply(params, x), expected)


@pytest.mark.parametrize(
    ("heads", "kv_heads", "error"),
    [
        (3, None, "8 features cannot be shared by 3 heads evenly"),
        (0, None, "cannot be shared by 0 heads"),
        (4, 3, "4 heads cannot share 3 heads of keys and values evenly"),
        (4, 0, "cannot share 0 heads of keys"),
    ],
)
def test_heads_are_shared_evenly(heads, kv_heads, error):
    """Features by heads, and heads by those of keys and values."""
    net = sj.transform(lambda s, x: layers.attention(s, x, heads, kv_heads=kv_heads))
    with pytest.raises(sj.InvalidArgumentError, match=error):
        net.init(KEY, array(2, 5, 8))


def test_rotation_acts_on_queries_and_keys():
    """It gets them by heads, with the positions, and values stay."""
    x, seen = array(2, 5, 8), []

    def rotate(y, positions):
        seen.append((y.shape, positions))
        return layers.rotary_embedding(y, positions)

    def model(scope, x, rotate=rotate):
        return layers.attention(scope, x, 2, kv_heads=1, rotate=rotate)

    net, params = filled(model, x)
    seen.clear()
    out = net.apply(params, x)
    assert [shape for shape, _ in seen] == [(2, 5, 2, 4), (2, 5, 1, 4)]
    assert [at.tolist() for _, at in seen] == [[*range(5)]] * 2

    def by_hand(scope, x):
        def heads(name, n):
            return layers.dense(scope / name, x, (n, 4))

        query, key = (
            layers.rotary_embedding(heads(name, n))
            for name, n in (("query", 2), ("key", 1))
        )
        y = jax.nn.dot_product_attention(query, key, heads("value", 1))
        return layers.dense(scope / "out", y, 8, axes=2)

    by_heads = {
        name: {
            "kernel": p["kernel"].reshape((2, 4, 8) if name == "out" else (8, -1, 4)),
            "bias": p["bias"] if name == "out" else p["bias"].reshape(-1, 4),
        }
        for name, p in params.items()
    }
    assert_close(out, sj.transform(by_hand).apply(by_heads, x))


NEAR = RANDOM_MASK | (APART == 0)
DROPPED = {
    "plain": ({}, np.ones((5, 5), bool)),
    "all that hides": (
        {"is_causal": True, "window": (2, 0), "mask": jnp.asarray(NEAR)},
        NEAR & CAUSAL & (APART <= 2),
    ),
}


@pytest.mark.parametrize(("kw", "allowed"), DROPPED.values(), ids=DROPPED)
@pytest.mark.parametrize("kv_heads", [1, 2])
def test_dropout_drops_weights(kw, allowed, kv_heads):
    """The scope's key drops weights after the softmax, and the rest is scaled."""
    x = array(2, 5, 6)
    net, params = filled(
        lambda s, x, is_training=True: layers.attention(
            s / "a",
            x,
            2,
            kv_heads=kv_heads,
            dropout_rate=0.25,
            is_training=is_training,
            **kw,
        ),
        x,
    )
    key = (sj.Scope({}, key=KEY) / "a").key("dropout")
    kept = np.asarray(jax.random.bernoulli(key, 0.75, (2, 2, 5, 5))) / 0.75
    allowed = np.broadcast_to(allowed, (2, 2, 5, 5))
    p, each = params["a"], 2 // kv_heads
    expected = attended(p, x, x, 2, allowed, each, kept)
    assert_close(net.apply(params, x, key=KEY), expected)
    evaluated = net.apply(params, x, is_training=False)
    assert_close(evaluated, attended(p, x, x, 2, allowed, each))


def test_weights_that_are_held_have_the_gradients_of_jax():
    """At a rate that drops nothing, gradients are those of JAX's own attention."""
    x = jnp.asarray(array(2, 5, 6))

    def model(scope, x, rate):
        return layers.attention(scope, x, 2, is_causal=True, dropout_rate=rate)

    net, params = filled(model, x, 0.0)

    def run(rate):
        def loss(params, x):
            return (net.apply(params, x, rate, key=KEY) ** 2).sum()

        return jax.grad(loss, (0, 1))(params, x)

    tiny = run(1e-9)
    assert_close(tiny, run(0.0), scale=max(map(jnp.max, jax.tree.leaves(tiny))))


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
