"""`tf.random`: ops on random numbers, of keys that go by name."""

from __future__ import annotations

from ._ops.tables import RANDOM as _RANDOM
from ._words.missing import lookup_of as _lookup_of

globals().update(_RANDOM)

__getattr__ = _lookup_of("random")
