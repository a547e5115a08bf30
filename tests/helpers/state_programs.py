"""Random programs that write state, run twice: with JAX's transforms, and unrolled.

Each program maps `x` of shape `(2,)` to another. `run` executes it on a scope, with
native transforms; `unrolled` on a dict of values that is passed on by hand. The two
have to agree on results, state and gradients.
"""

import dataclasses
from typing import Any

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import scopejax as sj

from .closeness import assert_close

KEY = jax.random.key(0)
X = jnp.array([0.7, -0.4])
NAMES = {"mean": jnp.float32, "count": jnp.int32, "half": jnp.bfloat16, "on": jnp.bool_}


def read_all(scope):
    """All variables of the state, and a weight."""
    return {
        name: scope.get_variable(
            name, (2,), dtype, jax.nn.initializers.zeros, trainable=False
        )
        for name, dtype in NAMES.items()
    }


def weight(scope):
    """What is trained."""
    return scope.get_variable("w", (2,), initializer=jax.nn.initializers.ones)


def new_values(state, x, w):
    """What a leaf writes, from the old state, its input and a weight."""
    return {
        "mean": 0.5 * state["mean"] + x * w,
        "count": state["count"] + (x > 0).astype(jnp.int32) + 1,
        # Steps of a half are exact: XLA may keep more digits than bfloat16 has.
        "half": state["half"] + jnp.where(x > 0, 0.5, -1).astype(jnp.bfloat16),
        "on": state["on"] ^ (x > 0.5),
    }


def result(state, x, w):
    """What a leaf returns, from the state as it is then."""
    flags = state["count"].astype(jnp.float32) + state["on"].astype(jnp.float32)
    mix = state["mean"] + state["half"].astype(jnp.float32) + 0.1 * flags
    return jnp.tanh(w * x + 0.3 * mix)


@dataclasses.dataclass(frozen=True)
class Leaf:
    """Writes some of the variables, and reads all."""

    names: tuple[str, ...]

    def run(self, scope, x):
        scope, w = scope.with_options(reuse=sj.AUTO_REUSE), weight(shared(scope))
        new = new_values(read_all(scope), x, w)
        for name in self.names:
            scope.assign(name, new[name])
        return result(read_all(scope), x, w)

    def unrolled(self, state, w, x):
        new = new_values(state, x, w)
        state = {**state, **{name: lax.stop_gradient(new[name]) for name in self.names}}
        return state, result(state, x, w)


def shared(scope):
    """The same scope, for a name that is asked for again."""
    return scope.with_options(reuse=sj.AUTO_REUSE)


@dataclasses.dataclass(frozen=True)
class Seq:
    """One after the other."""

    first: Any
    second: Any

    def run(self, scope, x):
        return self.second.run(scope, self.first.run(scope, x))

    def unrolled(self, state, w, x):
        state, x = self.first.unrolled(state, w, x)
        return self.second.unrolled(state, w, x)


@dataclasses.dataclass(frozen=True)
class Wrapped:
    """`jit` or `checkpoint`: the scope comes as an argument, or by closure."""

    wrap: Any
    body: Any
    closure: bool

    def run(self, scope, x):
        if self.closure:
            return self.wrap(lambda x: self.body.run(scope, x))(x)
        return self.wrap(self.body.run)(scope, x)

    def unrolled(self, state, w, x):
        return self.body.unrolled(state, w, x)


@dataclasses.dataclass(frozen=True)
class Loop:
    """A number of steps, by one of JAX's loops."""

    kind: str
    steps: int
    body: Any

    def run(self, scope, x):
        def step(x):
            return self.body.run(scope, x)

        n = self.steps
        if self.kind == "scan":
            return lax.scan(lambda x, _: (step(x), None), x, None, length=n)[0]
        if self.kind == "fori":
            return lax.fori_loop(0, n, lambda _, x: step(x), x)
        if self.kind == "map":
            return lax.map(lambda s: step(x * s), jnp.arange(1.0, n + 1)).sum(0)
        return lax.while_loop(
            lambda c: c[0] < n, lambda c: (c[0] + 1, step(c[1])), (0, x)
        )[1]

    def unrolled(self, state, w, x):
        if self.kind == "map":
            total = jnp.zeros(2)
            for s in range(1, self.steps + 1):
                state, y = self.body.unrolled(state, w, x * s)
                total += y
            return state, total
        for _ in range(self.steps):
            state, x = self.body.unrolled(state, w, x)
        return state, x


