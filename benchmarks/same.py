"""Not a timing: whether apply is the very same program as by hand."""

from __future__ import annotations

import re
from typing import Any

import jax

from .contestants import BY_HAND, load
from .measures import Case

LAYERS = {"mlp": 20, "gpt": 4, "gpt-jit": 4}


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


_TABLES = ("FileNames", "FunctionNames", "FileLocations", "StackFrames")


def without_metadata(text: str) -> str:
    """A program's text without what only profilers and debuggers read."""
    parts = [part for part in text.split("\n\n") if not part.startswith(_TABLES)]
    return re.sub(r", metadata=\{[^}]*\}", "", "\n\n".join(parts))


def check(contestant: str) -> dict[str, bool]:
    """For each model, whether `contestant` and by hand run the same program."""
    results = {}
    for model in load(contestant).models:
        case = Case(contestant, model, LAYERS[model])
        for what in (jaxpr, hlo):
            same = what(case) == what(case._replace(contestant=BY_HAND))
            results[f"{what.__name__} of {model} {case.layers}"] = same
    return results
