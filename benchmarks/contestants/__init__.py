"""The contestants: one file each, with a `CONTESTANT` in it.

A new file here is a new contestant. It is left out where what it imports is missing.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax

BY_HAND, SCOPEJAX = "by_hand", "scopejax"


class Net(NamedTuple):
    """One model: ``init(key, x) -> params`` and ``apply(params, x) -> out``."""

    init: Callable[[jax.Array, jax.Array], Any]
    apply: Callable[[Any, jax.Array], jax.Array]


class Contestant(NamedTuple):
    """One way of writing the models.

    Attributes:
      title: its name in the table.
      distribution: the package whose version is reported.
      models: name -> number of layers -> net. The names are ``"mlp"``, ``"gpt"`` and
        ``"gpt-jit"``, the GPT whose block is under `jax.jit`; one may be missing.
    """

    title: str
    distribution: str
    models: Mapping[str, Callable[[int], Net]]


def names() -> list[str]:
    """The contestants' file names, by hand first."""
    found = {module.name for module in pkgutil.iter_modules(__path__)}
    return [BY_HAND, *sorted(found - {BY_HAND})]


def load(name: str) -> Contestant:
    """Imports a contestant's file."""
    contestant: Contestant = importlib.import_module(f"{__name__}.{name}").CONTESTANT
    return contestant


def installed() -> dict[str, Contestant]:
    """All contestants that can be imported here."""
    found = {}
    for name in names():
        try:
            found[name] = load(name)
        except ModuleNotFoundError:
            continue
    return found
