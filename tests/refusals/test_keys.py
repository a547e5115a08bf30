"""Random keys: what is none, what is missing, and what is asked for twice."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

from ..helpers.refusals import KEY, init, refusal


def noisy(scope, x):
    """A model that needs a key and a variable."""
    noise = jax.random.normal((scope / "encoder").key("noise"), x.shape)
    return x * scope.get_variable("w", ()) + noise


NET, X = sj.transform(noisy), jnp.ones(3)
PARAMS = {"w": jnp.ones(())}

USES = {
    "init": lambda key: NET.init(key, X),
    "initialize": lambda key: NET.manifest(X).initialize(key),
    "apply": lambda key: NET.apply(PARAMS, X, key=key),
    "Scope": lambda key: sj.Scope(PARAMS, key=key),
}
uses = pytest.mark.parametrize("use", USES.values(), ids=USES)

NO_KEYS = {
    "number": (0, "int"),
    "bool": (True, "bool"),
    "float": (1.5, "float"),
    "string": ("seed", "str"),
    "list": ([0, 1], "list"),
    "tuple": ((0, 1), "tuple"),
    "dict": ({}, "dict"),
    "function": (jax.random.key, "function"),
    "floats": (jnp.zeros(2), "an array of dtype float32 and shape (2,)"),
    "scalar": (jnp.uint32(3), "an array of dtype uint32 and shape ()"),
    "numpy number": (np.int32(3), "an array of dtype int32 and shape ()"),
    "batch": (jax.random.split(KEY, 3), "an array of dtype key<fry> and shape (3,)"),
    "raw batch": (
        jnp.zeros((3, 2), "uint32"),
        "an array of dtype uint32 and shape (3, 2)",
    ),
    **{
        f"raw of {n} words": (
            jnp.zeros(n, "uint32"),
            f"an array of dtype uint32 and shape ({n},)",
        )
        for n in (0, 1, 3, 4)
    },
    "abstract": (
        jax.ShapeDtypeStruct((2,), jnp.uint32),
        "an array of dtype uint32 and shape (2,)",
    ),
}


@pytest.mark.smoke
@uses
@pytest.mark.parametrize(("key", "found"), NO_KEYS.values(), ids=NO_KEYS)
def test_one_random_key_is_needed(use, key, found):
    """What is no single random key is refused with its type, wherever one is taken."""
    error = refusal(
        sj.InvalidArgumentError,
        lambda: use(key),
        match="key must be one JAX random key, but received",
    )
    assert error.expected == "jax.random.key(seed)"
    assert error.found == found


@pytest.mark.parametrize("use", [USES["init"], USES["initialize"]])
def test_variables_are_not_made_without_a_key(use):
    """None in place of the key of init is refused as a key, not by an initializer."""
    refusal(
        sj.InvalidArgumentError,
        lambda: use(None),
        match="key must be one JAX random key, but received: None",
    )


@pytest.mark.parametrize("seed", [0, 7])
def test_a_seed_comes_with_the_key_to_pass(seed):
    """A whole number is told the call that makes a key of it."""
    error = refusal(
        sj.InvalidArgumentError, lambda: NET.init(seed, X), match="random key"
    )
    assert error.remedy == f"jax.random.key({seed})"


def test_arguments_in_the_wrong_order_are_told():
    """The arguments of init and apply in another order are refused as what they are."""
    refusal(
        sj.InvalidArgumentError, lambda: NET.init(X, KEY), match="one JAX random key"
    )
    refusal(
        sj.InvalidArgumentError,
        lambda: NET.apply(X, PARAMS),
        match="must be a nested dict of arrays",
    )
    refusal(
        sj.InvalidArgumentError,
        lambda: NET.apply(KEY, X),
        match="must be a nested dict of arrays",
    )


@pytest.mark.parametrize("kind", ["threefry2x32", "rbg", "unsafe_rbg"])
def test_every_kind_of_key_serves(kind):
    """Typed keys of every kind make and apply a model."""
    key = jax.random.key(0, impl=kind)
    assert NET.apply(NET.init(key, X), X, key=key).shape == (3,)


def test_raw_and_typed_keys_are_the_same():
    """A raw key gives the numbers of the typed one."""
    raw = jax.random.PRNGKey(0)
    for a, b in zip(
        jax.tree.leaves(NET.init(KEY, X)),
        jax.tree.leaves(NET.init(raw, X)),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(
        NET.apply(PARAMS, X, key=KEY), NET.apply(PARAMS, X, key=np.asarray(raw))
    )


# A key that was not passed


def by_scan(scope, x):
    """The key is asked for in a loop's body; the same at each step, on purpose."""
    scope = (scope / "a").with_options(reuse=sj.AUTO_REUSE)
    return jax.lax.scan(lambda c, x: (c, noisy(scope, x)), 0.0, x)[1]


