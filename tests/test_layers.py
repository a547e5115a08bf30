"""Layers against formulas in NumPy; their variables, dtypes, shapes and names."""

import functools
import itertools
import math
import re

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


def close(found, expected, rtol=2e-5):
    """Equality up to rounding, and of shapes."""
    expected = np.asarray(expected)
    assert found.shape == expected.shape
    scale = np.abs(expected).max(initial=1.0)
    np.testing.assert_allclose(
        np.asarray(found, np.float64), expected, rtol, 1e-5 * scale
    )


# Dense and embedding


@pytest.mark.parametrize("shape", [(4,), (2, 4), (2, 3, 4), (2, 1, 3, 4), (0, 4)])
@pytest.mark.parametrize("use_bias", [True, False])
def test_dense_is_a_product_and_a_sum(shape, use_bias):
    """The last axis times the kernel, plus the bias, for any rank."""
    net, params = filled(
        lambda s, x: layers.dense(s / "d", x, 5, use_bias=use_bias), x := array(*shape)
    )
    p = wide(params["d"])
    assert set(p) == ({"kernel", "bias"} if use_bias else {"kernel"})
    expected = x.astype(np.float64) @ p["kernel"] + p.get("bias", 0.0)
    close(net.apply(params, x), expected)


def test_embedding_is_rows_of_the_table():
    """Each whole number is its row, whatever the shape of the numbers."""
    ids = np.array([[0, 3, 3], [6, 1, 0]])
    net, params = filled(lambda s, i: layers.embedding(s / "e", i, 7, 4), ids)
    out = net.apply(params, ids)
    np.testing.assert_array_equal(out, np.asarray(params["e"]["table"])[ids])
    assert net.apply(params, jnp.int32(3)).shape == (4,)
    assert net.apply(params, ids.tolist()).shape == (2, 3, 4)


def test_embedding_starts_small():
    """The table's numbers are normal with deviation 0.02, or as the caller says."""
    net = sj.transform(lambda s, i, **k: layers.embedding(s, i, 500, 40, **k))
    table = net.init(KEY, jnp.arange(2))["table"]
    assert float(table.std()) == pytest.approx(0.02, rel=0.05)
    ones = net.init(KEY, jnp.arange(2), initializer=jax.nn.initializers.ones)["table"]
    np.testing.assert_array_equal(ones, np.ones((500, 40)))


def test_a_table_is_tied_under_reuse():
    """The table serves as the output's kernel, as the docstring says."""

    def model(scope, ids):
        x = layers.embedding(scope, ids, 7, 4)
        return x @ scope.with_options(reuse=True).get_variable("table", (7, 4)).T

    net, params = filled(model, ids := jnp.arange(7))
    table = wide(params["table"])
    close(net.apply(params, ids), table @ table.T)


# Convolutions


