"""Layers into a stack and back."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj
from scopejax import checkpoints

from ..helpers.closeness import assert_close
from ..helpers.refusals import refusal
from .test_checkpoints import same

KEY = jax.random.key(0)


def layers_of(count, pattern="h{}"):
    """A tree of layers, each of its number, and what is none."""
    flat = {"out/w": np.ones(2, np.float32), "h": np.ones(1, np.float32)}
    for number in range(count):
        above = pattern.format(number)
        flat[f"{above}/w"] = np.full((2, 3), number, np.float32)
        flat[f"{above}/sub/b"] = np.int32(number)
    return sj.from_flat(flat)


@pytest.mark.smoke
@given(
    count=st.integers(1, 25),
    pattern=st.sampled_from(["h{}", "model/h{}/block", "{}", "a/{}", "h{}_x"]),
    into=st.sampled_from(["layers", "model/stack"]),
    order=st.randoms(use_true_random=False),
)
def test_one_undoes_the_other(count, pattern, into, order):
    """Stacked and taken apart, the tree is what it was; h10 comes after h9."""
    params = layers_of(count, pattern)
    flat = list(sj.to_flat(params).items())
    order.shuffle(flat)
    stacked = checkpoints.stack_layers(sj.from_flat(dict(flat)), pattern, into=into)
    stack = sj.to_flat(stacked)
    assert stack[f"{into}/sub/b"].tolist() == list(range(count))
    assert stack[f"{into}/w"].shape == (count, 2, 3)
    assert set(stack) == {f"{into}/w", f"{into}/sub/b", "out/w", "h"}
    assert same(checkpoints.unstack_layers(stacked, into, into=pattern), params)


@pytest.mark.parametrize("kind", [np.ndarray, jax.Array])
def test_arrays_stay_what_they_are(kind):
    """NumPy's arrays stay NumPy's, and JAX's JAX's."""
    params = layers_of(2)
    if kind is jax.Array:
        params = jax.tree.map(jnp.asarray, params)
    stacked = checkpoints.stack_layers(params, "h{}", into="layers")
    apart = checkpoints.unstack_layers(stacked, "layers", into="h{}")
    kinds = (np.ndarray, np.generic) if kind is np.ndarray else kind
    for leaf in jax.tree.leaves([stacked, apart]):
        assert isinstance(leaf, kinds)


def test_64_bits_of_numpy_are_kept():
    """What JAX would cut down is stacked as it is."""
    params = {f"h{i}": {"n": np.array([2**40 + i])} for i in range(2)}
    stacked = checkpoints.stack_layers(params, "h{}", into="layers")
    assert stacked["layers"]["n"].dtype == np.int64
    assert stacked["layers"]["n"].tolist() == [[2**40], [2**40 + 1]]


def changed(**layer):
    """Three layers, the second changed."""
    params = layers_of(3)
    params["h1"] = {**params["h1"], **layer}
    return {"h1": params.pop("h1"), **params}


MISSING = {name: layer for name, layer in layers_of(3).items() if name != "h1"}
NOT_STACKED = {
    "no {}": (layers_of(2), "h", "l", "named with one {} for their number"),
    "two {}": (layers_of(2), "h{}{}", "l", "named with one {} for their number"),
    "no such layer": (layers_of(2), "g{}", "l", "There is no g0"),
    "a gap": (MISSING, "h{}", "l", "There is no h1"),
    "from 1": ({"h1": {"w": np.ones(1)}}, "h{}", "l", "There is no h0"),
    "leading zeros": ({"h00": {"w": np.ones(1)}}, "h{}", "l", "There is no h0"),
    "a variable": ({"h0": np.ones(1)}, "h{}", "l", "There is no h0"),
    "taken": (layers_of(2) | {"l": {"w": np.ones(1)}}, "h{}", "l", "l/w exists"),
    "a variable there": (layers_of(2), "h{}", "h", "both a variable and a scope"),
}


@pytest.mark.parametrize(
    ("params", "layers", "into", "message"), NOT_STACKED.values(), ids=NOT_STACKED
)
def test_what_is_no_layers_is_refused(params, layers, into, message):
    """Each layer has to be there, and the stack not yet."""
    refusal(
        sj.InvalidArgumentError,
        lambda: checkpoints.stack_layers(params, layers, into=into),
        message,
    )


UNLIKE = {
    "shape": (changed(w=np.ones(2, np.float32)), "h1 and h0 differ in w", "h1/w"),
    "dtype": (changed(w=np.ones((2, 3))), "h1 and h0 differ in w", "h1/w"),
    "more": (changed(x=np.ones(2)), "h1 and h0 differ in x", "h1/x"),
    "less": (changed(sub={}), "h1 and h0 differ in sub/b", "h1/sub/b"),
}


@pytest.mark.parametrize(("params", "message", "name"), UNLIKE.values(), ids=UNLIKE)
def test_layers_that_differ_are_refused(params, message, name):
    """Layers of other names, shapes or dtypes are an error that tells the first."""
    refusal(
        sj.VariableMismatchError,
        lambda: checkpoints.stack_layers(params, "h{}", into="layers"),
        message,
        name=name,
    )


STACK = {"layers": {"w": np.ones((2, 3)), "b": np.ones(2)}, "h1": {"w": np.ones(3)}}
UNEVEN = {"layers": {"w": np.ones((2, 3)), "b": np.ones(3)}}
NOT_APART = {
    "no {}": (STACK, "layers", "h", sj.InvalidArgumentError, "named with one {}"),
    "no stack": (STACK, "layer", "g{}", sj.InvalidArgumentError, "There is no stack"),
    "taken": (STACK, "layers", "h{}", sj.InvalidArgumentError, "h1/w exists already"),
    "uneven": (UNEVEN, "layers", "h{}", sj.VariableMismatchError, "as long as"),
    "scalar": (
        {"layers": {"w": np.float32(1)}},
        "layers",
        "h{}",
        sj.VariableMismatchError,
        "as long as",
    ),
}


@pytest.mark.parametrize(
    ("params", "layers", "into", "kind", "message"), NOT_APART.values(), ids=NOT_APART
)
def test_what_is_no_stack_is_refused(params, layers, into, kind, message):
    """The stack has to be there, of one length, and its items not yet."""
    refusal(
        kind,
        lambda: checkpoints.unstack_layers(params, layers, into=into),
        message,
    )


def test_a_model_of_layers_is_the_scanned_model():
    """Params of h0 to h11, stacked, are those of the model that scans them."""
    n, x = 12, jnp.ones((2, 4))

    def layer(x, scope):
        return jnp.tanh(sj.layers.dense(scope / "dense", x, 4)), None

    def looped(scope, x):
        for i in range(n):
            x, _ = layer(x, scope / f"h{i}")
        return x

    def scanned(scope, x):
        return jax.lax.scan(layer, x, (scope / "layers").stack(n))[0]

    one, other = sj.transform(looped), sj.transform(scanned)
    params = one.init(KEY, x)
    stacked = checkpoints.stack_layers(params, "h{}", into="layers")
    other.check(stacked, x)
    assert_close(one.apply(params, x), other.apply(stacked, x))
