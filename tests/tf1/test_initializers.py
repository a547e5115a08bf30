"""TF1's initializers: each is one of scopejax or JAX, drawn with the variable's key."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.nn import initializers as jaxinit

import scopejax as sj
from scopejax import initializers as core
from scopejax import tf1

pytestmark = pytest.mark.usefixtures("graph")


def normal(key, shape, dtype):
    """Normal numbers of mean 3 and deviation 0.5."""
    return jaxinit.normal(0.5)(key, shape, dtype) + np.asarray(3, dtype)


def truncated(key, shape, dtype):
    """Normal numbers of mean 3 and deviation 0.5, none further off than twice that."""
    numbers = jax.random.truncated_normal(key, -2, 2, shape, dtype)
    return numbers * np.asarray(0.5, dtype) + np.asarray(3, dtype)


def unit(key, shape, dtype):
    """Uniform numbers of deviation 2 over the root of 3."""
    return jax.random.uniform(key, shape, dtype, -2.0, 2.0)


def uniform(key, shape, dtype):
    """Uniform numbers from -1 up to 2."""
    return jax.random.uniform(key, shape, dtype, -1.0, 2.0)


def orthogonal(key, shape, dtype):
    """Twice an orthogonal matrix."""
    return jnp.asarray(2, dtype) * core.orthogonal(key, shape, dtype)


def identity(key, shape, dtype):
    """Twice the identity."""
    return jnp.asarray(2, dtype) * jnp.eye(*shape, dtype=dtype)


# Name -> options, and the function (key, shape, dtype) that it stands for.
SCALED = {
    "glorot_uniform": ({}, core.glorot_uniform),
    "glorot_normal": ({}, core.glorot_normal),
    "he_uniform": ({}, core.he_uniform),
    "he_normal": ({}, core.he_normal),
    "lecun_uniform": ({}, core.lecun_uniform),
    "lecun_normal": ({}, core.lecun_normal),
    "variance_scaling": (
        {"scale": 2.0, "mode": "fan_out", "distribution": "uniform"},
        core.variance_scaling(2.0, "fan_out", "uniform"),
    ),
}
RANDOM = {
    **SCALED,
    "random_normal": ({"mean": 3.0, "stddev": 0.5}, normal),
    "truncated_normal": ({"mean": 3.0, "stddev": 0.5}, truncated),
    "random_uniform": ({"minval": -1.0, "maxval": 2.0}, uniform),
    "uniform_unit_scaling": ({"factor": 2.0}, unit),
    "orthogonal": ({"gain": 2.0}, orthogonal),
}
ALL = {
    **RANDOM,
    "zeros": ({}, jaxinit.zeros),
    "ones": ({}, jaxinit.ones),
    "constant": ({"value": 7}, jaxinit.constant(7)),
    "identity": ({"gain": 2.0}, identity),
}
DTYPES = ["float32", "bfloat16"]
names = pytest.mark.parametrize("name", ALL)
random_names = pytest.mark.parametrize("name", RANDOM)


def of(name):
    """An instance, and the function that it stands for."""
    options, function = ALL[name]
    return getattr(tf1.initializers, name)(**options), function


def initial(initializer, shape=(3, 3), dtype="float32", key=0, name="a/w"):
    """What the init of a model makes of it."""

    def model():
        return tf1.get_variable(name, list(shape), dtype, initializer=initializer)

    return sj.to_flat(tf1.transform(model).init(jax.random.key(key)))[name]


def explicit(initializer, shape=(3, 3), dtype="float32", key=0, name="a/w"):
    """The same by an explicit scope and a function of JAX's style."""

    def model(scope):
        return scope.get_variable(name, tuple(shape), dtype, initializer)

    return sj.to_flat(sj.transform(model).init(jax.random.key(key)))[name]


@pytest.mark.smoke
@names
def test_both_spellings_are_one_class(name):
    """`initializers.zeros` is `zeros_initializer`, and it is there in tf1 as well."""
    kind = getattr(tf1.initializers, name)
    assert kind is getattr(tf1.initializers, f"{name}_initializer")
    assert kind is getattr(tf1, f"{name}_initializer")
    assert kind.__name__ == f"{name}_initializer"


def test_these_are_all():
    """The table above has every class of `tf1.initializers`."""
    public = {n for n, v in vars(tf1.initializers).items() if isinstance(v, type)}
    assert public == {"Initializer", *ALL, *(f"{name}_initializer" for name in ALL)}


# The path law


@names
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_path_law(name, dtype):
    """A model and an explicit scope give a variable the same bits."""
    initializer, function = of(name)
    np.testing.assert_array_equal(
        initial(initializer, dtype=dtype), explicit(function, dtype=dtype)
    )


