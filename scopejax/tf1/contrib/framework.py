"""`tf.contrib.framework`: arg_scope, and what makes and finds variables."""

from __future__ import annotations

from .._contrib.tables import SCOPES as _SCOPES
from .._contrib.tables import VARIABLES as _VARIABLES
from .._words.missing import lookup_of as _lookup_of
from ..train import create_global_step as create_global_step
from ..train import get_global_step as get_global_step
from ..train import get_or_create_global_step as get_or_create_global_step

globals().update({**_SCOPES, **_VARIABLES})

__getattr__ = _lookup_of("contrib.framework")
