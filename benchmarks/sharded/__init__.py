"""Sharded init: a GPT whose parameters are made in their parts, on a mesh of devices.

Its width can be chosen, and each array has a place on the mesh: those that are split
are split over both axes. Each contestant says so in the way of its library, in a file
of its own.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jax.sharding import AxisType, Mesh

DEVICES = 8

Axes = tuple[str | None, ...]

COLUMNS: Axes = ("data", "model")
ROWS: Axes = ("model", "data")
BIAS: Axes = ("model",)
WHOLE: Axes = (None,)

AXES: dict[str, Axes] = {
    "table": ROWS,
    "positions": (None, "model"),
    "qkv/kernel": COLUMNS,
    "qkv/bias": BIAS,
    "out/kernel": ROWS,
    "out/bias": WHOLE,
    "up/kernel": COLUMNS,
    "up/bias": BIAS,
    "down/kernel": ROWS,
    "down/bias": WHOLE,
    "scale": WHOLE,
    "bias": WHOLE,
}
"""The last names of an array -> the mesh axes that split it."""


def axes(*names: str) -> Axes:
    """Those of the array of these names.

    >>> axes("h0", "attn", "qkv", "kernel"), axes("h0", "ln1", "bias")
    (('data', 'model'), (None,))
    """
    own = AXES.get("/".join(names[-2:]))
    return AXES[names[-1]] if own is None else own


def mesh() -> Mesh:
    """4 times 2 devices."""
    kinds = (AxisType.Auto, AxisType.Auto)
    made: Mesh = jax.make_mesh((4, 2), ("data", "model"), axis_types=kinds)
    return made


Init = Callable[[jax.Array, jax.Array], Any]
"""``(key, tokens) -> params``"""


class Way(NamedTuple):
    """One way of sharded init.

    Attributes:
      title: its name in the table.
      init: ``(layers, width, mesh) -> init``.
      peer: whether it is another library's.
    """

    title: str
    init: Callable[[int, int, Mesh], Init]
    peer: bool = True


_FILES = ("scopejax", "by_hand", "linen", "nnx")


def installed() -> dict[str, Way]:
    """All ways that can be imported here, by name."""
    found: dict[str, Way] = {}
    for file in _FILES:
        try:
            found |= importlib.import_module(f"{__name__}.{file}").WAYS
        except ModuleNotFoundError:
            continue
    return found


def load(name: str) -> Way:
    """Imports the file of one way, and no other."""
    ways = importlib.import_module(f"{__name__}.{name.partition('-')[0]}").WAYS
    way: Way = ways[name]
    return way
