"""What the commands say: in words of the command line, and harmless to print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from .._base.errors import ScopeError
from .._text.table import printable

Words = Mapping[str, str]

# What an error tells those who write Python -> what it tells here.
_INSTEAD: Words = {
    "format=": "--format",
    "select=": "--select",
    "Cast it": "Cast it with --cast",
    "save with orbax": "write --to orbax",
    "scopejax.checkpoints.slots(path)": "python -m scopejax inspect PATH",
    "Use a compiled regular expression to move or drop parts of a name.": "For more"
    " than that, load takes regular expressions, in Python.",
    "Keep text and objects outside of the variables.": "Name one of numbers: bfloat16.",
}
OF_TWO: Words = {"format=": "--from for A or --to for B"}
"""The same where there are two paths."""


def told(error: ScopeError, words: Words) -> str:
    """The message without lines of code, which nobody wrote here.

    Args:
      error: what the library raised.
      words: what a command has other words for than the rest.

    >>> error = ScopeError("Which format?", where="a.py:3", remedy="Pass format=.")
    >>> print(told(error, {}))
    Which format?
      remedy    Pass --format.
    """
    lines = [error.headline]
    for field in ("expected", "found", "nearest", "remedy"):
        value = getattr(error, field)
        if value:
            text = ", ".join(value) if isinstance(value, tuple) else value
            lines.append(f"  {field:<10}{text}")
    return _replaced("\n".join(lines), {**_INSTEAD, **words})


def _replaced(text: str, words: Words) -> str:
    for python, here in words.items():
        text = text.replace(python, here)
    return text


def for_stream(text: str, stream: TextIO) -> str:
    """The lines of a text as `stream` can show them, whatever its encoding."""
    lines = "\n".join(map(printable, text.split("\n")))
    encoding = stream.encoding or "utf-8"
    return lines.encode(encoding, "backslashreplace").decode(encoding)
