"""What the tests of bad input share: one way to look at an error, and a canary."""

import functools
import os
import re
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

KEY = jax.random.key(0)


def refusal(kind, call, match, name=None, file=None):
    """The error that `call` raises: of this very kind, at a line of the caller's file.

    Args:
      kind: the class of the error, no other.
      call: a function without arguments, written in the test's file.
      match: an expression that is found in the message.
      name: the full name that the error carries, where one is expected.
      file: the name of the caller's file, where that is not the test's.
    """
    file = file or os.path.basename(sys._getframe(1).f_code.co_filename)
    with pytest.raises(kind, match=match) as info:
        call()
    error = info.value
    assert type(error) is kind
    assert re.match(rf"(\S*/)?{re.escape(file)}:\d+ in ", error.where), error.where
    if name is not None:
        assert error.name == name
    return error


def init(model, *args, **kwargs):
    """The variables of a model, from the key of all tests."""
    return sj.transform(model).init(KEY, *args, **kwargs)


def manifest(model, *args, **kwargs):
    """The manifest of a model."""
    return sj.transform(model).manifest(*args, **kwargs)


def _layer(x, scope):
    kernel = scope.get_variable("kernel", (2, 2))
    return jnp.tanh(x @ kernel), jax.random.uniform(scope.key("noise"))


_JITTED = jax.jit(_layer)


def _canary(scope, x):
    x, noise = jax.lax.scan(_layer, x, (scope / "layers").stack(2))
    return _JITTED(x, scope / "top")[0] + noise.sum()


_NET = sj.transform(_canary)


def _sing():
    x = jnp.ones((1, 2))
    params = _NET.init(KEY, x)
    leaves = [*jax.tree.leaves(params), _NET.apply(params, x, key=KEY)]
    return [np.asarray(leaf) for leaf in leaves]


_SONG = functools.cache(_sing)


@pytest.fixture(autouse=True)
def unharmed():
    """A model that is initialised and applied after the test does as it did before."""
    before = _SONG()
    yield
    for old, new in zip(before, _sing(), strict=True):
        np.testing.assert_array_equal(old, new)
