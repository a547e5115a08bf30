"""Looking at variables: trees in notebooks, tables in terminals, two trees compared."""

from ._compare import compare as compare
from ._show import show as show
from ._view import View as View
