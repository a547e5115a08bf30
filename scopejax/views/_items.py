"""What is shown of one variable, wherever it was found, and what a view is made of."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .._base.names import Path
from .._spec.functions import describe
from .._spec.partition import as_partition
from .._spec.spec import (
    GLOBAL_VARIABLES,
    TRAINABLE_VARIABLES,
    VariableAggregation,
    VariableSpec,
    VariableSynchronization,
)
from .._text.table import printable
from ._whereabouts import Placement


class Status(NamedTuple):
    """How a variable fares in a comparison.

    Attributes:
      sign: before its name, in text.
      style: of the whole row, in a style sheet and a terminal: ``"plain"``,
        ``"quiet"``, ``"good"``, ``"bad"`` or ``"warn"``.
    """

    sign: str
    style: str


STATUSES = {
    "": Status("", "plain"),
    "unchanged": Status("", "quiet"),
    "added": Status("+ ", "good"),
    "removed": Status("- ", "bad"),
    "changed": Status("~ ", "warn"),
    "reshaped": Status("~ ", "warn"),
    "unknown": Status("", "plain"),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One variable.

    Attributes:
      path: the components of its name, safe to print.
      shape, dtype, size, nbytes: of the whole array.
      spec: what the manifest says of it, or None.
      placement: where it is, or would be, or None.
      figures: what was computed of its numbers, or None.
      status: a key of `STATUSES`.
      notes: what to see at once, a few words each.
      alarms: the same, of what is wrong.
      picture: HTML of its values.
    """

    path: Path
    shape: tuple[int, ...] = ()
    dtype: str = ""
    size: int = 0
    nbytes: int = 0
    spec: VariableSpec | None = None
    placement: Placement | None = None
    figures: Any = None
    status: str = ""
    notes: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    picture: str = ""

    @property
    def told(self) -> str:
        """The notes in one line, what is wrong first."""
        return ", ".join([*self.alarms, *self.notes])


def printable_path(path: Path) -> Path:
    """A path that can be shown: it has a component, and none of them is empty."""
    return tuple(printable(part) or "''" for part in path) or ("array",)


def described(array: Any) -> dict[str, Any]:
    """Shape, dtype and sizes of what has a shape and a dtype.

    >>> import numpy as np
    >>> described(np.zeros((2, 3), np.int8))
    {'shape': (2, 3), 'dtype': 'int8', 'size': 6, 'nbytes': 6}
    """
    shape, dtype = tuple(array.shape), array.dtype
    size = math.prod(shape)
    nbytes = size * getattr(dtype, "itemsize", 0)
    return {"shape": shape, "dtype": str(dtype), "size": size, "nbytes": nbytes}


def of_spec(spec: VariableSpec, **known: Any) -> Item:
    """A variable as the manifest knows it."""
    usual = {
        "path": printable_path(spec.path),
        "notes": () if spec.trainable else ("not trainable",),
    }
    return Item(**described(spec), spec=spec, **(usual | known))


_DEFAULT_COLLECTIONS = {
    (GLOBAL_VARIABLES, TRAINABLE_VARIABLES),
    (GLOBAL_VARIABLES,),
}


def _collections(spec: VariableSpec) -> str:
    usual = spec.collections in _DEFAULT_COLLECTIONS
    return "" if usual else ", ".join(spec.collections)


def _replicas(spec: VariableSpec) -> str:
    when, how = spec.synchronization, spec.aggregation
    words = [
        "" if when is VariableSynchronization.AUTO else when.name.lower(),
        "" if how is VariableAggregation.NONE else how.name.lower(),
    ]
    return ", ".join(filter(None, words))


def _stack(spec: VariableSpec) -> str:
    sizes = " x ".join(map(str, spec.stack))
    return f"{sizes} layers of shape {spec.item_shape}" if spec.stack else ""


# What is told of a variable once it is opened; what is empty is left out.
_FACTS: dict[str, Callable[[VariableSpec], str]] = {
    "initializer": lambda spec: describe(spec.initializer),
    "trainable": lambda spec: "yes" if spec.trainable else "no",
    "partition": lambda spec: (
        str(as_partition(spec.partition)) if spec.partition is not None else ""
    ),
    "axes": lambda spec: ", ".join(map(str, spec.axes or ())),
    "stack": _stack,
    "collections": _collections,
    "regularizer": lambda spec: describe(spec.regularizer) if spec.regularizer else "",
    "constraint": lambda spec: describe(spec.constraint) if spec.constraint else "",
    "read from": lambda spec: str(spec.caching_device or ""),
    "replicas": _replicas,
    "defined at": lambda spec: spec.where,
}


def facts(item: Item) -> Iterator[tuple[str, str]]:
    """Label and text of all that is known of a variable beyond its row."""
    for label, text in _FACTS.items() if item.spec is not None else ():
        if told := text(item.spec):  # type: ignore[arg-type]
            yield label, printable(told)
    if item.placement is not None:
        yield from item.placement.facts()
