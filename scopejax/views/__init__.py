"""Looking at variables: trees in notebooks, tables in terminals, two trees compared."""

from .._base.homes import settle as _settle
from ._compare import compare as compare
from ._show import show as show
from ._view import View as View

_settle(__name__)
