"""The style sheet and the script of a tree, as a page has them.

Without the script it is a tree that opens and closes; without the style, a nested list.
"""

from __future__ import annotations

import functools
import re
from importlib.resources import files


@functools.cache
def style() -> str:
    """The style sheet."""
    return _read("tree.css")


@functools.cache
def script() -> str:
    """The script."""
    text = files(__package__).joinpath("tree.js").read_text("utf-8")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if not line.startswith("//"))


def _read(name: str) -> str:
    """A style sheet without comments and blanks."""
    text = files(__package__).joinpath(name).read_text("utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = "".join(line.strip() for line in text.splitlines())
    return re.sub(r"\s*([{};]|(?<=[,{;\w-]):\s)\s*", lambda m: m[1].strip(), text)


def narrow(width: int, labels: dict[int, str]) -> str:
    """The rules for a place of less than `width` ems: numbers say what they are there.

    Args:
      width: what all columns take.
      labels: the words to put before a cell, by its place in the row, from 2.
    """
    rules = _read("narrow.css") + "".join(
        f".sj-view .sj-row>:nth-child({place}):not(:empty)::before"
        f'{{content:"{label} ";opacity:.6}}'
        for place, label in labels.items()
    )
    # Both classes, to count for more than the style sheet of a view further down.
    rules = rules.replace(".sj-view", f".sj-view.{of_width(width, labels)}")
    return f"@container(max-width:{width}em){{{rules}}}"


def of_width(width: int, labels: dict[int, str]) -> str:
    """The class of the views that such rules are for."""
    return "-".join(["sj", str(width), *(f"{k}{v}" for k, v in labels.items())])
