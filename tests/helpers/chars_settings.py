"""A small run of the demo on characters."""

from scopejax.demo.chars import _step, _text
from scopejax.demo.chars._model import Sizes

SMALL = Sizes(width=16, layers=2, heads=2, window=16)
SETTINGS = _step.Settings(7, 0, SMALL, batch=8)
TEXT = _text.Text(
    _text.encode("    def f(self, x):\n        return x + 1\n\n" * 100),
    _text.encode("    def g(self):\n        return self.x\n\n" * 100),
)
