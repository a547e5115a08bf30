"""A view as a table of rich, which fits the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .._text.table import Column, Node
from ._content import Content, is_quiet, opened
from ._items import STATUSES

if TYPE_CHECKING:
    from rich.table import Table

_MOST_ROWS = 100
_STYLES = {"plain": "", "quiet": "dim", "good": "green", "bad": "red", "warn": "yellow"}
# Left out where the terminal is narrow, the first of them first.
_LEAST = ("dtype", "partition", "count", "initializer", "std", "mean", "bytes", "max")


def table(view: Content, width: int) -> Table:
    """The table, with at most so many columns as stand side by side in `width`.

    Where there are very many variables, deep scopes are shown by their totals.
    """
    from rich.table import Table
    from rich.text import Text

    root = view.root()
    depth = opened(root, _MOST_ROWS)
    rows = [*_rows(root, depth), (0, root)]
    columns = _fitting(view.table_columns(), rows, width)
    made = Table(title=view.title, title_justify="left", box=None, pad_edge=False)
    made.add_column("variable", overflow="fold")
    for column in columns:
        made.add_column(column.title, justify="right" if column.right else "left")
    for level, node in rows:
        style = _style(node, root)
        cells = [_name(level, node, root), *(_cell(c, node) for c in columns)]
        made.add_row(*(Text(cell) for cell in cells), style=style)
        if node is rows[-2 if len(rows) > 1 else -1][1]:
            made.add_section()
    return made


def _rows(parent: Node, depth: int, level: int = 0) -> Iterator[tuple[int, Node]]:
    for node in parent.below or ():
        yield level, node
        if level + 1 < depth and not is_quiet(node):
            yield from _rows(node, depth, level + 1)


def _name(level: int, node: Node, root: Node) -> str:
    if node.below is None:
        return "  " * level + STATUSES[node.items[0].status].sign + node.name
    return node.name if node is root else "  " * level + f"{node.name}/"


def _cell(column: Column, node: Node) -> str:
    return (
        column.cell(node.items[0]) if node.below is None else column.total(node.items)
    )


def _style(node: Node, root: Node) -> str:
    styles = {STATUSES[item.status].style for item in node.items}
    if node.below is None or styles == {"quiet"}:
        alarmed = node.below is None and node.items[0].alarms
        return "bold red" if alarmed else _STYLES[styles.pop()]
    return "bold" if node is root else "bold cyan"


def _fitting(
    columns: list[Column], rows: list[tuple[int, Node]], width: int
) -> list[Column]:
    """The columns that fit beside the names, the most telling ones in any case."""
    labels = (_name(level, node, rows[-1][1]) for level, node in rows)
    names = max(map(len, ["variable", *labels]))
    for title in (*_LEAST, None):
        widths = [
            max(len(c.title), *(len(_cell(c, n)) for _, n in rows)) for c in columns
        ]
        if names + sum(widths) + 2 * len(widths) <= width or title is None:
            break
        columns = [column for column in columns if column.title != title]
    return columns