def padded(x, kernel, strides, dilation, padding):
    """`x` with zeros around its axes of space."""
    pads = []
    for axis, (k, s, d) in enumerate(zip(kernel, strides, dilation, strict=True)):
        size, reach = x.shape[1 + axis], (k - 1) * d + 1
        if padding == "SAME":
            total = max((math.ceil(size / s) - 1) * s + reach - size, 0)
            pads.append((total // 2, total - total // 2))
        else:
            pads.append((0, 0) if padding == "VALID" else padding[axis])
    return np.pad(x, [(0, 0), *pads, (0, 0)])


def convolution(x, kernel, strides, dilation, padding, groups):
    """The definition: a sum over the kernel's places, group by group."""
    x, kernel = x.astype(np.float64), kernel.astype(np.float64)
    space = kernel.shape[:-2]
    x = padded(x, space, strides, dilation, padding)
    reach = [(k - 1) * d + 1 for k, d in zip(space, dilation, strict=True)]
    sizes = [
        (n - r) // s + 1 for n, r, s in zip(x.shape[1:-1], reach, strides, strict=True)
    ]
    ins, outs = kernel.shape[-2], kernel.shape[-1] // groups
    out = np.zeros((x.shape[0], *sizes, kernel.shape[-1]))
    for place in itertools.product(*map(range, space)):
        window = tuple(
            slice(p * d, p * d + (n - 1) * s + 1, s)
            for p, d, n, s in zip(place, dilation, sizes, strides, strict=True)
        )
        for g in range(groups):
            taken = x[(slice(None), *window, slice(g * ins, (g + 1) * ins))]
            chosen = slice(g * outs, (g + 1) * outs)
            out[..., chosen] += taken @ kernel[place][:, chosen]
    return out


CONVS = {
    "1d": ((2, 7, 3), 4, (3,), {}),
    "1d even": ((2, 8, 3), 4, (4,), {}),
    "1d strided": ((1, 9, 2), 3, (3,), {"strides": 2}),
    "1d dilated": ((1, 9, 2), 3, (3,), {"dilation": 3}),
    "1d explicit": ((1, 6, 2), 3, (3,), {"padding": [(2, 0)]}),
    "2d": ((2, 5, 6, 3), 4, (3, 2), {}),
    "2d valid": ((2, 5, 6, 3), 4, (3, 2), {"padding": "VALID"}),
    "2d strided": ((1, 7, 6, 2), 3, (3, 3), {"strides": (2, 3)}),
    "2d dilated": ((1, 9, 8, 2), 3, (2, 3), {"dilation": (2, 1), "padding": "VALID"}),
    "2d grouped": ((2, 4, 4, 6), 4, (3, 3), {"groups": 2}),
    "2d depthwise": ((2, 4, 4, 3), 6, (3, 3), {"groups": 3}),
    "3d": ((1, 3, 4, 3, 2), 2, (2, 2, 2), {"strides": (1, 2, 1)}),
    "all": (
        (1, 9, 10, 4),
        6,
        (3, 2),
        {
            "strides": (2, 1),
            "dilation": (1, 2),
            "groups": 2,
            "padding": [(1, 0), (0, 2)],
        },
    ),
}


def each(value, axes):
    """One value for each axis of space."""
    return (value,) * axes if isinstance(value, int) else tuple(value)


@pytest.mark.parametrize(("shape", "features", "size", "kw"), CONVS.values(), ids=CONVS)
def test_conv_is_its_definition(shape, features, size, kw):
    """Strides, dilation, groups and padding are those of the sum in NumPy."""
    x, axes = array(*shape), len(size)
    net, params = filled(lambda s, x: layers.conv(s / "c", x, features, size, **kw), x)
    kernel, bias = (np.asarray(params["c"][name]) for name in ("kernel", "bias"))
    groups = kw.get("groups", 1)
    assert kernel.shape == (*size, shape[-1] // groups, features)
    expected = convolution(
        x,
        kernel,
        each(kw.get("strides", 1), axes),
        each(kw.get("dilation", 1), axes),
        kw.get("padding", "SAME"),
        groups,
    )
    close(net.apply(params, x), expected + bias)


@pytest.mark.parametrize("number", [np.int64(2), np.int32(2)], ids=repr)
def test_other_whole_numbers_are_strides(number):
    """NumPy's numbers serve as strides and dilation, as they serve as sizes."""
    x = array(1, 8, 2)
    for option in ("strides", "dilation"):

        def model(scope, value, option=option):
            return layers.conv(scope, x, 3, (3,), **{option: value})

        net = sj.transform(model)
        params = net.init(KEY, 2)
        expected = net.apply(params, 2)
        np.testing.assert_array_equal(net.apply(params, number), expected)


TRANSPOSED = [
    ((1, 4, 2), 3, (3,), 1, "SAME"),
    ((1, 4, 2), 3, (3,), 2, "SAME"),
    ((1, 4, 2), 3, (4,), 2, "SAME"),
    ((1, 4, 2), 3, (2,), 3, "SAME"),
    ((1, 4, 2), 3, (3,), 2, "VALID"),
    ((1, 3, 4, 2), 3, (3, 2), (2, 1), "SAME"),
    ((1, 3, 4, 2), 3, (3, 5), (2, 3), "SAME"),
    ((1, 3, 4, 2), 3, (3, 3), 2, "VALID"),
]


@pytest.mark.parametrize(
    ("shape", "features", "size", "strides", "padding"), TRANSPOSED
)
def test_conv_transpose_is_the_adjoint_of_conv(shape, features, size, strides, padding):
    """It undoes the shapes of a convolution, of which it is the gradient.

    <transpose(x; kernel), y> = <x, conv(y; kernel turned around)> for every y.
    """
    x, axes = array(*shape), len(size)
    net, params = filled(
        lambda s, x: layers.conv_transpose(
            s, x, features, size, strides=strides, padding=padding, use_bias=False
        ),
        x,
    )
    out = net.apply(params, x)
    steps = each(strides, axes)
    if padding == "SAME":
        grown = [n * s for n, s in zip(shape[1:-1], steps, strict=True)]
    else:
        grown = [
            (n - 1) * s + max(k, s)
            for n, s, k in zip(shape[1:-1], steps, size, strict=True)
        ]
    assert out.shape == (shape[0], *grown, features)
    kernel = np.asarray(params["kernel"])
    assert kernel.shape == (*size, shape[-1], features)
    turned = np.flip(kernel, range(axes)).swapaxes(-1, -2)
    y = array(*out.shape)
    back = convolution(y, turned, steps, (1,) * axes, padding, 1)
    assert back.shape == x.shape
    left, right = (wide(out) * y).sum(), (x * back).sum()
    assert left == pytest.approx(right, rel=1e-4, abs=1e-3)
    gradient = jax.grad(lambda x: (net.apply(params, x) * y).sum())(jnp.asarray(x))
    close(gradient, back)


def test_conv_transpose_has_a_bias():
    """The bias is added to every place."""
    x = array(1, 4, 2)
    net, params = filled(lambda s, x: layers.conv_transpose(s, x, 3, (3,)), x)
    without = params | {"bias": jnp.zeros(3)}
    difference = net.apply(params, x) - net.apply(without, x)
    close(difference, np.broadcast_to(params["bias"], (1, 4, 3)), rtol=1e-3)


# Normalization


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
    close(net.apply(params, x), expected * p.get("scale", 1.0) + p.get("bias", 0.0))


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


@pytest.mark.parametrize("epsilon", [1e-6, 1e-2])
def test_rms_norm_is_its_formula(epsilon):
    """The last axis over the root of its mean square, times the scale."""
    x = array(2, 3, 8) * 3 + 1
    net, params = filled(lambda s, x: layers.rms_norm(s, x, epsilon=epsilon), x)
    assert set(params) == {"scale"}
    x64 = x.astype(np.float64)
    root = np.sqrt((x64**2).mean(-1, keepdims=True) + epsilon)
    close(net.apply(params, x), x64 / root * wide(params["scale"]))


# Attention


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
    close(net.apply(params, x), attended(params["a"], x, x, 2, allowed), rtol=1e-4)


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
    close(net.apply(params, x, context, jnp.asarray(mask)), expected, rtol=1e-4)


def test_causal_attention_does_not_look_ahead():
    """A change at one time changes nothing before it."""
    x = array(1, 5, 4)
    net, params = filled(lambda s, x: layers.attention(s, x, 2, is_causal=True), x)
    other = x.copy()
    other[:, 3] += 1
    before, after = net.apply(params, x), net.apply(params, other)
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert np.abs(np.asarray(before - after))[:, 3:].min() > 0


# Recurrent cells


def sigmoid(x):
    """The logistic function."""
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("forget_bias", [1.0, 0.0])
def test_lstm_is_its_formula(forget_bias):
    """The gates are input, forget, cell and output; a scan runs it over time."""
    xs = array(3, 2, 4)

    def model(scope, xs):
        zero = jnp.zeros((2, 5))
        return jax.lax.scan(
            lambda c, x: layers.lstm(scope / "cell", c, x, forget_bias=forget_bias),
            (zero, zero),
            xs,
        )

    net, params = filled(model, xs)
    p = wide(params["cell"])
    assert set(sj.to_flat(p)) == {"input/kernel", "input/bias", "hidden/kernel"}
    assert p["input"]["kernel"].shape == (4, 20)
    assert p["hidden"]["kernel"].shape == (5, 20)
    cell = hidden = np.zeros((2, 5))
    states = []
    for x in xs.astype(np.float64):
        gates = x @ p["input"]["kernel"] + p["input"]["bias"]
        i, f, g, o = np.split(gates + hidden @ p["hidden"]["kernel"], 4, -1)
        cell = sigmoid(f + forget_bias) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
        states.append(hidden)
    (last_cell, last_hidden), outs = net.apply(params, xs)
    close(last_cell, cell, rtol=1e-4)
    close(last_hidden, hidden, rtol=1e-4)
    close(outs, np.stack(states), rtol=1e-4)


def test_gru_is_its_formula():
    """The gates are reset, update and new; the reset acts on the recurrent part."""
    xs = array(3, 2, 4)

    def model(scope, xs):
        return jax.lax.scan(
            lambda h, x: layers.gru(scope / "cell", h, x), jnp.zeros((2, 5)), xs
        )

    net, params = filled(model, xs)
    p = wide(params["cell"])
    names = {"input/kernel", "input/bias", "hidden/kernel", "hidden/bias"}
    assert set(sj.to_flat(p)) == names
    hidden, states = np.zeros((2, 5)), []
    for x in xs.astype(np.float64):
        xr, xz, xn = np.split(x @ p["input"]["kernel"] + p["input"]["bias"], 3, -1)
        recurrent = hidden @ p["hidden"]["kernel"] + p["hidden"]["bias"]
        hr, hz, hn = np.split(recurrent, 3, -1)
        update = sigmoid(xz + hz)
        new = np.tanh(xn + sigmoid(xr + hr) * hn)
        hidden = (1 - update) * new + update * hidden
        states.append(hidden)
    last, outs = net.apply(params, xs)
    close(last, hidden, rtol=1e-4)
    close(outs, np.stack(states), rtol=1e-4)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_recurrent_kernels_start_orthogonal(cell):
    """The rows of a fresh hidden kernel are orthonormal."""
    zero = jnp.zeros((1, 4))
    carry = (zero, zero) if cell == "lstm" else zero
    params = sj.transform(getattr(layers, cell)).init(KEY, carry, jnp.ones((1, 3)))
    kernel = wide(params["hidden"]["kernel"])
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(4), atol=1e-5)


# All layers


X = array(2, 4, 6)
IDS = np.arange(8).reshape(2, 4)
ZERO = np.zeros((2, 4, 6), np.float32)
# layer -> a model of it at `a/b`, its argument, its variables
ALL = {
    "dense": (lambda s, x: layers.dense(s, x, 3), X, "kernel bias"),
    "conv": (lambda s, x: layers.conv(s, x, 3, (3,)), X, "kernel bias"),
    "conv_transpose": (
        lambda s, x: layers.conv_transpose(s, x, 3, (3,), strides=2),
        X,
        "kernel bias",
    ),
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


@every
def test_variables_are_named(layer):
    """A layer makes the variables that its docstring lists, below its own scope."""
    net, x, names = nested(layer)
    assert set(net.manifest(x)) == {f"a/b/{name}" for name in names.split()}


@every
def test_the_promised_shapes_are_the_real_ones(layer):
    """The manifest's shapes are those of init, and an abstract apply that of apply."""
    net, x, _ = nested(layer)
    params = net.init(KEY, x)
    promised = net.manifest(x).shapes()
    real = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), params
    )
    assert promised == real
    abstract = jax.eval_shape(lambda p, x: net.apply(p, x, key=KEY), promised, x)
    out = jax.jit(net.apply)(params, x, key=KEY)
    assert (abstract.shape, abstract.dtype) == (out.shape, out.dtype)


@every
def test_the_path_is_in_the_compiled_program(layer):
    """Profiles show a layer's path, once."""
    model, x, _ = ALL[layer]
    net = sj.transform(lambda s, x: model(s / "encoder" / "h0", x))
    lowered = jax.jit(net.apply).lower(net.init(KEY, x), x, key=KEY)
    text = lowered.compile().as_text()
    names = re.findall(r'op_name="([^"]*)"', text)
    inside = [name for name in names if "encoder/h0/" in name]
    assert inside
    assert "encoder/h0/" in lowered.as_text(debug_info=True)
    assert "h0/encoder" not in text


def test_the_paths_of_inner_layers_are_shown():
    """A layer made of layers shows each of theirs below its own."""
    net = sj.transform(lambda s, x: layers.attention(s / "encoder/h0", x, 2))
    lowered = jax.jit(net.apply).lower(net.init(KEY, X), X)
    text = lowered.as_text(debug_info=True)
    for name in ("query", "key", "value", "out"):
        assert f"encoder/h0/{name}/" in text
    assert "encoder/h0/encoder" not in text


@every
def test_layers_are_shared_on_purpose_alone(layer):
    """Twice in one scope is an error, and under reuse the same variables."""
    model, x, names = ALL[layer]

    def twice(scope, x, reuse):
        again = scope.with_options(reuse=reuse)
        return model(scope / "a", x), model(again / "a", x)

    net = sj.transform(twice)
    with pytest.raises(sj.VariableExistsError, match=r"a/.* already"):
        net.init(KEY, x, None)
    params = net.init(KEY, x, True)
    assert set(sj.to_flat(params)) == {f"a/{name}" for name in names.split()}
    one, two = jax.jit(lambda p, x: net.apply(p, x, True, key=KEY))(params, x)
    np.testing.assert_array_equal(one, two)


# Dtypes


FLOATING = [name for name in ALL if name != "embedding"]
with_dtype = ["dense", "conv", "conv_transpose", "layer_norm", "rms_norm", "attention"]


@pytest.mark.parametrize("layer", FLOATING)
def test_a_layer_computes_in_the_dtype_of_its_input(layer):
    """A bfloat16 input is computed in bfloat16, with variables stored in float32."""
    net, x, _ = nested(layer)
    params = net.init(KEY, x)
    half = jnp.asarray(x, "bfloat16")
    assert {leaf.dtype.name for leaf in jax.tree.leaves(params)} <= {"float32"}
    assert net.init(KEY, half).keys() == params.keys()
    out = net.apply(params, half, key=KEY)
    assert out.dtype == "bfloat16"
    reference = np.asarray(net.apply(params, x, key=KEY))
    error = np.abs(np.asarray(out, np.float32) - reference).max()
    assert error < 0.1 * max(1.0, np.abs(reference).max())


@pytest.mark.parametrize("layer", ["dense", "conv", "conv_transpose", "attention"])
def test_the_products_themselves_are_in_half_precision(layer):
    """No product of a bfloat16 layer is computed in float32."""
    net, x, _ = nested(layer)
    params = net.init(KEY, x)
    jaxpr = jax.make_jaxpr(net.apply)(params, jnp.asarray(x, "bfloat16")).jaxpr
    products = [
        eqn
        for eqn in jaxpr.eqns
        if eqn.primitive.name in ("dot_general", "conv_general_dilated")
    ]
    assert products
    operands = {v.aval.dtype.name for eqn in products for v in eqn.invars}
    assert operands == {"bfloat16"}


@pytest.mark.parametrize("layer", with_dtype)
def test_a_dtype_overrides_that_of_the_input(layer):
    """`dtype` is what a layer computes in, whatever its input and its variables."""
    extra = {"dense": (3,), "conv": (3, (3,)), "conv_transpose": (3, (3,))}.get(
        layer, ()
    )
    extra = (2,) if layer == "attention" else extra

    def model(scope, x, dtype=None):
        return getattr(layers, layer)(scope, x, *extra, dtype=dtype)

    net = sj.transform(model)
    params = net.init(KEY, X, dtype="bfloat16")
    assert {leaf.dtype.name for leaf in jax.tree.leaves(params)} == {"float32"}
    for dtype in ("bfloat16", jnp.float16):
        out = net.apply(params, X, dtype=dtype)
        assert out.dtype == dtype
        cast = net.apply(params, jnp.asarray(X, dtype))
        np.testing.assert_array_equal(out, cast)
    back = net.apply(params, jnp.asarray(X, "bfloat16"), dtype="float32")
    assert back.dtype == "float32"


@every
def test_the_dtype_of_the_scope_is_the_stored_one(layer):
    """Variables are stored in the dtype of the scope; the input's is computed in."""
    model, x, _ = ALL[layer]
    net = sj.transform(lambda s, x: model(s.with_options(dtype="bfloat16") / "a", x))
    params = net.init(KEY, x)
    assert {leaf.dtype.name for leaf in jax.tree.leaves(params)} <= {"bfloat16"}
    out = jax.eval_shape(lambda p, x: net.apply(p, x, key=KEY), params, x)
    assert out.dtype == ("bfloat16" if layer == "embedding" else "float32")


@pytest.mark.parametrize("layer", [*with_dtype, "lstm", "gru"])
def test_whole_numbers_are_computed_in_float32(layer):
    """An input of integers is taken as floats."""
    model, _, _ = ALL[layer]
    x = np.arange(48, dtype=np.int32).reshape(2, 4, 6) % 5
    carry = jnp.zeros((2, 4, 6))
    if layer == "lstm":
        model = lambda s, x: layers.lstm(s, (carry, carry), x)[1]  # noqa: E731
    if layer == "gru":
        model = lambda s, x: layers.gru(s, carry, x)[1]  # noqa: E731
    net = sj.transform(model)
    params = net.init(KEY, x)
    out = net.apply(params, x)
    assert out.dtype == "float32"
    np.testing.assert_array_equal(out, net.apply(params, x.astype(np.float32)))


def test_embedding_has_the_dtype_of_its_table():
    """Rows are what is stored, unless a dtype is asked for."""
    net = sj.transform(
        lambda s, i, dtype=None: layers.embedding(s, i, 9, 3, dtype=dtype)
    )
    params = net.init(KEY, IDS)
    assert net.apply(params, IDS).dtype == "float32"
    half = net.apply(params, IDS, dtype="bfloat16")
    np.testing.assert_array_equal(half, params["table"][IDS].astype("bfloat16"))


@pytest.mark.parametrize("layer", ["layer_norm", "rms_norm"])
def test_norms_add_up_in_float32(layer):
    """Of a bfloat16 input the mean square is exact to bfloat16's last places."""
    x = jnp.asarray(array(4, 512) * 10, "bfloat16")
    net = sj.transform(getattr(layers, layer))
    out = np.asarray(net.apply(net.init(KEY, x), x), np.float64)
    wide_x = np.asarray(x, np.float64)
    if layer == "layer_norm":
        wide_x = wide_x - wide_x.mean(-1, keepdims=True)
    expected = wide_x / np.sqrt((wide_x**2).mean(-1, keepdims=True) + 1e-6)
    np.testing.assert_allclose(out, expected, rtol=2**-7, atol=2**-8)


# Dropout


LONG = jnp.linspace(1.0, 2.0, 20_000)


def drop(x, rate, key=KEY, **kwargs):
    """Dropout in a scope of its own."""
    return layers.dropout(sj.Scope({}, key=key) / "d", x, rate, **kwargs)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_drops_its_share_and_scales_the_rest(rate):
    """A share of the numbers is 0, the rest is divided by what is kept."""
    out = np.asarray(drop(LONG, rate))
    kept = out != 0
    deviation = math.sqrt(rate * (1 - rate) / LONG.size)
    assert abs(kept.mean() - (1 - rate)) < 5 * deviation
    np.testing.assert_allclose(
        out[kept], np.asarray(LONG)[kept] / (1 - rate), rtol=1e-6
    )
    assert out.mean() == pytest.approx(float(LONG.mean()), rel=0.15)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"rate": 0.5, "deterministic": True},
        {"rate": 0.0},
        {"rate": 1.0, "deterministic": True},
    ],
)
def test_dropout_that_does_nothing_needs_no_key(kwargs):
    """Deterministic, or at rate 0, the input comes back as it is."""
    assert drop(LONG, key=None, **kwargs) is LONG


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_dropout_of_everything(dtype):
    """At rate 1 nothing is left, and nothing is divided by zero."""
    out = drop(LONG.astype(dtype), 1.0)
    assert out.dtype == dtype
    assert not out.any()
    gradient = jax.grad(lambda x: drop(x, 1.0).sum())(LONG)
    assert not gradient.any()


