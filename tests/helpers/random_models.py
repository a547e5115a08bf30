"""Random models: programs over scopes, and what they mean on plain dicts.

Each node maps `x` of shape `(2,)` to another. `run` executes it on a scope, with JAX's
own transforms. `meaning` says what has to come out: it unrolls every transform, and
looks its variables up in a `World`, a dict of arrays with a rule for those that are
missing. The two have nothing in common but the path law.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

import scopejax as sj
from scopejax._base.names import path_words

from .path_law_reference import reference

X = jnp.array([0.7, -0.4])
NORMAL, UNIFORM = jax.nn.initializers.normal(0.5), jax.nn.initializers.uniform(1.0)


def fold(key, *words):
    """A key folded with words, one after the other."""
    return functools.reduce(jax.random.fold_in, words, key)


def extended(path, parts):
    """The path of what is below, for each scope that a mean is of."""
    if isinstance(path, list):
        return [extended(one, parts) for one in path]
    return (*path, *parts)


@dataclasses.dataclass(frozen=True)
class Spot:
    """Where a program runs, by hand.

    Attributes:
      key: the random key of the scope.
      path: its name; a list of two for the mean of two scopes, which may be means.
      stack, item: sizes of the stacks around, and which item of each it is.
      initializer, trainable, getters: the options; getters from the outermost inwards.
    """

    key: Any
    path: Any = ()
    stack: tuple[int, ...] = ()
    item: tuple[int, ...] = ()
    initializer: Callable = NORMAL
    trainable: bool = True
    getters: tuple[Callable, ...] = ()

    def child(self, name):
        """The scope `name` below."""
        parts = name.split("/")
        words = [w for part in parts for w in path_words((part,), "scope")]
        path, key = extended(self.path, parts), fold(self.key, *words)
        return dataclasses.replace(self, key=key, path=path)

    def at(self, i, n):
        """Item `i` of the stack of `n` that this scope is."""
        stack, item = (*self.stack, n), (*self.item, i)
        key = fold(self.key, i)
        return dataclasses.replace(self, key=key, stack=stack, item=item)


class World:
    """The variables, made when they are asked for.

    Attributes:
      values: full name -> the present value.
      initial: the first one.
      state: names of those that are not trainable.
    """

    def __init__(self, key, values=None):
        self.key, self.values = key, dict(values or {})
        self.initial, self.state = {}, set()

    def get(self, spot, name, trainable=True):
        """The variable, as the getters around show it."""
        path = extended(spot.path, [name])
        value = self._held(spot, path, trainable)
        while isinstance(path, list):  # a mean has the name of the first
            path = path[0]
        for change in spot.getters:
            value = change(value, "/".join(path))
        return value

    def _held(self, spot, path, trainable):
        if isinstance(path, list):
            return mean(*(self._held(spot, one, trainable) for one in path))
        full = "/".join(path)
        if full not in self.values:
            self.values[full] = self.initial[full] = self._made(spot, full)
        if not (trainable and spot.trainable):
            self.state.add(full)
        return self.values[full][spot.item]

    def _made(self, spot, full):
        made = [
            reference(self.key, full, (2,), "float32", spot.initializer, item)
            for item in itertools.product(*map(range, spot.stack))
        ]
        return jnp.stack(made).reshape(*spot.stack, 2)

    def set(self, spot, name, value):
        """Writes a variable of the state."""
        full = "/".join((*spot.path, name))
        value = lax.stop_gradient(value)
        self.values[full] = self.values[full].at[spot.item].set(value)


@dataclasses.dataclass(frozen=True)
class Weight:
    """A layer with a weight."""

    name: str

    def run(self, scope, x, step):
        return jnp.tanh(scope.get_variable(self.name, (2,)) * x + x)

    def meaning(self, world, spot, x, step):
        return jnp.tanh(world.get(spot, self.name) * x + x)


@dataclasses.dataclass(frozen=True)
class Noise:
    """Random numbers, of the step where there is a loop."""

    name: str

    def run(self, scope, x, step):
        return x + 0.1 * jax.random.normal(scope.key(self.name, index=step), (2,))

    def meaning(self, world, spot, x, step):
        words = [*path_words((self.name,), "key"), *([] if step is None else [step])]
        return x + 0.1 * jax.random.normal(fold(spot.key, *words), (2,))


@dataclasses.dataclass(frozen=True)
class Average:
    """State that is read and written."""

    name: str

    def run(self, scope, x, step):
        mean = scope.get_variable(self.name, (2,), trainable=False)
        scope.assign(self.name, 0.5 * mean + x)
        return x - 0.3 * mean

    def meaning(self, world, spot, x, step):
        mean = world.get(spot, self.name, trainable=False)
        world.set(spot, self.name, 0.5 * mean + x)
        return x - 0.3 * mean


@dataclasses.dataclass(frozen=True)
class Seq:
    """One after the other."""

    parts: tuple[Any, ...]

    def run(self, scope, x, step):
        for part in self.parts:
            x = part.run(scope, x, step)
        return x

    def meaning(self, world, spot, x, step):
        for part in self.parts:
            x = part.meaning(world, spot, x, step)
        return x


@dataclasses.dataclass(frozen=True)
class Below:
    """In a scope below."""

    name: str
    body: Any

    def run(self, scope, x, step):
        return self.body.run(scope / self.name, x, step)

    def meaning(self, world, spot, x, step):
        return self.body.meaning(world, spot.child(self.name), x, step)


def mean(one, two):
    """The mean of two arrays."""
    return (one + two) / 2


@dataclasses.dataclass(frozen=True)
class Mean:
    """In the mean of two scopes, taken by `jax.tree.map`."""

    names: tuple[str, str]
    body: Any

    def run(self, scope, x, step):
        two = (scope / name for name in self.names)
        return self.body.run(jax.tree.map(mean, *two), x, step)

    def meaning(self, world, spot, x, step):
        paths = [spot.child(name).path for name in self.names]
        return self.body.meaning(world, dataclasses.replace(spot, path=paths), x, step)


def getter_of(change):
    """A custom getter."""
    return lambda getter, name, **kwargs: change(getter(name, **kwargs), name)


GETTERS = {
    "doubled": lambda value, name: 2.0 * value,
    "by name": lambda value, name: value + 0.1 * (sum(map(ord, name)) % 7),
}
OPTIONS = {
    "uniform": {"initializer": UNIFORM},
    "frozen": {"trainable": False},
    **{name: {"custom_getter": getter_of(f)} for name, f in GETTERS.items()},
}


@dataclasses.dataclass(frozen=True)
class Options:
    """With another default."""

    option: str
    body: Any

    def run(self, scope, x, step):
        return self.body.run(scope.with_options(**OPTIONS[self.option]), x, step)

    def meaning(self, world, spot, x, step):
        if self.option in GETTERS:
            changes = {"getters": (*spot.getters, GETTERS[self.option])}
        else:
            changes = OPTIONS[self.option]
        spot = dataclasses.replace(spot, **changes)
        return self.body.meaning(world, spot, x, step)


@dataclasses.dataclass(frozen=True)
class Twice:
    """The same variables twice; `reuse` is how the second call may have them."""

    reuse: str
    body: Any

    def run(self, scope, x, step):
        reuse = {"True": True, "AUTO_REUSE": sj.AUTO_REUSE, "None": None}[self.reuse]
        if reuse is sj.AUTO_REUSE:
            scope = scope.with_options(reuse=reuse)
        x = self.body.run(scope, x, step)
        return self.body.run(scope.with_options(reuse=reuse), x, step)

    def meaning(self, world, spot, x, step):
        x = self.body.meaning(world, spot, x, step)
        return self.body.meaning(world, spot, x, step)


def parts(model):
    """The nodes right below a node."""
    inner = [getattr(model, field.name) for field in dataclasses.fields(model)]
    inner = [part for one in inner for part in (one if type(one) is tuple else (one,))]
    return [part for part in inner if dataclasses.is_dataclass(part)]


def has(model, kind):
    """Whether there is a node of a kind in it."""
    return isinstance(model, kind) or any(has(part, kind) for part in parts(model))
