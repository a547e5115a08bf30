"""What is asked of `tf1` and not there says where to go instead."""

import importlib
import re

import jax
import jax.experimental.checkify
import jax.image
import jax.numpy as jnp
import jax.scipy.special
import numpy as np
import pytest

from scopejax import tf1
from scopejax.tf1._words import missing

NUMERIC = {
    "bincount": "jnp.bincount",
    "cross": "jnp.cross",
    "reduce_ptp": "jnp.ptp",
    "nextafter": "jnp.nextafter",
    "betainc": "jax.lax.betainc",
    "igamma": "jax.lax.igamma",
    "nn.gelu": "jax.nn.gelu",
    "nn.glu": "jax.nn.glu",
    "math.bessel_jn": "jax.scipy.special.bessel_jn",
    "math.floor_divide": "jnp.floor_divide",
    "math.zeta": "jax.scipy.special.zeta",
    "linalg.svd": "jnp.linalg.svd",
    "linalg.eigh": "jnp.linalg.eigh",
    "image.scale_and_translate": "jax.image.scale_and_translate",
    "signal.fft": "jnp.fft.fft",
    "random.poisson": "jax.random.poisson",
}
ELSEWHERE = {
    "gradients": "jax.grad",
    "placeholder": "an argument of the function",
    "train.AdamOptimizer": "optax.adam",
    "train.GradientDescentOptimizer": "optax.sgd",
    "train.Saver": "scopejax.checkpoints.save",
    "train.init_from_checkpoint": "scopejax.checkpoints.load_matching",
    "train.list_variables": "python -m scopejax inspect",
    "train.load_checkpoint": "scopejax.checkpoints.load",
}
UNSUPPORTED = [
    "gfile",
    "SparseTensor",
    "summary",
    "train.nothing",
    "losses.nothing",
    "initializers.nothing",
    "keras.layers",
    "keras.utils.to_categorical",
]


def ask(name):
    """`tf.name`, however many dots it has."""
    value = tf1
    for part in name.split("."):
        value = getattr(value, part)
    return value


@pytest.mark.smoke
@pytest.mark.parametrize("name", NUMERIC)
def test_a_numeric_op_is_jaxs(name):
    """A numeric op is an AttributeError that says which function of JAX it is."""
    text = f"tf.{name} is a numeric op, which scopejax.tf1 leaves to JAX: use "
    with pytest.raises(AttributeError, match=re.escape(text + NUMERIC[name])):
        ask(name)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_other_libraries_are_named(name):
    """Optimizers, losses and checkpoints are those of optax and scopejax."""
    text = f"tf.{name} is not part of scopejax.tf1: use {ELSEWHERE[name]}"
    with pytest.raises(AttributeError, match=re.escape(text)):
        ask(name)


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_is_not_supported(name):
    """What has no like in JAX is called not supported, by its full name."""
    with pytest.raises(AttributeError, match=rf"^tf\.{re.escape(name)} is not support"):
        ask(name)


@pytest.mark.parametrize("name", ["nn.nothing", "linalg.nothing", "random.nothing"])
def test_a_family_says_where_to_look(name):
    """An op that is not known by name is looked for in JAX's module of its kind."""
    with pytest.raises(AttributeError, match=r"leaves to JAX: look into j(ax|np)"):
        ask(name)


def test_a_module_that_is_there_and_empty():
    """`tf.signal` can be named, and has nothing."""
    assert repr(tf1.signal) == "<tf.signal: numeric ops, which are in jnp.fft>"
    assert not hasattr(tf1.signal, "nothing")


@pytest.mark.parametrize("name", missing._FAMILIES)
def test_families_are_modules_of_jax(name):
    """Where an op is looked for is a module of JAX."""
    short, module = missing._FAMILIES[name][0]
    assert short.replace("jnp", "jax.numpy") == module
    importlib.import_module(module)


def suggested():
    """Every name that a table or a look into JAX's modules can suggest."""
    asked = {*missing._RENAMED, *NUMERIC}
    asked |= {f"nn.{name}" for name in dir(jax.nn) if not name.startswith("_")}
    asked |= {name for name in dir(jnp) if not name.startswith("_")}
    return {missing.instead(name) for name in asked} - {None}


def test_what_is_suggested_exists():
    """Each suggestion that begins with a module of JAX is a name there."""
    names = {
        match[0]
        for text in suggested()
        for match in re.finditer(r"\b(?:jnp|jax)\.\w+(?:\.\w+)*", text)
    }
    assert len(names) > 300
    for name in names:
        value = {"jnp": jnp, "jax": jax}[name.partition(".")[0]]
        for part in name.split(".")[1:]:
            assert hasattr(value, part), name
            value = getattr(value, part)


def test_hasattr_and_dunder_names():
    """hasattr answers, and Python's own names get Python's own error."""
    assert hasattr(tf1, "get_variable")
    assert hasattr(tf1, "matmul")
    assert not hasattr(tf1, "gfile")
    assert getattr(tf1, "gfile", "default") == "default"
    with pytest.raises(AttributeError, match=r"^__wrapped__$"):
        tf1.__wrapped__  # noqa: B018


@pytest.mark.parametrize("module", ["", ".train", ".losses", ".initializers", ".keras"])
def test_import_from_fails(module):
    """`from scopejax.tf1 import nothing` is Python's ImportError."""
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        exec(f"from scopejax.tf1{module} import nothing")


DTYPES = {
    "float32": np.float32,
    "float64": np.float64,
    "double": np.float64,
    "half": np.float16,
    "bfloat16": jnp.bfloat16,
    "int64": np.int64,
    "uint8": np.uint8,
    "complex64": np.complex64,
    "bool": np.bool_,
}


@pytest.mark.parametrize("name", DTYPES)
def test_dtypes_are_numpys(name):
    """TF1's dtypes have their names, and are NumPy's."""
    assert getattr(tf1, name) == np.dtype(DTYPES[name])
