"""`tf.contrib`: layers, slim, recurrent cells and framework."""

from .._words.missing import lookup_of as _lookup_of
from . import framework as framework
from . import layers as layers
from . import rnn as rnn
from . import slim as slim

__getattr__ = _lookup_of("contrib")
