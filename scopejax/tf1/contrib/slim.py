"""`tf.contrib.slim`: layers with arg_scope, and their variables."""

from __future__ import annotations

from .. import losses as losses
from .._contrib.tables import LAYERS as _LAYERS
from .._contrib.tables import SCOPES as _SCOPES
from .._contrib.tables import VARIABLES as _VARIABLES
from .._words.missing import lookup_of as _lookup_of
from ..train import create_global_step as create_global_step
from ..train import get_global_step as get_global_step
from ..train import get_or_create_global_step as get_or_create_global_step
from . import utils as utils

globals().update({**_SCOPES, **_VARIABLES, **_LAYERS})

__getattr__ = _lookup_of("contrib.slim")
