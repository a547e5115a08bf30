"""The transforms of random models; see `random_models`."""

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

import scopejax as sj


def ruled(kind):
    """`custom_jvp` or `custom_vjp` of a function, with JAX's own derivative as rule."""

    def decorate(function):
        wrapped = kind(function)
        if kind is jax.custom_jvp:
            wrapped.defjvp(lambda args, tangents: jax.jvp(function, args, tangents))
        else:
            wrapped.defvjp(
                lambda *args: jax.vjp(function, *args), lambda pull, g: pull(g)
            )
        return wrapped

    return decorate


CALLS = {"jit": jax.jit, "checkpoint": jax.checkpoint, "remat": sj.remat}
RULES = {"custom_jvp": ruled(jax.custom_jvp), "custom_vjp": ruled(jax.custom_vjp)}


@dataclasses.dataclass(frozen=True)
class Call:
    """Through a transform that changes nothing; the scope by closure or argument."""

    kind: str
    by_argument: bool
    body: Any

    def run(self, scope, x, step):
        def function(scope, x):
            return self.body.run(scope, x, step)

        call = {**CALLS, **RULES}[self.kind]
        if self.by_argument:
            return call(function)(scope, x)
        return call(lambda x: function(scope, x))(x)

    def meaning(self, world, spot, x, step):
        return self.body.meaning(world, spot, x, step)


@functools.partial(jax.jit, static_argnums=0)
def jitted(body, scope, x, step):
    """One function for all models: JAX keeps what it has traced."""
    return body.run(scope, x, step)


@dataclasses.dataclass(frozen=True)
class Alike:
    """The same jitted body in several scopes, which JAX may trace once."""

    names: tuple[str, ...]
    body: Any

    def run(self, scope, x, step):
        for name in self.names:
            x = jitted(self.body, scope / name, x, step)
        return x

    def meaning(self, world, spot, x, step):
        for name in self.names:
            x = self.body.meaning(world, spot.child(name), x, step)
        return x


@dataclasses.dataclass(frozen=True)
class Stack:
    """Layers in a stack: one after the other by `scan`, or side by side."""

    kind: str
    name: str
    n: int
    body: Any

    def run(self, scope, x, step):
        layers = (scope / self.name).stack(self.n)
        if self.kind == "scan":

            def layer(x, scope):
                return self.body.run(scope, x, step), None

            return lax.scan(layer, x, layers)[0]
        spread = {"vmap": jax.vmap, "map": lambda f: lambda s: lax.map(f, s)}
        return spread[self.kind](lambda s: self.body.run(s, x, step))(layers).sum(0)

    def meaning(self, world, spot, x, step):
        below, outs = spot.child(self.name), []
        for i in range(self.n):
            out = self.body.meaning(world, below.at(i, self.n), x, step)
            outs.append(out)
            x = out if self.kind == "scan" else x
        return outs[-1] if self.kind == "scan" else sum(outs)


@dataclasses.dataclass(frozen=True)
class Batch:
    """`vmap` over rows, all by the same scope."""

    by_argument: bool
    body: Any

    def run(self, scope, x, step):
        rows = jnp.stack([x, 0.5 * x])
        if self.by_argument:
            function = jax.vmap(lambda s, x: self.body.run(s, x, step), (None, 0))
            return function(scope, rows).sum(0)
        return jax.vmap(lambda x: self.body.run(scope, x, step))(rows).sum(0)

    def meaning(self, world, spot, x, step):
        one, two = (self.body.meaning(world, spot, y, step) for y in (x, 0.5 * x))
        return one + two


@dataclasses.dataclass(frozen=True)
class Branch:
    """One of two, by `cond`; both have variables."""

    by_argument: bool
    yes: Any
    no: Any

    def run(self, scope, x, step):
        args = (scope, x) if self.by_argument else (x,)

        def branch(body):
            if self.by_argument:
                return lambda scope, x: body.run(scope, x, step)
            return lambda x: body.run(scope, x, step)

        return lax.cond(x[0] > 0, branch(self.yes), branch(self.no), *args)

    def meaning(self, world, spot, x, step):
        before = dict(world.values)
        yes = self.yes.meaning(world, spot, x, step)
        chosen, world.values = world.values, {**world.initial, **before}
        no = self.no.meaning(world, spot, x, step)
        chosen = {**world.initial, **chosen}
        for name, value in world.values.items():
            world.values[name] = jnp.where(x[0] > 0, chosen[name], value)
        return jnp.where(x[0] > 0, yes, no)


@dataclasses.dataclass(frozen=True)
class Loop:
    """The same scope at each step of a `fori_loop`, told apart by the step."""

    n: int
    body: Any

    def run(self, scope, x, step):
        def one(i, x):
            return self.body.run(scope, x, i if step is None else 4 * step + i)

        return lax.fori_loop(0, self.n, one, x)

    def meaning(self, world, spot, x, step):
        for i in range(self.n):
            number = i if step is None else 4 * step + i
            x = self.body.meaning(world, spot, x, number)
        return x


@dataclasses.dataclass(frozen=True)
class Slope:
    """The gradient of the body by its input, within the model."""

    body: Any

    def run(self, scope, x, step):
        return jax.grad(lambda x: self.body.run(scope, x, step).sum())(x)

    def meaning(self, world, spot, x, step):
        return jax.grad(lambda x: self.body.meaning(world, spot, x, step).sum())(x)
