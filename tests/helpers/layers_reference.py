"""What the tests of layers share: random params, comparisons, all of the layers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

KEY = jax.random.key(0)
RANDOM = np.random.default_rng(0)


def array(*shape):
    """Random numbers, float32."""
    return RANDOM.standard_normal(shape).astype(np.float32)


def filled(model, *args, **kwargs):
    """A transformed model, and params of it that are all random."""
    net = sj.transform(model)
    specs = net.manifest(*args, **kwargs)
    flat = {name: jnp.asarray(array(*spec.shape)) for name, spec in specs.items()}
    return net, sj.from_flat(flat)


def wide(tree):
    """A tree of arrays as NumPy's doubles."""
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), tree)


def flax_apply(module, variables, *args, **kwargs):
    """flax mixes dtypes and ranks, which the suite's strict numerics refuse."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        return module.apply(variables, *args, **kwargs)


def gates_of_flax(params, names):
    """Weights for flax: each gate has layers of its own, `i` and `h`."""
    theirs = {}
    for name, leaf in sj.to_flat(params).items():
        side, array = name.split("/")
        for gate, part in zip(names, jnp.split(leaf, len(names), -1), strict=True):
            theirs[f"{side[0]}{gate}/{array}"] = part
    return sj.from_flat(theirs)


def gru_of_flax(params):
    """Of two biases that are only added up there is their sum; `n` has both."""
    theirs = gates_of_flax(params, "rzn")
    for gate in "rz":
        theirs[f"i{gate}"]["bias"] += theirs[f"h{gate}"].pop("bias")
    return theirs


X = array(2, 4, 6)
IDS = np.arange(8).reshape(2, 4)
# layer -> a model of it at `a/b`, its argument, its variables
ALL = {
    "dense": (lambda s, x: layers.dense(s, x, 3), X, "kernel bias"),
    "conv": (lambda s, x: layers.conv(s, x, 3, (3,)), X, "kernel bias"),
    "conv_transpose": (
        lambda s, x: layers.conv_transpose(s, x, 3, (3,), strides=2),
        X,
        "kernel bias",
    ),
    "dense over two axes": (
        lambda s, x: layers.dense(s, x, (3, 5), axes=2),
        X,
        "kernel bias",
    ),
    "einsum": (
        lambda s, x: layers.einsum(s, x, "btd,tdf->btf", (4, 6, 3)),
        X,
        "kernel bias",
    ),
    "mlp": (
        lambda s, x: layers.mlp(s, x, (5, 3)),
        X,
        "layer0/kernel layer0/bias layer1/kernel layer1/bias",
    ),
    "group_norm": (lambda s, x: layers.group_norm(s, x, 2), X, "scale bias"),
    "embedding": (lambda s, i: layers.embedding(s, i, 9, 3), IDS, "table"),
    "layer_norm": (layers.layer_norm, X, "scale bias"),
    "rms_norm": (layers.rms_norm, X, "scale"),
    "dropout": (lambda s, x: layers.dropout(s, x, 0.5), X, ""),
    "attention": (
        lambda s, x: layers.attention(s, x, 2),
        X,
        "query/kernel query/bias key/kernel key/bias value/kernel value/bias"
        " out/kernel out/bias",
    ),
    "attention, all options": (
        lambda s, x: layers.attention(
            s,
            x,
            3,
            kv_heads=1,
            window=2,
            rotate=layers.rotary_embedding,
            dropout_rate=0.1,
            use_bias=False,
        ),
        X,
        "query/kernel key/kernel value/kernel out/kernel",
    ),
    "rnn": (
        lambda s, x: layers.rnn(s, layers.gru, jnp.zeros((2, 3), x.dtype), x)[1],
        X,
        "input/kernel input/bias hidden/kernel hidden/bias",
    ),
    "bidirectional": (
        lambda s, x: layers.bidirectional(s, layers.gru, jnp.zeros((2, 3), x.dtype), x)[
            1
        ],
        X,
        " ".join(
            f"{side}/{name}"
            for side in ("forward", "backward")
            for name in ("input/kernel", "input/bias", "hidden/kernel", "hidden/bias")
        ),
    ),
    "lstm": (
        lambda s, x: layers.lstm(s, (jnp.zeros_like(x), jnp.zeros_like(x)), x)[1],
        X,
        "input/kernel input/bias hidden/kernel",
    ),
    "gru": (
        lambda s, x: layers.gru(s, jnp.zeros_like(x), x)[1],
        X,
        "input/kernel input/bias hidden/kernel hidden/bias",
    ),
}
every = pytest.mark.parametrize("layer", ALL)


def nested(layer):
    """The layer's model, two scopes down, transformed."""
    model, x, names = ALL[layer]
    return sj.transform(lambda s, x: model(s / "a" / "b", x)), x, names
