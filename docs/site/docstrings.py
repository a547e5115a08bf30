"""Docstrings for the site: examples as blocks of code, and names as links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import griffe

# From a prompt to the next empty line, with an output that may be empty.
EXAMPLE = re.compile(r"^>>> .*(?:\n(?=\S).*|\n(?=    ).*)*", re.MULTILINE)
# An example, which is left alone, or the name of a class.
NAME = re.compile(EXAMPLE.pattern + r"|(?<!`)`((?:scopejax\.)?([A-Z]\w+))`(?!`)", re.M)
ENTRY = re.compile(r"^::: (scopejax\.[\w.]+)$", re.MULTILINE)


def entries(api: Path) -> dict[str, str]:
    """Class -> full name, of what has an entry in the API; the core's before tf1's."""
    text = "\n".join(page.read_text() for page in sorted(api.glob("*.md")))
    found = sorted(ENTRY.findall(text), key=lambda name: ".tf1." not in name)
    return {name.rpartition(".")[2]: name for name in found}


class Docstrings(griffe.Extension):
    """Links names of classes, and puts fences around doctests.

    Markdown would take a doctest for a quotation.
    """

    def __init__(self) -> None:
        super().__init__()
        self._entries = entries(Path(__file__).parents[1] / "api")

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Is told of each module, class, function and attribute."""
        if obj.docstring:
            linked = self._linked(obj.docstring.value, own=obj.name)
            obj.docstring.value = fenced(linked)

    def _linked(self, docstring: str, own: str) -> str:
        def link(found: re.Match[str]) -> str:
            target = self._entries.get(found[2] or "")
            return f"[{found[0]}][{target}]" if target and found[2] != own else found[0]

        return NAME.sub(link, docstring)


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
