"""What the tests of the path law share: its own words, as code."""

import functools

import jax
import jax.numpy as jnp

from scopejax._base.names import path_words


def reference(key, name, shape, dtype, initializer, index=()):
    """The law's own words: the initializer, jitted, alone, with the key of the name."""
    for word in (*path_words(tuple(name.split("/"))), *index):
        key = jax.random.fold_in(key, word)
    return jitted(initializer, shape, dtype)(key)


@functools.cache
def jitted(initializer, shape, dtype):
    """One program for each initializer, shape and dtype.

    It has the name that `init` gives it, so that where both are one to the letter XLA
    compiles it once.
    """

    def value(key):
        return initializer(key, shape, jnp.dtype(dtype))

    return jax.jit(value)
