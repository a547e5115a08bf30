"""The root scope of a model: of one that runs, and of one that is recorded."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import jax

from .._jax.surroundings import loops
from .._spec.options import Options
from .fields import make
from .ledger import Ledger
from .place import Place
from .record import Entry, Record
from .scope import Scope
from .sources import known_arrays


@contextlib.contextmanager
def running_scope(
    variables: Mapping[str, Any], key: jax.Array | None, anchor: FrameType
) -> Iterator[Scope]:
    """The root scope of one run of a model, in which nothing is created twice.

    Args:
      variables, key: as of `Scope`.
      anchor: the frame that calls the model.
    """
    scope, ledger = Scope(variables, key=key), Ledger(anchor)
    around = scope._place.loops
    place = Place((), Options(), loops=around, ledger=weakref.ref(ledger))
    try:
        yield scope._at(place)
    finally:
        ledger.close()


def recording_scope(record: Record) -> Scope:
    """The root scope of a model that is being recorded."""
    place = Place((), Options(), entry=Entry(record), loops=loops())
    return make(Scope, known_arrays(record), None, None, place)
