"""`tf.nn`: ops on neural networks: activations, convolutions, losses, normalizations."""

from __future__ import annotations

from ._ops.tables import NN as _NN
from ._words.missing import lookup_of as _lookup_of

globals().update(_NN)

__getattr__ = _lookup_of("nn")
