"""A model, seen: the diagram of its scopes, and what each of them costs.

`Transformed.graph` and `Transformed.profile` are the ways in.
"""

from .._base.homes import settle as _settle
from ._graph import Graph as Graph
from ._profile import Profile as Profile

_settle(__name__)
