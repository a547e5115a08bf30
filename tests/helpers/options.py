"""What the tests of options and getters share: functions to pass down, and getters."""

import jax
import jax.numpy as jnp

import scopejax as sj

KEY = jax.random.key(0)
ZEROS, ONES = jax.nn.initializers.zeros, jax.nn.initializers.ones


def specs(model, *args):
    """The manifest of a model."""
    return sj.transform(model).manifest(*args)


def field(name):
    """A function of a manifest: that field of every spec, by full name."""
    return lambda manifest: {key: getattr(spec, name) for key, spec in manifest.items()}


def l1(w):
    """A regularizer and a constraint, as good as any function of an array."""
    return jnp.abs(w)


def l2(w):
    """Another one."""
    return w * w


def split(shape, dtype):
    """A partitioner."""
    return (2,) + (1,) * (len(shape) - 1)


def whole(shape, dtype):
    """Another one."""
    return (1,) * len(shape)


def passing(log):
    """A getter that writes down what it receives and passes it on."""

    def getter(getter, **arguments):
        log.append(arguments)
        return getter(**arguments)

    return getter


def renaming(suffix, log=None):
    """A getter that appends to the name."""

    def getter(getter, name, **arguments):
        if log is not None:
            log.append(name)
        return getter(name + suffix, **arguments)

    return getter


def changing(**changes):
    """A getter that puts other arguments in place of those it receives."""

    def getter(getter, **arguments):
        return getter(**arguments | changes)

    return getter
