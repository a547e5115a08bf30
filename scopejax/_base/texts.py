"""What a user passed, as a short text for an error."""

from __future__ import annotations

import reprlib
from typing import Any

LONGEST = 120  # letters of a value that are shown


def cut(text: str, longest: int = LONGEST) -> str:
    """The text in one line; of a long one the beginning and the end.

    >>> cut("encoder/h0/h1/kernel", 15)
    'encode...kernel'
    """
    text = text if len(text) <= longest else _ends(text, longest)
    return _ends(printable(text), longest)


def printable(text: str) -> str:
    r"""The text with escapes for what a terminal or a page obeys, or does not show.

    >>> print(printable("a\x1b[2J/é\n"))
    a\x1b[2J/é\n
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )


def brief(value: Any) -> str:
    """The `repr` of what a user passed: short, in one line, and without its numbers.

    An array is shown by its dtype and shape: a large one, or one on an accelerator, is
    not fetched for a message.

    >>> import jax.numpy as jnp
    >>> print(brief({"a": jnp.ones((2, 3)), "b": True}))
    {'a': float32[2,3], 'b': True}
    >>> print(brief([*range(100)]))
    [0, 1, 2, 3, 4, 5, ...]
    """
    return cut(_BRIEF.repr(value))


def _ends(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = (longest - 3) // 2
    return f"{text[: longest - 3 - half]}...{text[-half:]}"


class _Brief(reprlib.Repr):
    """Python's own short texts, with arrays by their shapes."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxdict = self.maxset = self.maxfrozenset = self.maxdeque = 4
        self.maxstring = self.maxother = self.maxlong = LONGEST

    def repr1(self, x: Any, level: int) -> str:
        """One value; a mapping or a named tuple is treated as what it derives from."""
        if hasattr(x, "shape") and hasattr(x, "dtype") and not isinstance(x, type):
            return _array_text(x)
        try:
            return super().repr1(x, level)
        except Exception:  # the user's own __repr__
            return f"<{type(x).__name__}>"

    def repr_instance(self, x: Any, level: int) -> str:
        """Anything else, and the first line of it."""
        text = repr(x)
        return cut(text.partition("\n")[0] + "..." * ("\n" in text), self.maxother)


_BRIEF = _Brief()


def _array_text(array: Any) -> str:
    """``float32[2,3]``; one number that is at hand is shown itself."""
    kind = type(array).__module__.partition(".")[0]
    if kind == "numpy" and array.shape == ():
        return repr(array)
    try:
        return f"{array.dtype}[{','.join(map(str, array.shape))}]"
    except Exception:  # of a shape or dtype that are no such things
        return f"<{type(array).__name__}>"