MISSING = {
    "plain": (lambda s, x: noisy(s, x), "encoder/noise"),
    "jit": (lambda s, x: jax.jit(noisy)(s / "a", x), "a/encoder/noise"),
    "scan": (by_scan, "a/encoder/noise"),
    "vmap": (lambda s, x: jax.vmap(lambda x: noisy(s, x))(x), "encoder/noise"),
    "grad": (lambda s, x: jax.grad(lambda x: noisy(s, x).sum())(x), "encoder/noise"),
}


@pytest.mark.parametrize(("model", "name"), MISSING.values(), ids=MISSING)
def test_a_missing_key_is_told_by_the_path_that_asks(model, name):
    """Without a key, apply names the path that asked for one and how to pass it."""
    net = sj.transform(model)
    params = {**PARAMS, "a": PARAMS}
    error = refusal(
        sj.ScopeUsageError,
        lambda: net.apply(params, X),
        match=f"Random key {name} was asked for, but apply was given no key",
        name=name,
    )
    assert "key=key" in error.remedy
    assert net.apply(params, X, key=KEY).shape == X.shape


def test_a_scope_of_its_own_needs_a_key_too():
    """A scope over a dict without a key tells the same."""
    refusal(
        sj.ScopeUsageError,
        lambda: (sj.Scope({}) / "a").key("noise"),
        match="Random key a/noise was asked for",
        name="a/noise",
    )


def test_no_key_is_needed_where_none_is_asked_for():
    """A model that asks for no key is applied without one."""
    net = sj.transform(lambda s, x: x * s.get_variable("w", ()))
    assert net.apply(PARAMS, X).shape == (3,)


# Asked for twice


def test_a_key_is_asked_for_once():
    """The same key twice would give the same numbers: an error with both lines."""

    def model(scope):
        first = scope.key("noise")
        return first, scope.key("noise")

    error = refusal(
        sj.VariableExistsError,
        lambda: init(model),
        match="Random key noise was asked for already",
        name="noise",
    )
    start = model.__code__.co_firstlineno
    assert f":{start + 1} in model" in error.first
    assert f":{start + 2} in model" in error.where


@pytest.mark.parametrize("indices", [(0, None), (None, 0), (0, 1), (1, 0, None)])
def test_keys_of_other_indices_are_others(indices):
    """Keys of one name and different indices, none among them, are different keys."""

    def model(scope):
        return [jax.random.key_data(scope.key("noise", i)) for i in indices]

    keys = sj.transform(model).apply({}, key=KEY)
    assert len({tuple(key.tolist()) for key in keys}) == len(indices)
    assert init(model) == {}


# Indices


BAD_INDICES = {
    "float": 1.5,
    "a whole float": 2.0,
    "bool": True,
    "string": "a",
    "float array": jnp.ones(()),
    "numpy float": np.float64(2.0),
    "vector": jnp.arange(3),
    "list": [1],
    "negative": -1,
    "too large": 2**32,
}


@pytest.mark.parametrize("index", BAD_INDICES.values(), ids=BAD_INDICES)
@pytest.mark.parametrize("step", ["init", "apply"])
def test_an_index_is_a_whole_number(step, index):
    """An index that is no whole number of 32 bits is refused, never cut to one."""

    def model(scope):
        return jax.random.key_data((scope / "a").key("noise", index))

    calls = {
        "init": lambda: init(model),
        "apply": lambda: sj.transform(model).apply({}, key=KEY),
    }
    refusal(
        sj.InvalidArgumentError,
        lambda: calls[step](),
        match="index",
        name="a/noise",
    )


def test_any_spelling_of_an_index_is_the_same():
    """Python's, NumPy's, JAX's and traced whole numbers give one key."""
    scope = sj.Scope({}, key=KEY)

    def data(index):
        return jax.random.key_data(scope.key("noise", index))

    for index in (np.int64(3), np.uint8(3), jnp.int32(3), jnp.uint32(3)):
        np.testing.assert_array_equal(data(index), data(3))
    np.testing.assert_array_equal(jax.jit(data)(3), data(3))
    np.testing.assert_array_equal(jax.vmap(data)(jnp.arange(5))[3], data(3))
