"""Law: an initial value depends on key, name, shape, dtype and initializer alone."""

import chex
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from jax.nn import initializers as jaxinit

import scopejax as sj

from ..helpers.closeness import assert_close
from ..helpers.path_law_reference import reference
from ..helpers.randomness import examples

pytestmark = pytest.mark.optimized

INITIALIZERS = {
    "glorot_uniform": sj.initializers.glorot_uniform,
    "glorot_normal": sj.initializers.glorot_normal,
    "he_uniform": sj.initializers.he_uniform,
    "he_normal": sj.initializers.he_normal,
    "lecun_normal": sj.initializers.lecun_normal,
    "normal": jaxinit.normal(0.02),
    "uniform": jaxinit.uniform(0.1),
    "truncated_normal": jaxinit.truncated_normal(0.1),
    "orthogonal": jaxinit.orthogonal(),
    "constant": jaxinit.constant(0.3),
    "ones": jaxinit.ones,
}
KEYS = {
    "threefry": jax.random.key(7),
    "raw threefry": jax.random.PRNGKey(7),
    "rbg": jax.random.key(7, impl="rbg"),
    "unsafe_rbg": jax.random.key(7, impl="unsafe_rbg"),
}


names = st.lists(
    st.text(st.characters(blacklist_characters="/", codec="utf-8"), min_size=1),
    min_size=1,
    max_size=4,
).map("/".join)
shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)


@examples(25)
@given(
    name=names,
    shape=shapes,
    dtype=st.sampled_from(["float32", "bfloat16", "float16"]),
    initializer=st.sampled_from(["glorot_uniform", "he_normal", "normal"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_value_is_the_reference(name, shape, dtype, initializer, seed):
    """Init gives the jitted initializer's bits for any name, shape, dtype and seed."""
    initializer = INITIALIZERS[initializer]
    key = jax.random.key(seed)
    net = sj.transform(
        lambda scope: scope.get_variable(name, shape, dtype, initializer)
    )
    value = sj.to_flat(net.init(key))[name]
    expected = reference(key, name, shape, jnp.dtype(dtype), initializer)
    chex.assert_trees_all_equal(value, expected)


@pytest.mark.smoke
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("initializer", INITIALIZERS.values(), ids=INITIALIZERS)
def test_items_of_a_stack_are_the_reference(key, initializer):
    """Item i of a stack is the unbatched initializer's value for its own key."""

    def model(scope):
        def item(s):
            return s.get_variable("w", (5, 3), initializer=initializer)

        return jax.lax.map(item, (scope / "layers").stack(4))

    value = sj.transform(model).init(key)["layers"]["w"]
    for i in range(4):
        expected = reference(key, "layers/w", (5, 3), jnp.float32, initializer, (i,))
        np.testing.assert_array_equal(value[i], expected)


@pytest.mark.smoke
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("initializer", ["glorot_uniform", "he_normal", "orthogonal"])
def test_neither_order_nor_company_nor_jit_matters(key, initializer):
    """Other variables, their order, and an outer jit change no bit."""

    def variable(scope, name):
        return scope.get_variable(name, (4, 4), initializer=INITIALIZERS[initializer])

    def alone(scope):
        return variable(scope / "a", "w")

    def crowd(scope):
        return [variable(scope / name, "w") for name in ("c", "b", "a", "aa")]

    value = sj.transform(alone).init(key)["a"]["w"]
    np.testing.assert_array_equal(value, sj.transform(crowd).init(key)["a"]["w"])
    jitted = jax.jit(sj.transform(crowd).init)(key)["a"]["w"]
    np.testing.assert_array_equal(value, jitted)


@pytest.mark.smoke
def test_no_two_names_begin_alike(key):
    """Names that join to the same letters have values of their own."""

    def model(scope):
        for name in ("a/bc", "ab/c", "abc", "a/b/c"):
            scope.get_variable(name, (4,))

    values = sj.to_flat(sj.transform(model).init(key)).values()
    assert len({value.tobytes() for value in map(np.asarray, values)}) == 4


@pytest.mark.smoke
def test_devices_and_given_values_do_not_matter(key):
    """Another default device, or values that are given, change no bit of the rest."""

    def model(scope):
        for name in ("a", "b", "c"):
            scope.get_variable(name, (4, 4))

    net = sj.transform(model)
    params = net.init(key)
    with jax.default_device(jax.devices()[3]):
        elsewhere = net.init(key)
    assert elsewhere["a"].devices() == {jax.devices()[3]}
    chex.assert_trees_all_equal(params, elsewhere)
    given = net.init(key, given={"b": params["b"]})
    assert given["b"] is params["b"]
    chex.assert_trees_all_equal(params, given)


GOLDEN = {
    "w": [-0.10472274, 0.83891153, 0.8397479],
    "encoder/h0/kernel": [-0.85954547, 0.22440219, -0.9558351],
    "a/bc": [-0.39044356, -0.92483854, -0.39265466],
    "ab/c": [-0.34048796, -0.2984972, 0.95065904],
    "größe/重み": [-0.4672377, 0.11074853, -0.17367864],
}


@pytest.mark.smoke
@pytest.mark.parametrize("name", GOLDEN)
def test_golden_values(name):
    """Seed 0 gives the values it has always given."""
    net = sj.transform(lambda scope: scope.get_variable(name, (3,)))
    value = sj.to_flat(net.init(jax.random.key(0)))[name]
    assert_close(value, np.array(GOLDEN[name]), ulps=4)
