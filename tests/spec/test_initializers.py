"""Initializers: TF1's fans below rank 2, and `jax.nn.initializers` from there on."""

import functools
import inspect
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj
from scopejax import initializers
from scopejax.initializers import default_for, variance_scaling

from ..helpers.closeness import assert_close

KEY = jax.random.key(7)
NAMED = {
    "glorot_uniform": (1.0, "fan_avg", "uniform"),
    "glorot_normal": (1.0, "fan_avg", "truncated_normal"),
    "he_uniform": (2.0, "fan_in", "uniform"),
    "he_normal": (2.0, "fan_in", "truncated_normal"),
    "lecun_uniform": (1.0, "fan_in", "uniform"),
    "lecun_normal": (1.0, "fan_in", "truncated_normal"),
}
DTYPES = ["float16", "bfloat16", "float32"]
DISTRIBUTIONS = ["uniform", "normal", "truncated_normal"]
named = pytest.mark.parametrize("name", NAMED)
dtypes = pytest.mark.parametrize("dtype", DTYPES)

COUNT = 20_000  # numbers: five standard errors of a variance are below 7 %
CLOSE = 0.07


def check(drawn, variance, distribution):
    """Mean, variance and bounds of numbers drawn from a centred distribution."""
    rounding = 1 + 2 * float(jnp.finfo(drawn.dtype).eps)
    drawn = np.asarray(drawn, np.float64).ravel()
    assert drawn.var() == pytest.approx(variance, rel=CLOSE)
    assert abs(drawn.mean()) < 5 * math.sqrt(variance / drawn.size) * rounding
    bound = {
        "uniform": math.sqrt(3 * variance),
        "truncated_normal": 2 * math.sqrt(variance) / 0.87962566103423978,
        "normal": math.inf,
    }[distribution]
    largest = np.abs(drawn).max()
    assert largest <= bound * rounding
    if distribution == "normal":
        assert largest > 3 * math.sqrt(variance)
    else:
        assert largest > 0.97 * bound


# Below rank 2


@named
@pytest.mark.parametrize(("shape", "fan"), [((), 1), ((1,), 1), ((25,), 25)])
def test_fans_below_rank_2_are_those_of_tf1(name, shape, fan):
    """A scalar has fans 1 and 1, a vector n and n: variance and bounds follow."""
    scale, _, distribution = NAMED[name]
    keys = jax.random.split(KEY, COUNT // fan)
    init = jax.vmap(lambda key: getattr(initializers, name)(key, shape, jnp.float32))
    drawn = init(keys)
    assert drawn.shape == (len(keys), *shape)
    check(drawn, scale / fan, distribution)


@pytest.mark.smoke
@named
@dtypes
def test_a_long_vector_is_its_own_fan(name, dtype):
    """In every dtype the numbers of a vector of n have the variance scale / n."""
    scale, _, distribution = NAMED[name]
    drawn = getattr(initializers, name)(KEY, (COUNT,), jnp.dtype(dtype))
    assert drawn.dtype == dtype
    check(drawn, scale / COUNT, distribution)


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("shape", [(), (9,)])
def test_modes_are_one_below_rank_2(mode, shape):
    """Where the fans are equal the mode makes no difference."""
    other = variance_scaling(2.0, "fan_avg", "uniform")
    np.testing.assert_array_equal(
        variance_scaling(2.0, mode, "uniform")(KEY, shape, jnp.float32),
        other(KEY, shape, jnp.float32),
    )


@pytest.mark.parametrize("scale", [0.5, 8.0])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_the_scale_is_variance_times_fan(scale, distribution):
    """A scale of s gives a vector of n a variance of s / n."""
    initializer = variance_scaling(scale, "fan_avg", distribution)
    check(initializer(KEY, (COUNT,), jnp.float32), scale / COUNT, distribution)


# From rank 2 on


@named
@pytest.mark.parametrize(
    ("dtype", "shape"),
    [*((dtype, (2, 3)) for dtype in DTYPES), ("float32", (1, 2, 2, 3))],
)
def test_from_rank_2_on_jax_is_followed_bit_for_bit(name, dtype, shape):
    """The numbers are those of `jax.nn.initializers` of the same name."""
    theirs = getattr(jax.nn.initializers, name)()
    np.testing.assert_array_equal(
        getattr(initializers, name)(KEY, shape, jnp.dtype(dtype)),
        theirs(KEY, shape, jnp.dtype(dtype)),
    )


@given(
    shape=st.sampled_from([(2, 3), (7, 1)]),
    scale=st.sampled_from([0.1, 1.0, 2.0]),
    mode=st.sampled_from(["fan_in", "fan_out", "fan_avg"]),
    distribution=st.sampled_from(DISTRIBUTIONS),
)
def test_any_matrix_is_that_of_jax(shape, scale, mode, distribution):
    """Every scale, mode and distribution is passed on."""
    theirs = jax.nn.initializers.variance_scaling(scale, mode, distribution)
    np.testing.assert_array_equal(
        variance_scaling(scale, mode, distribution)(KEY, shape, jnp.float32),
        theirs(KEY, shape, jnp.float32),
    )


# Shapes and dtypes


@named
@dtypes
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3), (0, 0)], ids=str)
def test_an_empty_shape_is_made(name, dtype, shape):
    """A size of zero makes an empty array, with no division by its fan."""
    made = getattr(initializers, name)(KEY, shape, jnp.dtype(dtype))
    assert (made.shape, made.dtype) == (shape, dtype)


