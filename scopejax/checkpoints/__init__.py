"""Params to a file and back: safetensors, orbax, and TensorFlow 1's checkpoints.

Each format takes an extra: ``scopejax[safetensors]``, ``scopejax[orbax]``,
``scopejax[tf1]``. None of them is scopejax's own: any other program that reads the
format finds the arrays under their full names, ``"tower/conv1/kernel"``.
"""

from .._base.homes import settle as _settle
from ._layers import stack_layers as stack_layers
from ._layers import unstack_layers as unstack_layers
from ._load import load as load
from ._load import load_matching as load_matching
from ._load import slots as slots
from ._plan import Report as Report
from ._save import save as save
from ._save import save_async as save_async
from ._tensorflow import to_tf1_names as to_tf1_names

_settle(__name__)
