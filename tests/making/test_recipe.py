"""What an initializer does to each number, read off its jaxpr."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.nn import initializers as jaxinit

import scopejax as sj
from scopejax import layers
from scopejax._making.recipe import NoRecipe, read

from ..helpers.closeness import assert_close

F32 = np.dtype("float32")


def recipe(initializer, shape=(4, 3), dtype=F32, key=None):
    """The recipe of an initializer for one shape."""
    key = jax.random.key(0) if key is None else key
    return read(jax.make_jaxpr(lambda k: initializer(k, shape, dtype))(key), dtype)


KNOWN = {
    "normal": jaxinit.normal(0.02),
    "truncated_normal": jaxinit.truncated_normal(0.1),
    "uniform": jaxinit.uniform(0.1),
    "jax glorot_uniform": jaxinit.glorot_uniform(),
    "jax glorot_normal": jaxinit.glorot_normal(),
    "jax he_uniform": jaxinit.he_uniform(),
    "jax he_normal": jaxinit.he_normal(),
    "jax lecun_normal": jaxinit.lecun_normal(),
    "jax scaled normal": jaxinit.variance_scaling(1.3, "fan_in", "normal"),
    "glorot_uniform": sj.initializers.glorot_uniform,
    "he_normal": sj.initializers.he_normal,
    "scaled normal": sj.initializers.variance_scaling(1.3, "fan_in", "normal"),
    "gumbel": jax.random.gumbel,
}


TYPED, RAW = jax.random.key(0), jax.random.PRNGKey(0)
FLOATS = ["float32", "bfloat16", "float16"]


@pytest.mark.parametrize(
    ("name", "dtype", "key"),
    [
        *((name, dtype, TYPED) for name in KNOWN for dtype in FLOATS),
        *((name, "float32", RAW) for name in ("normal", "uniform")),
    ],
)
def test_known_initializers_have_a_recipe(name, dtype, key):
    """It gives the initializer's own numbers from its random bits, up to rounding."""
    dtype = np.dtype(dtype)
    found = recipe(KNOWN[name], dtype=dtype, key=key)
    words = {8: jnp.uint8, 32: jnp.uint32, 16: jnp.uint16}[found.chain.width]
    bits = jax.random.bits(key, (4, 3), words)
    numbers = jax.jit(lambda bits: found.chain.apply(bits) * found.factor)(bits)
    expected = jax.jit(lambda k: KNOWN[name](k, (4, 3), dtype))(key)
    assert numbers.dtype == dtype
    assert_close(numbers, expected, scale=np.abs(expected).max())


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (jaxinit.normal(0.02), jaxinit.normal(3.0)),
        (jaxinit.glorot_uniform(), jaxinit.lecun_uniform()),
        (jaxinit.he_normal(), jaxinit.glorot_normal()),
        (sj.initializers.he_normal, jaxinit.he_normal()),
    ],
    ids=["normal", "uniform", "truncated", "ours and JAX's"],
)
def test_one_chain_for_all_shapes_and_factors(one, other):
    """Initializers of one distribution differ in their last factor alone."""
    first, second = recipe(one, (4, 3)), recipe(other, (64, 8))
    assert first.chain == second.chain
    assert first.factor != second.factor


def test_other_distributions_have_other_chains():
    """As many chains as distributions and dtypes."""
    families = [
        jaxinit.normal(1.0),
        jaxinit.truncated_normal(1.0),
        jaxinit.truncated_normal(1.0, lower=0.0),
        jaxinit.uniform(1.0),
        jaxinit.glorot_uniform(),
        jax.random.gumbel,
    ]
    chains = {
        recipe(initializer, dtype=np.dtype(dtype)).chain
        for initializer in families
        for dtype in ("float32", "bfloat16")
    }
    assert len(chains) == 2 * len(families)


def test_a_users_own_initializer_has_one():
    """Nothing goes by name."""

    def softly(key, shape, dtype):
        return 0.5 * jnp.tanh(jax.random.normal(key, shape, dtype))

    assert recipe(softly).factor == np.float32(0.5)


TABLE = np.ones((4, 3), "float32")
NONE = {
    "it draws nothing": jaxinit.zeros,
    "it uses a draw twice": jax.random.laplace,
    "it uses an array": lambda k, s, d: TABLE * jax.random.normal(k, s, d),
    "its key goes into": lambda k, s, d: jax.random.normal(
        jax.random.split(k)[0], s, d
    ),
    "it does not keep one number": lambda k, s, d: jnp.broadcast_to(
        jax.random.normal(k, s[:1], d)[:, None], s
    ),
    "it uses cumsum": lambda k, s, d: jnp.cumsum(jax.random.normal(k, s, d), 0),
    "it uses transpose": lambda k, s, d: jax.random.normal(k, s[::-1], d).T,
    "its factor uses erf": lambda k, s, d: (
        jax.random.uniform(k, s, d) * jax.lax.erf(d.type(0.5))
    ),
}


@pytest.mark.parametrize("reason", NONE)
def test_what_has_none(reason):
    """Whatever is no chain of elementwise steps over one draw."""
    with pytest.raises(NoRecipe, match=reason):
        recipe(NONE[reason])


def test_a_chains_text_does_not_change(key):
    """It is what verdicts on disk go by; no address of an object is in it."""
    text = recipe(jaxinit.normal(0.02)).chain.text
    assert text == recipe(jaxinit.normal(7.0)).chain.text
    assert text.startswith("32 bits; shift_right_logical(x, ")
    assert text.endswith("; float32")
    assert "0x" not in text.replace("0x1p", "")


def test_all_of_a_models_kernels_have_one(key):
    """The layers' default initializers are drawn by it."""

    def model(scope, x):
        x = layers.dense(scope / "dense", x, 8)
        x = layers.embedding(scope / "embed", jnp.zeros((2, 4), jnp.int32), 16, 8) + x
        return layers.attention(scope / "attention", x, heads=2)

    manifest = sj.transform(model).manifest(jnp.ones((2, 4, 8)))
    kernels = [spec for spec in manifest.values() if len(spec.shape) > 1]
    assert len(kernels) >= 4
    for spec in kernels:
        assert recipe(spec.initializer, spec.shape, spec.dtype)
