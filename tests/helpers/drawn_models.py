"""How random models are drawn, such that JAX can run them; see `random_models`."""

import dataclasses
import itertools

import hypothesis.strategies as st

from .random_models import (
    OPTIONS,
    Average,
    Below,
    Mean,
    Noise,
    Options,
    Seq,
    Twice,
    Weight,
)
from .random_transforms import (
    CALLS,
    RULES,
    Alike,
    Batch,
    Branch,
    Call,
    Loop,
    Slope,
    Stack,
)


@dataclasses.dataclass(frozen=True)
class Around:
    """What is around a piece of a program, as far as it limits what may be there.

    Attributes:
      noise: whether random numbers may be drawn.
      state: whether variables that are not trainable may be there.
      rules: whether custom rules may be there, and scopes taken apart as trees. There
        can be no keys and references, so that a model has these, or noise and state.
    """

    noise: bool
    state: bool
    rules: bool


WHOLE = (
    Around(noise=False, state=False, rules=True),
    Around(noise=True, state=False, rules=False),
    Around(noise=False, state=True, rules=False),
    Around(noise=True, state=True, rules=False),
)


@st.composite
def models(draw, *, state=True, reuse=("True", "AUTO_REUSE"), depth=4):
    """Models in which each name is asked for once, or is reused."""
    numbers = itertools.count()
    kinds = [whole for whole in WHOLE if state or not whole.state]
    whole = draw(st.sampled_from(kinds))

    def name(letter):
        return f"{letter}{next(numbers)}"

    def leaf(around):
        kinds = ["weight", *["noise"] * around.noise, *["state"] * around.state]
        kind = draw(st.sampled_from(kinds))
        return {"weight": Weight, "noise": Noise, "state": Average}[kind](name(kind[0]))

    def body(depth, around, **changes):
        around = dataclasses.replace(around, **changes)
        if depth == 0:
            return leaf(around)
        return KINDS[draw(st.sampled_from(sorted(KINDS)))](depth - 1, around)

    def seq(depth, around):
        n = draw(st.integers(2, 3))
        return Seq(tuple(body(depth, around) for _ in range(n)))

    def below(depth, around):
        names = st.sampled_from([name("s"), f"{name('t')}/u"])
        return Below(draw(names), body(depth, around))

    def options(depth, around):
        kinds = [kind for kind in sorted(OPTIONS) if around.state or kind != "frozen"]
        return Options(draw(st.sampled_from(kinds)), body(depth, around))

    def call(depth, around):
        kinds = [*CALLS, *(RULES if around.rules else ())]
        kind = draw(st.sampled_from(kinds))
        if kind in RULES:
            return Call(kind, True, body(depth, around))
        return Call(kind, draw(st.booleans()), body(depth, around))

    def stack(depth, around):
        kind = draw(st.sampled_from(["scan", "vmap", "map"]))
        has_state = around.state and kind == "scan"
        inner = body(depth, around, state=has_state)
        return Stack(kind, name("h"), draw(st.integers(1, 3)), inner)

    def batch(depth, around):
        return Batch(draw(st.booleans()), body(depth, around, state=False))

    def branch(depth, around):
        return Branch(draw(st.booleans()), body(depth, around), body(depth, around))

    def loop(depth, around):
        return Loop(draw(st.integers(1, 3)), body(depth, around))

    def slope(depth, around):
        return Slope(body(depth, around, state=False))

    def twice(depth, around):
        return Twice(draw(st.sampled_from(reuse)), body(depth, around))

    def mean(depth, around):
        if not around.rules:
            return below(depth, around)
        return Mean((name("a"), name("b")), body(depth, around))

    def alike(depth, around):
        n = draw(st.integers(2, 3))
        blocks = Alike(tuple(name("l") for _ in range(n)), body(depth, around))
        return Options("by name", blocks) if draw(st.booleans()) else blocks

    kinds = (seq, below, mean, options, call, alike, stack, batch, branch, loop, slope)
    kinds = (*kinds, twice)
    KINDS = {"leaf": lambda _, around: leaf(around), **{k.__name__: k for k in kinds}}
    return body(draw(st.integers(2, depth)), whole)
