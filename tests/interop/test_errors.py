"""What interop refuses, and how it says so."""

import importlib
import subprocess
import sys

import equinox as eqx
import flax.linen as nn
import haiku as hk
import jax
import jax.numpy as jnp
import pytest
from flax import nnx

import scopejax as sj
from scopejax import interop

from ..helpers.interop_reference import KEY, ROWS
from ..helpers.refusals import refusal

MODULES = {
    "linen": nn.Dense(3),
    "haiku": hk.transform(lambda x: hk.Linear(3)(x)),
    "nnx": nnx.Linear(3, 3, rngs=nnx.Rngs(0)),
    "equinox": eqx.nn.Linear(3, 3, key=KEY),
}
FUNCTIONS = {name: getattr(interop, name) for name in MODULES}


def init(function, *args, **kwargs):
    """A model that calls a function of interop, initialized."""
    return sj.transform(lambda scope: function(scope / "part", *args, **kwargs)).init(
        KEY
    )


def refused(message, *call, **kwargs):
    """The error of a function of interop in a model, with these arguments."""
    return refusal(sj.InvalidArgumentError, lambda: init(*call, **kwargs), message)


@pytest.mark.smoke
@pytest.mark.parametrize("owner", MODULES)
@pytest.mark.parametrize("library", FUNCTIONS)
def test_modules_of_other_libraries(library, owner):
    """The error names the function that is for them."""
    if library == owner:
        assert init(FUNCTIONS[library], MODULES[owner], ROWS[0])
        return
    error = refused(
        f"interop.{library} takes .* but received: ",
        FUNCTIONS[library],
        MODULES[owner],
        ROWS[0],
    )
    assert error.remedy == f"scopejax.interop.{owner}(...), which is for this one."


@pytest.mark.parametrize("library", FUNCTIONS)
@pytest.mark.parametrize("value", [None, 3])
def test_what_is_no_module(library, value):
    """Anything else is refused by its type."""
    refused(f"but received: {type(value).__name__}", FUNCTIONS[library], value, ROWS)


@pytest.mark.parametrize("library", ["nnx", "equinox"])
def test_functions_that_make_something_else(library):
    """What a function has made must be a module."""
    refused("but received: int", FUNCTIONS[library], lambda key: 3, ROWS)


def test_a_class_in_place_of_a_module():
    """linen's modules are instances."""
    error = refused("but received: the class Dense", interop.linen, nn.Dense, ROWS)
    assert error.remedy == "Pass an instance, Dense(...)."


@pytest.mark.parametrize("library", FUNCTIONS)
def test_the_scope_comes_first(library):
    """An argument in its place is refused."""
    refusal(
        sj.InvalidArgumentError,
        lambda: FUNCTIONS[library](MODULES[library], ROWS),
        "takes a Scope as its first argument",
    )


def test_a_structure_that_depends_on_values():
    """A module that decides in Python is told what is abstract."""

    class Decides(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.Dense(3)(x) if x.sum() > 0 else x

    error = refused(
        "linen module Decides decides in Python on the values of arrays",
        interop.linen,
        Decides(),
        ROWS,
    )
    assert error.found == "TracerBoolConversionError"
    assert isinstance(error.__cause__, jax.errors.TracerBoolConversionError)


@pytest.mark.parametrize(
    "value", ["paths", None, 3, jnp.ones(3), jax.random.split(KEY)]
)
def test_what_init_cannot_be(value):
    """It is 'path' or one random key."""
    refused(
        "init must be 'path' or one JAX random key",
        interop.linen,
        nn.Dense(3),
        ROWS,
        init=value,
    )


def test_a_key_made_inside_of_the_model():
    """It is traced there, and the values could not be the library's."""
    error = refusal(
        sj.InvalidArgumentError,
        lambda: sj.transform(
            lambda s: interop.linen(s, nn.Dense(3), ROWS, init=jax.random.key(0))
        ).init(KEY),
        "init must be",
    )
    assert error.remedy == "Make the key outside of the model, where it is not traced."


def test_errors_of_the_libraries_pass():
    """What a module raises is not changed."""

    class Fails(nn.Module):
        def __call__(self, x):
            raise ZeroDivisionError("of linen")

    with pytest.raises(ZeroDivisionError, match="of linen"):
        init(interop.linen, Fails(), ROWS)
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        init(interop.linen, nn.Dense(3), ROWS, colour="red")


@pytest.mark.parametrize(
    ("library", "package"),
    [("linen", "flax"), ("nnx", "flax"), ("haiku", "dm-haiku"), ("equinox", "equinox")],
)
def test_a_library_that_is_missing(library, package, monkeypatch):
    """The error says what to install."""

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ImportError, match=f"pip install {package}"):
        FUNCTIONS[library](sj.Scope({}), None)


def test_no_library_is_imported():
    """interop is there without them; each is imported when it is asked for."""
    code = (
        "import sys, scopejax.interop\n"
        "print({'flax', 'haiku', 'equinox'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"set()"


def test_to_linen_takes_a_model():
    """Anything but a function is refused."""
    refusal(
        sj.InvalidArgumentError,
        lambda: interop.to_linen(3),
        "to_linen takes a function of a scope",
    )
