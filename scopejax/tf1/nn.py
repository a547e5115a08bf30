"""`tf.nn`: ops on neural networks, recurrent cells and loops over time."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ._ops.tables import NN as _NN
from ._recurrent.loops import bidirectional_dynamic_rnn as bidirectional_dynamic_rnn
from ._recurrent.loops import dynamic_rnn as dynamic_rnn
from ._recurrent.loops import static_bidirectional_rnn as static_bidirectional_rnn
from ._recurrent.loops import static_rnn as static_rnn
from ._words.missing import lookup_of as _lookup_of

globals().update(_NN)

_missing = _lookup_of("nn")


def __getattr__(name: str) -> Any:
    if name == "rnn_cell":
        from . import rnn_cell

        module: ModuleType = rnn_cell
        return module
    return _missing(name)
