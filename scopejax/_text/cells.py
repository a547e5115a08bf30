"""Rows of cells as a table: aligned text, and markdown. What is in them is no concern.

The first cell of a row is a name, set in by the row's depth. The last row is the total.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One row, below the titles.

    Attributes:
      depth: how far its name is set in.
      cells: its name, and the rest.
    """

    depth: int
    cells: Sequence[str]


def to_text(titles: Sequence[str], rows: Iterable[Row], right: Sequence[bool]) -> str:
    """The table with aligned columns, for a terminal.

    Args:
      titles: of the columns.
      rows: what is below; the total is the last.
      right: for each column behind the names, whether it is set to the right.

    >>> rows = [Row(0, ["a/", "12"]), Row(1, ["b", "12"]), Row(0, ["total", "12"])]
    >>> print(to_text(["name", "size"], rows, [True]))
    name   size
    -----------
    a/       12
      b      12
    -----------
    total    12
    """
    names = [("  " * row.depth + row.cells[0], *row.cells[1:]) for row in rows]
    lines = [tuple(titles), *names]
    widths = [max(map(len, texts)) for texts in zip(*lines, strict=True)]
    sides = [str.ljust, *(str.rjust if r else str.ljust for r in right)]
    texts = [
        "  ".join(
            side(cell, width)
            for side, cell, width in zip(sides, line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]
    rule = "-" * max(map(len, texts))
    return "\n".join([texts[0], rule, *texts[1:-1], rule, texts[-1]])


def to_markdown(
    titles: Sequence[str], rows: Iterable[Row], right: Sequence[bool]
) -> str:
    """The table in GitHub's markdown; arguments as of `to_text`.

    >>> print(to_markdown(["name", "size"], [Row(1, ["b|c", "12"])], [True]))
    | name | size |
    | --- | ---: |
    | &nbsp;&nbsp;&nbsp;&nbsp;`b\\|c` | 12 |
    """
    rule = ["---", *("---:" if r else "---" for r in right)]
    body = [("&nbsp;" * 4 * d + f"`{name}`", *rest) for d, (name, *rest) in rows]
    return "\n".join(map(_markdown_line, [titles, rule, *body]))


def _markdown_line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
