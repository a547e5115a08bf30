"""`tf.linalg`: ops on matrices."""

from __future__ import annotations

from ._ops.tables import LINALG as _LINALG
from ._words.missing import lookup_of as _lookup_of

globals().update(_LINALG)

__getattr__ = _lookup_of("linalg")