def test_dropout_depends_on_key_path_and_index():
    """The same key, path and index give one mask; any other gives another."""
    base = drop(LONG, 0.5)
    np.testing.assert_array_equal(base, drop(LONG, 0.5))
    scope = sj.Scope({}, key=KEY)
    others = [
        drop(LONG, 0.5, key=jax.random.key(1)),
        layers.dropout(scope / "e", LONG, 0.5),
        layers.dropout(scope, LONG, 0.5),
        drop(LONG, 0.5, index=0),
        drop(LONG, 0.5, index=1),
    ]
    masks = [np.asarray(out) != 0 for out in [base, *others]]
    for one, two in itertools.combinations(masks, 2):
        assert abs((one == two).mean() - 0.5) < 0.02


def test_an_index_tells_the_steps_of_a_loop_apart():
    """A traced index gives each step the mask that it gives outside of the loop."""
    x = LONG[:64]

    def model(scope, x):
        def step(carry, i):
            return carry, layers.dropout(scope / "d", x, 0.5, index=i)

        return jax.lax.scan(step, 0.0, jnp.arange(3))[1]

    net = sj.transform(model)
    assert net.init(KEY, x) == {}
    out = net.apply({}, x, key=KEY)
    for i in range(3):
        np.testing.assert_array_equal(out[i], drop(x, 0.5, index=i))
    assert not jnp.array_equal(out[0] != 0, out[1] != 0)