@dataclasses.dataclass(frozen=True)
class Branch:
    """One of several bodies, by `cond` or `switch`."""

    bodies: tuple[Any, ...]
    closure: bool

    def run(self, scope, x):
        index = self.index(x)
        if self.closure:
            branches = [lambda x, b=b: b.run(scope, x) for b in self.bodies]
            args = (x,)
        else:
            branches, args = [b.run for b in self.bodies], (scope, x)
        if len(branches) == 2:
            return lax.cond(index == 1, branches[1], branches[0], *args)
        return lax.switch(index, branches, *args)

    def index(self, x):
        """Which one: by the value of `x`."""
        return (jnp.abs(x[0] * 7).astype(jnp.int32)) % len(self.bodies)

    def unrolled(self, state, w, x):
        outs = [body.unrolled(state, w, x) for body in self.bodies]
        chosen = self.index(x)
        return jax.tree.map(lambda *xs: lax.select_n(chosen, *xs), *outs)


@dataclasses.dataclass(frozen=True)
class Grad:
    """The gradient of the body's sum, within the model."""

    body: Any

    def run(self, scope, x):
        return jax.grad(lambda x: self.body.run(scope, x).sum())(x)

    def unrolled(self, state, w, x):
        def loss(x):
            new, y = self.body.unrolled(state, w, x)
            return y.sum(), jax.tree.map(lax.stop_gradient, new)

        gradient, new = jax.grad(loss, has_aux=True)(x)
        return new, gradient


@dataclasses.dataclass(frozen=True)
class Under:
    """What surrounds a piece of a program, as far as JAX cares.

    Attributes:
      differentiated: whether a gradient is taken, of the whole or by the program.
      loop: whether a loop is around, within that.
    """

    differentiated: bool
    loop: bool = False

    @property
    def loops(self):
        """The loops that JAX has for this place."""
        static = "scan", "fori", "map"
        return static if self.differentiated else (*static, "while")

    @property
    def branches(self):
        """Whether JAX has branches with references for this place."""
        return not (self.loop and self.differentiated)


def programs(under, depth=3):
    """Programs that JAX can run, of some depth."""
    wrappers = st.sampled_from([jax.checkpoint, sj.remat])
    leaf = st.lists(st.sampled_from(sorted(NAMES)), unique=True).map(
        lambda names: Leaf(tuple(names))
    )
    if not depth:
        return leaf

    def within(**changes):
        return programs(dataclasses.replace(under, **changes), depth - 1)

    same = within()
    choices = [
        leaf,
        st.builds(Seq, same, same),
        st.builds(Wrapped, st.just(jax.jit), same, st.booleans()),
        st.builds(Wrapped, wrappers, same, st.booleans()),
        st.builds(
            Loop, st.sampled_from(under.loops), st.integers(1, 3), within(loop=True)
        ),
    ]
    if under.branches:
        bodies = st.lists(same, min_size=2, max_size=3).map(tuple)
        choices.append(st.builds(Branch, bodies, st.booleans()))
    loop = under.loop and under.differentiated
    choices.append(st.builds(Grad, within(differentiated=True, loop=loop)))
    return st.one_of(choices)


def agree(ours, theirs):
    """Both are the same numbers, of the same dtypes; sums of halves are exact."""
    assert_close(ours, theirs)
    for one, two in zip(*map(jax.tree.leaves, (ours, theirs)), strict=True):
        if one.dtype == "bfloat16":
            np.testing.assert_array_equal(one, two)
