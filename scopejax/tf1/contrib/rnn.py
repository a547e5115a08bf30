"""`tf.contrib.rnn`: recurrent cells, and loops over time."""

from __future__ import annotations

from .._recurrent.cells import BasicRNNCell as BasicRNNCell
from .._recurrent.cells import GRUCell as GRUCell
from .._recurrent.cells import MultiRNNCell as MultiRNNCell
from .._recurrent.cells import RNNCell as RNNCell
from .._recurrent.loops import static_bidirectional_rnn as static_bidirectional_rnn
from .._recurrent.loops import static_rnn as static_rnn
from .._recurrent.lstm import BasicLSTMCell as BasicLSTMCell
from .._recurrent.lstm import LSTMCell as LSTMCell
from .._recurrent.lstm import LSTMStateTuple as LSTMStateTuple
from .._recurrent.wrappers import DeviceWrapper as DeviceWrapper
from .._recurrent.wrappers import DropoutWrapper as DropoutWrapper
from .._recurrent.wrappers import LayerNormBasicLSTMCell as LayerNormBasicLSTMCell
from .._recurrent.wrappers import ResidualWrapper as ResidualWrapper
from .._words.missing import lookup_of as _lookup_of

__getattr__ = _lookup_of("contrib.rnn")
