"""Which tensors of a TensorFlow checkpoint are variables of the model, and which slots.

An optimizer keeps numbers for each variable, its slots, and TensorFlow names them below
it: ``w/Adam``, ``w/Momentum``. So do moving averages. No nested dict can hold both
``w`` and ``w/Adam``, so whatever lies below a variable is one of its slots, by whatever
name.

In a variable scope the names are set out by that scope: ``train/w/Adam``. There only
the last component tells, so it has to be in the table here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from .messages import Shape

NON_SLOT = "non_slot"
"""The slot of what an optimizer keeps once, for all variables."""

# As the optimizers of tf.compat.v1.train call their slots, and those of BERT.
_SLOTS = (
    "Adadelta",
    "Adagrad",
    "AdagradDA",
    "Adam",
    "ExponentialMovingAverage",
    "Ftrl",
    "Momentum",
    "ProximalAdagrad",
    "RMSProp",
    "adam_m",
    "adam_v",
    "lamb_m",
    "lamb_v",
)
_NON_SLOTS = (
    "beta1_power",
    "beta2_power",
    "current_loss_scale",
    "global_step",
    "good_steps",
    "sync_rep_local_step",
)


def _numbered(names: Iterable[str]) -> re.Pattern[str]:
    """One of the names; a second of its kind has ``_1`` after it."""
    return re.compile(f"(?:{'|'.join(names)})(?:_[0-9]+)?")


_SLOT, _ONCE = _numbered(_SLOTS), _numbered(_NON_SLOTS)


class Part(NamedTuple):
    """What a tensor is to the model.

    Attributes:
      variable: the variable it belongs to, which may itself not be in the file; its
        own name where it belongs to none.
      slot: which slot of it, ``"Adam_1"``; ``""`` for the variable, and `NON_SLOT` for
        what belongs to all.
    """

    variable: str
    slot: str


def parts(names: Iterable[str], shapes: Mapping[str, Shape]) -> dict[str, Part]:
    """What each tensor of a checkpoint is.

    Args:
      names: of all its tensors.
      shapes: theirs, as far as they are known; where several variables could have the
        slot it is that of one with its shape.

    >>> parts(["w", "w/Adam", "train/w/Adam_1", "global_step"], {})["train/w/Adam_1"]
    Part(variable='w', slot='Adam_1')
    """
    names = list(names)
    known, found = set(names), dict[str, Part]()
    for name in sorted(names, key=lambda name: name.count("/")):
        if _is_once(name, shapes):
            found[name] = Part(name, NON_SLOT)
            continue
        owner, slot = _owner(name, known, shapes)
        above = found.get(owner, Part(owner, ""))
        slots = [part for part in (above.slot, slot) if part]
        found[name] = Part(above.variable, "/".join(slots))
    return {name: found[name] for name in names}


def _is_once(name: str, shapes: Mapping[str, Shape]) -> bool:
    last = name.rpartition("/")[2]
    return _ONCE.fullmatch(last) is not None and not shapes.get(name)


def _is_slot(name: str) -> bool:
    above, _, last = name.rpartition("/")
    return bool(above) and _SLOT.fullmatch(last) is not None


def _owner(name: str, known: set[str], shapes: Mapping[str, Shape]) -> tuple[str, str]:
    """What a tensor lies below, and its name there; itself and "" for a variable."""
    if _is_slot(name):
        above, _, last = name.rpartition("/")
        owners = [end for end in _ends(above) if end in known and not _is_slot(end)]
        alike = [end for end in owners if shapes.get(end) == shapes.get(name)]
        return next(iter(alike + owners), above), last
    for above in _beginnings(name):
        if above in known:
            return above, name[len(above) + 1 :] or "/"
    return name, ""


def _ends(name: str) -> Iterator[str]:
    """``"a/b/c"`` -> itself, ``"b/c"``, ``"c"``."""
    while name:
        yield name
        name = name.partition("/")[2]


def _beginnings(name: str) -> Iterator[str]:
    """``"a/b/c"`` -> ``"a"``, ``"a/b"``."""
    for slash in re.finditer("/", name):
        yield name[: slash.start()]
