"""The dtypes in which layers store their variables and compute."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.layers_reference import ALL, IDS, KEY, X, array, every, nested

FLOATING = [name for name in ALL if name != "embedding"]
with_dtype = [
    "dense",
    "conv",
    "conv_transpose",
    "layer_norm",
    "rms_norm",
    "group_norm",
    "mlp",
    "attention",
]


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


@pytest.mark.smoke
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
    extra = {
        "dense": (3,),
        "conv": (3, 3),
        "conv_transpose": (3, 3),
        "group_norm": (2,),
        "mlp": ((3, 3),),
        "attention": (2,),
    }.get(layer, ())

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