def test_dropout_without_a_key_is_told_by_its_path():
    """A missing key is an error that names the layer."""
    net = sj.transform(lambda s, x: layers.dropout(s / "encoder" / "drop", x, 0.5))
    with pytest.raises(sj.ScopeUsageError, match="encoder/drop/dropout") as info:
        net.apply({}, LONG)
    assert "test_layers.py" in info.value.where


def test_dropout_passes_gradients_where_it_keeps():
    """The gradient is the mask, scaled."""
    gradient = jax.grad(lambda x: drop(x, 0.25).sum())(LONG)
    np.testing.assert_allclose(gradient, np.asarray(drop(LONG, 0.25) / LONG), rtol=1e-5)


# Initializers of layers


def test_initializers_are_the_callers_or_the_scopes():
    """A layer's kernel takes its own initializer, else the scope's; the bias zeros."""
    ones, twos = jax.nn.initializers.ones, jax.nn.initializers.constant(2.0)

    def model(scope, x):
        scope = scope.with_options(initializer=twos)
        layers.dense(scope / "default", x, 3)
        layers.dense(
            scope / "own", x, 3, kernel_initializer=ones, bias_initializer=ones
        )
        return layers.conv(scope / "conv", x, 3, (3,))

    flat = sj.to_flat(sj.transform(model).init(KEY, X))
    values = {name: set(np.unique(leaf).tolist()) for name, leaf in flat.items()}
    assert values == {
        "default/kernel": {2.0},
        "default/bias": {0.0},
        "own/kernel": {1.0},
        "own/bias": {1.0},
        "conv/kernel": {2.0},
        "conv/bias": {0.0},
    }


@pytest.mark.parametrize("layer", ["layer_norm", "rms_norm"])
def test_norms_start_as_the_identity(layer):
    """Scale 1 and bias 0, whatever the scope's initializer."""

    def model(scope, x):
        scope = scope.with_options(initializer=jax.nn.initializers.constant(7.0))
        return getattr(layers, layer)(scope, x)

    params = sj.transform(model).init(KEY, X)
    np.testing.assert_array_equal(params["scale"], np.ones(6))
    np.testing.assert_array_equal(params.get("bias", jnp.zeros(6)), np.zeros(6))
