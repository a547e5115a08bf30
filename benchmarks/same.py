"""Not a timing: whether apply and training steps are the same programs as by hand."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import jax

from . import training
from .cases import Case
from .contestants import BY_HAND, load

LAYERS = {"mlp": 20, "gpt": 4, "gpt-jit": 4, "gpt-scan": 4, "mlp-dense": 20}
STEP_LAYERS = 4
OWN_FORMULA = {"mlp-layer-norm"}
"""Our layer norm takes the variance without the mean; `jax.nn.standardize` does not."""

YES, NO = "yes", "NO"
OTHER_ORDER = "yes, in another order"


def is_same(verdict: str) -> bool:
    """Whether a verdict says that the same is computed."""
    return verdict in (YES, OTHER_ORDER)


def jaxpr(case: Case) -> str:
    """The equations of apply."""
    return str(jax.make_jaxpr(case.net().apply)(*case.shapes()))


def hlo(case: Case) -> str:
    """The optimised program of apply, without the names of files and scopes."""
    net = case.net()

    def run(params: Any, x: jax.Array) -> jax.Array:  # the same names of arguments
        return net.apply(params, x)

    text = jax.jit(run).lower(*case.shapes()).compile().as_text()
    return without_metadata(text or "")


def step_hlo(case: Case) -> str:
    """The optimised program of a training step, whatever its variables are called."""
    task, (trained, state, frozen, x) = case.task(), case.step_shapes()
    written, structure = jax.tree.flatten((trained, state))
    read, rest = jax.tree.flatten((frozen, x))

    def run(written: list[jax.Array], read: list[jax.Array]) -> list[Any]:
        trained_state = jax.tree.unflatten(structure, written)
        frozen_x = jax.tree.unflatten(rest, read)
        return jax.tree.leaves(task.step(*trained_state, *frozen_x))

    lowered = jax.jit(run, donate_argnums=0).lower(written, read)
    return without_metadata(lowered.compile().as_text() or "")


_TABLES = ("FileNames", "FunctionNames", "FileLocations", "StackFrames")


def without_metadata(text: str) -> str:
    """A program's text without what only profilers and debuggers read."""
    parts = [part for part in text.split("\n\n") if not part.startswith(_TABLES)]
    return re.sub(r", metadata=\{[^}]*\}", "", "\n\n".join(parts))


def renumbered(text: str) -> str:
    """A program's text with its values called by the order in which they come.

    >>> renumbered("%mul.7 = f32[] multiply(%x.1, %x.1)")
    '%0 = f32[] multiply(%1, %1)'
    """
    names: dict[str, str] = {}
    return re.sub(
        r"%[\w.-]+", lambda name: names.setdefault(name[0], f"%{len(names)}"), text
    )


_INSTRUCTION = re.compile(r" = (\(.*?\)|\S+) (constant\(.*?\)|[\w-]+)")


def instructions(text: str) -> Counter[str]:
    """How often each kind of instruction occurs in a program, with its shape.

    >>> instructions("  ROOT %mul.7 = f32[2]{0} multiply(%x.1, %x.1)")
    Counter({'multiply f32[2]{0}': 1})
    """
    found = _INSTRUCTION.findall(text)
    return Counter(f"{operation} {shape}" for shape, operation in found)


def verdict(program: str, by_hand: str) -> str:
    """Whether two programs are the same; if not, how many instructions differ."""
    if renumbered(program) == renumbered(by_hand):
        return YES
    ours, theirs = instructions(program), instructions(by_hand)
    more, fewer = (ours - theirs).total(), (theirs - ours).total()
    if more or fewer:
        return f"{NO}, {more} more and {fewer} fewer of {theirs.total()} instructions"
    return OTHER_ORDER


def check(contestant: str) -> dict[str, str]:
    """For each model and task, whether `contestant` and by hand run the same program.

    The numbers of a program's values are no difference, but in apply.
    """
    results = {}
    for model in filter(load(contestant).models.__contains__, LAYERS):
        case = Case(contestant, model, LAYERS[model])
        for what in (jaxpr, hlo):
            same = what(case) == what(case._replace(contestant=BY_HAND))
            results[f"{what.__name__} of {model} {case.layers}"] = YES if same else NO
    for task in training.load(contestant):
        if task in OWN_FORMULA:
            continue
        case = Case(contestant, task, STEP_LAYERS)
        by_hand = step_hlo(case._replace(contestant=BY_HAND))
        title = f"hlo of step {task} {STEP_LAYERS}"
        results[title] = verdict(step_hlo(case), by_hand)
    return results
