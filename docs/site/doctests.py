"""Docstrings for the site: their examples as blocks of code."""

from __future__ import annotations

import re
from typing import Any

import griffe

# From a prompt to the next empty line, with an output that may be empty.
EXAMPLE = re.compile(r"^>>> .*(?:\n(?=\S).*|\n(?=    ).*)*", re.MULTILINE)


class Doctests(griffe.Extension):
    """Puts fences around doctests, which Markdown would take for quotations."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Is told of each module, class, function and attribute."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(docstring: str) -> str:
    """The same text, with fences around the examples.

    >>> print(fenced("One line.\\n\\n>>> 1 + 1\\n2\\n\\nMore."))
    One line.
    <BLANKLINE>
    ```pycon
    >>> 1 + 1
    2
    ```
    <BLANKLINE>
    More.
    """
    return EXAMPLE.sub(lambda found: f"```pycon\n{found[0]}\n```", docstring)
