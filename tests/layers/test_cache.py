"""Attention that decodes: keys and values so far are state."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import KEY, array

X = array(2, 7, 8)
OPTIONS = {
    "plain": {},
    "grouped and rotated": {"kv_heads": 1, "rotate": layers.rotary_embedding},
    "window": {"window": 2},
}
options = pytest.mark.parametrize("kw", OPTIONS.values(), ids=OPTIONS)
# How the seven steps are passed: a prompt, and token by token, or all at once.
PARTS = [(7,), (1,) * 7, (4, 1, 1, 1), (2, 3, 2)]


def one(scope, x, cache_length=None, **kw):
    """A layer of attention; without a cache it is causal."""
    kw |= {"cache_length": cache_length} if cache_length else {"is_causal": True}
    return layers.attention(scope / "attn", x, 2, **kw)


def stacked(scope, x, cache_length=None, **kw):
    """Three layers of it, by a scan over a stack."""

    def layer(x, scope):
        return x + one(scope, x, cache_length, **kw), None

    return jax.lax.scan(layer, x, (scope / "layers").stack(3))[0]


models = pytest.mark.parametrize("model", [one, stacked])


def decoded(net, params, state, parts, **kw):
    """The outputs of all parts, one call for each, and the last state."""
    step = jax.jit(functools.partial(net.apply, **kw), donate_argnums=1)
    outs, start = [], 0
    for part in parts:
        out, state = step(params, state, X[:, start : start + part])
        outs.append(out)
        start += part
    return jnp.concatenate(outs, 1), state


@options
@models
@pytest.mark.parametrize("parts", PARTS, ids=str)
def test_decoding_is_causal_attention(model, kw, parts):
    """Whatever the parts, outputs are those of the whole sequence; state is donated."""
    net = sj.transform_with_state(functools.partial(model, **kw))
    params, state = net.init(KEY, X[:, :1], cache_length=9)
    plain, none = net.init(KEY, X)
    assert none == {}
    assert jax.tree.all(jax.tree.map(jnp.array_equal, params, plain))
    expected, _ = net.apply(params, {}, X)
    found, state = decoded(net, params, state, parts, cache_length=9)
    assert_close(found, expected)
    index = [v for name, v in sj.to_flat(state).items() if name.endswith("index")]
    assert set(np.ravel(index).tolist()) == {7}


def test_the_cache_has_the_heads_and_the_dtype_of_keys():
    """It is state below the layer, as long as asked for."""
    net = sj.transform_with_state(functools.partial(one, kv_heads=1))
    params, state = net.init(KEY, X.astype(jnp.bfloat16), cache_length=9)
    found = {n: (v.shape, v.dtype.name) for n, v in sj.to_flat(state).items()}
    assert found == {
        "attn/cache/index": ((), "int32"),
        "attn/cache/key": ((2, 9, 1, 4), "bfloat16"),
        "attn/cache/value": ((2, 9, 1, 4), "bfloat16"),
    }
    assert not any("cache" in name for name in sj.to_flat(params))


def test_generation_is_a_scan_over_tokens():
    """The state is the carry of a scan in which apply runs."""
    net = sj.transform_with_state(stacked)
    params, state = net.init(KEY, X[:, :1], cache_length=7)

    def step(state, x):
        out, state = net.apply(params, state, x[:, None], cache_length=7)
        return state, out[:, 0]

    state, outs = jax.jit(lambda s: jax.lax.scan(step, s, jnp.swapaxes(X, 0, 1)))(state)
    expected, _ = net.apply(params, {}, X)
    assert_close(jnp.swapaxes(outs, 0, 1), expected)


def test_a_mask_hides_parts_of_the_cache():
    """Padding before a prompt is hidden from it and from all that follows."""
    mask = np.ones((2, 1, 1, 9), bool)
    mask[0, :, :, :2] = False
    net = sj.transform_with_state(one)
    params, state = net.init(KEY, X[:, :1], cache_length=9)
    found, _ = decoded(net, params, state, (5, 2), cache_length=9, mask=mask)
    expected, _ = net.apply(params, {}, X[:1, 2:])
    assert_close(found[:1, 2:], expected)
    expected, _ = net.apply(params, {}, X[1:])
    assert_close(found[1:], expected)


def test_a_cache_without_room_gives_nan():
    """What is traced cannot raise, and wrong numbers would go unseen."""
    net = sj.transform_with_state(one)
    params, state = net.init(KEY, X[:, :1], cache_length=5)
    found, _ = decoded(net, params, state, (4, 1, 2), cache_length=5)
    assert np.isfinite(found[:, :5]).all()
    assert np.isnan(found[:, 5:]).all()


@pytest.mark.parametrize(
    ("kw", "error"),
    [
        ({"cache_length": 6}, "7 tokens do not fit into a cache of length 6"),
        (
            {"cache_length": 9, "context": X},
            "attends to x itself, and takes no context",
        ),
    ],
)
def test_a_cache_refuses(kw, error):
    """More tokens than it has room for, and a context."""
    net = sj.transform_with_state(lambda s, x: layers.attention(s, x, 2, **kw))
    with pytest.raises(sj.InvalidArgumentError, match=error):
        net.init(KEY, X)


def test_a_cache_needs_state():
    """Under `transform` there is nowhere to keep it."""
    net = sj.transform(functools.partial(one, cache_length=9))
    with pytest.raises(sj.ScopeUsageError, match="transform_with_state"):
        net.init(KEY, X)
