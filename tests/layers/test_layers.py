"""What holds for every layer: its variables, shapes, names and initializers."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.layers_reference import ALL, KEY, X, every, nested


@pytest.mark.smoke
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
@pytest.mark.usefixtures("unshared")
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
