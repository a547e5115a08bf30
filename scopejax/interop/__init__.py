"""Modules of other libraries as parts of a model, and models as modules of theirs."""

from .._base.homes import settle as _settle
from ._convert import from_equinox as from_equinox
from ._convert import from_haiku as from_haiku
from ._convert import from_linen as from_linen
from ._convert import from_nnx as from_nnx
from ._convert import to_equinox_module as to_equinox_module
from ._convert import to_haiku_variables as to_haiku_variables
from ._convert import to_linen_variables as to_linen_variables
from ._convert import to_nnx_module as to_nnx_module
from ._equinox import equinox as equinox
from ._haiku import haiku as haiku
from ._linen import linen as linen
from ._nnx import nnx as nnx
from ._to_linen import to_linen as to_linen

_settle(__name__)