@given(
    name=st.sampled_from(sorted(SCALED)),
    shape=st.sampled_from([(), (4,), (2, 3), (2, 2, 3)]),
    key=st.integers(0, 2**32 - 1),
    path=st.sampled_from(["w", "a/w", "a/b/c"]),
)
def test_the_path_law_for_every_shape_and_key(name, shape, key, path):
    """The scaled ones follow the law at every rank, key and name."""
    initializer, function = of(name)
    np.testing.assert_array_equal(
        initial(initializer, shape, key=key, name=path),
        explicit(function, shape, key=key, name=path),
    )


@names
def test_a_graph_is_a_model_of_its_seed(name, graph):
    """A graph gives the values of init with the key of its seed."""
    initializer, function = of(name)
    for seed in (0, 7):
        tf1.set_random_seed(seed)
        v = tf1.get_variable(f"w{seed}", [3, 3], initializer=initializer)
        expected = explicit(function, key=seed, name=f"w{seed}")
        np.testing.assert_array_equal(v, expected)


@names
def test_a_class_stands_for_its_instance(name):
    """Without options the class is as good as an instance of it."""
    kind = getattr(tf1.initializers, name)
    np.testing.assert_array_equal(initial(kind), initial(kind()))


@names
def test_as_a_function_of_the_shape(name):
    """Called in TF1's style outside of a variable it draws from key 0."""
    initializer, function = of(name)
    expected = function(jax.random.key(0), (3, 3), jnp.dtype("float32"))
    for arguments in ([[3, 3]], [(3, 3), "float32"], [[3, 3], None, None]):
        np.testing.assert_array_equal(initializer(*arguments), expected)


@names
def test_in_a_scope_as_in_a_call(name):
    """As the default of a scope it gives what it gives in the call."""
    initializer, _ = of(name)

    def model():
        with tf1.variable_scope("a", initializer=initializer):
            return tf1.get_variable("w", [3, 3])

    params = tf1.transform(model).init(jax.random.key(0))
    np.testing.assert_array_equal(params["a"]["w"], initial(initializer))


# Options


@random_names
def test_a_seed_replaces_the_key(name):
    """With a seed the values depend on seed and shape, not on name and root key."""
    options, function = RANDOM[name]
    kind = getattr(tf1.initializers, name)
    seeded = [
        initial(kind(**options, seed=5), key=k, name=n) for k, n in ((0, "a"), (1, "b"))
    ]
    np.testing.assert_array_equal(*seeded)
    np.testing.assert_array_equal(
        seeded[0],
        jax.jit(lambda: function(jax.random.key(5), (3, 3), jnp.dtype("float32")))(),
    )
    other = initial(kind(**options, seed=6), name="a")
    assert not np.array_equal(seeded[0], other)


@names
@pytest.mark.parametrize("seed", [None, 5])
def test_options_come_back(name, seed):
    """from_config of get_config is an initializer of the same options and values."""
    options, _ = ALL[name]
    if seed is not None and name in RANDOM:
        options = {**options, "seed": seed}
    initializer = getattr(tf1.initializers, name)(**options)
    config = initializer.get_config()
    assert config.items() >= options.items()
    again = type(initializer).from_config(config)
    assert again.get_config() == config
    assert again != initializer  # each is itself alone, as in TF1
    assert json.loads(json.dumps(config)) == config
    np.testing.assert_array_equal(initial(again), initial(initializer))


@pytest.mark.parametrize("name", [n for n in RANDOM if n != "random_uniform"])
def test_whole_numbers_are_not_drawn(name):
    """What draws floats takes no other dtype, neither its own nor the variable's."""
    kind = getattr(tf1.initializers, name)
    with pytest.raises(ValueError, match="is expected to be floating point"):
        kind(dtype="int32")
    with pytest.raises(TypeError, match=r"Expected int32, but got 0\.0 of"):
        tf1.get_variable("w", [3, 3], "int32", initializer=kind())
    with pytest.raises(TypeError, match=r"Expected bool, but got 0\.0"):
        kind()([3, 3], dtype="bool")


@pytest.mark.parametrize("name", ["orthogonal", "identity"])
@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
def test_matrices_have_two_axes(name, shape):
    """Below two axes there is no identity and nothing orthogonal."""
    with pytest.raises(ValueError, match="at least two-dimensional"):
        tf1.get_variable("w", shape, initializer=of(name)[0])


def test_whole_uniform_numbers():
    """random_uniform draws integers below maxval, which then has to be given."""
    dice = tf1.random_uniform_initializer(1, 7)
    drawn = initial(dice, (200,), "int32")
    assert set(drawn.tolist()) == {1, 2, 3, 4, 5, 6}
    with pytest.raises(ValueError, match="Must specify maxval for integer dtype"):
        tf1.get_variable("w", [3], "int32", tf1.random_uniform_initializer())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": 0.0}, "`scale` must be a positive float. Received: 0"),
        ({"mode": "fan"}, "`mode` should be one of"),
        ({"distribution": "cauchy"}, "`distribution` should be one of"),
    ],
)
def test_variance_scaling_checks_its_options(options, message):
    """A wrong option is TF1's error where the initializer is made."""
    with pytest.raises(ValueError, match=message):
        tf1.variance_scaling_initializer(**options)
