"""`tf.image`: ops on pictures."""

from __future__ import annotations

from ._ops.tables import IMAGE as _IMAGE
from ._words.missing import lookup_of as _lookup_of

globals().update(_IMAGE)

__getattr__ = _lookup_of("image")
