"""`tf.contrib.layers`: layers as functions, regularizers, initializers."""

from __future__ import annotations

from .._contrib.tables import LAYERS as _LAYERS
from .._words.missing import lookup_of as _lookup_of

globals().update(_LAYERS)

__getattr__ = _lookup_of("contrib.layers")
