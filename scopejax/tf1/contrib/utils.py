"""`tf.contrib.slim.utils`: outputs by name."""

from __future__ import annotations

from .._contrib.tables import UTILS as _UTILS
from .._words.missing import lookup_of as _lookup_of

globals().update(_UTILS)

__getattr__ = _lookup_of("contrib.slim.utils")