@named
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)], ids=str)
def test_float32_is_the_default(name, shape):
    """Without a dtype the numbers are float32."""
    assert getattr(initializers, name)(KEY, shape).dtype == "float32"


@pytest.mark.parametrize(("dtype", "shape"), [("float32", (3,)), ("bfloat16", ())])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_traced_key_gives_the_same_numbers(dtype, shape, distribution):
    """Compiled and not, raw key and typed, the numbers are near to the last bit."""
    initializer = variance_scaling(1.0, "fan_avg", distribution)
    eager = initializer(KEY, shape, jnp.dtype(dtype))
    jitted = jax.jit(lambda key: initializer(key, shape, jnp.dtype(dtype)))
    raw = jitted(jax.random.key_data(KEY))
    np.testing.assert_array_equal(jitted(KEY), raw)
    assert_close(raw, eager, ulps=2)


@pytest.mark.parametrize("mode", ["fan_bogus", ""])
@pytest.mark.parametrize("shape", [(), (3,), (3, 3)], ids=str)
def test_an_unknown_mode_is_refused_for_every_rank(mode, shape):
    """A misspelt mode is an error for a vector as it is for a matrix."""
    with pytest.raises(ValueError, match="mode"):
        variance_scaling(1.0, mode, "uniform")(KEY, shape, jnp.float32)


@pytest.mark.parametrize("distribution", ["gaussian", ""])
@pytest.mark.parametrize("shape", [(), (3,), (3, 3)], ids=str)
def test_an_unknown_distribution_is_refused_for_every_rank(distribution, shape):
    """A misspelt distribution is an error for a vector as it is for a matrix."""
    with pytest.raises(ValueError, match="distribution"):
        variance_scaling(1.0, "fan_in", distribution)(KEY, shape, jnp.float32)


# In a model


def test_the_default_is_glorot_uniform():
    """A float variable of any rank is Glorot uniform where nothing else is given."""

    def model(scope, initializer=None):
        for rank, shape in enumerate([(), (3,), (2, 3)]):
            scope.get_variable(f"w{rank}", shape, initializer=initializer)

    net = sj.transform(model)
    default, explicit = net.init(KEY), net.init(KEY, initializers.glorot_uniform)
    assert jax.tree.all(jax.tree.map(jnp.array_equal, default, explicit))


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint8", "bool"])
def test_whole_numbers_are_zero_by_default(dtype):
    """Integers start at 0 and bools as False, as in TF1."""
    params = sj.transform(lambda s: s.get_variable("n", (2,), dtype)).init(KEY)
    assert params["n"].dtype == dtype
    assert not params["n"].any()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float8_e4m3fn"])
def test_every_float_has_a_default(dtype):
    """The default of a float dtype is Glorot uniform."""
    assert default_for(jnp.dtype(dtype)) is initializers.glorot_uniform


def test_named_ones_are_variance_scaling():
    """A name stands for its scale, mode and distribution, and there are no others."""
    public = {
        name
        for name, value in inspect.getmembers(initializers, callable)
        if isinstance(value, functools.partial)
    }
    assert public == set(NAMED)
    for name, arguments in NAMED.items():
        assert getattr(initializers, name) is variance_scaling(*arguments)
