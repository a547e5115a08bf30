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
    """One model: ``init(key, x) -> params`` and ``apply(params, x) -> out``.

    Params are a pytree, and are what users pass through `jax.jit`.
    """

    init: Callable[[jax.Array, jax.Array], Any]
    apply: Callable[[Any, jax.Array], jax.Array]


class Contestant(NamedTuple):
    """One way of writing the models.

    Attributes:
      title: its name in the table.
      distribution: the package whose version is reported.
      models: name -> number of layers -> net; ``"mlp"`` takes a width too. The names
        are ``"mlp"``, ``"gpt"``, ``"gpt-jit"``, the GPT whose block is under `jax.jit`,
        and ``"gpt-scan"``, the GPT that scans over its blocks; also ``"mlp-dense"`` and
        ``"mlp-layer-norm"``, of the layers that a library brings along. One may be
        missing.
      peer: whether it is another library, that scopejax is held against.
    """

    title: str
    distribution: str
    models: Mapping[str, Callable[..., Net]]
    peer: bool = False


def names() -> list[str]:
    """The contestants' file names, by hand first."""
    found = {module.name for module in pkgutil.iter_modules(__path__)}
    return [BY_HAND, SCOPEJAX, *sorted(found - {BY_HAND, SCOPEJAX})]


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
