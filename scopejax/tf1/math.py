"""`tf.math`: ops on numbers."""

from __future__ import annotations

from ._ops.tables import MATH as _MATH
from ._words.missing import lookup_of as _lookup_of

globals().update(_MATH)

__getattr__ = _lookup_of("math")
