"""The table of variables: for the terminal, for HTML, for markdown."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from . import initializers
from ._naming import natural
from ._partition import as_partition
from ._signature import closed_over
from ._spec import VariableSpec

_NAMED = {
    id(getattr(initializers, name)): name
    for name in (
        "glorot_uniform",
        "glorot_normal",
        "he_uniform",
        "he_normal",
        "lecun_uniform",
        "lecun_normal",
    )
}


class Column(NamedTuple):
    """One column of a table, behind the names.

    Attributes:
      title: its head.
      cell: the text for one row.
      total: the text for a scope, or for all: of the rows in it.
      right: whether it is set to the right.
    """

    title: str
    cell: Callable[[Any], str]
    total: Callable[[list[Any]], str] = lambda rows: ""
    right: bool = False


class _Row(NamedTuple):
    depth: int
    cells: tuple[str, ...]
    kind: str  # "head", "variable", "scope" or "total"


def counted(rows: list[Any]) -> str:
    """``"3 variables"``."""
    return f"{len(rows)} variable{'' if len(rows) == 1 else 's'}"


# What a checkpoint tells of a variable, too.
PLAIN_COLUMNS = (
    Column("shape", lambda row: str(row.shape), counted),
    Column("dtype", lambda row: str(row.dtype)),
    Column(
        "count",
        lambda row: f"{row.size:,}",
        lambda rows: f"{sum(row.size for row in rows):,}",
        right=True,
    ),
    Column(
        "bytes",
        lambda row: bytes_text(row.nbytes),
        lambda rows: bytes_text(sum(row.nbytes for row in rows)),
        right=True,
    ),
)
_PARTITION = Column(
    "partition",
    lambda spec: "" if spec.partition is None else str(as_partition(spec.partition)),
)
_COLUMNS = (
    *PLAIN_COLUMNS,
    _PARTITION,
    Column("initializer", lambda spec: describe(spec.initializer)),
    Column("trainable", lambda spec: "yes" if spec.trainable else "no"),
    Column("defined at", lambda spec: spec.where),
)
_Columns = Sequence[Column]


def rows(specs: Iterable[VariableSpec]) -> list[tuple[str, ...]]:
    """The cells of the table, scopes with their subtotals before what is in them."""
    return [row.cells for row in _table(specs, _COLUMNS)[0][1:]]


def _table(items: Iterable[Any], columns: _Columns) -> tuple[list[_Row], _Columns]:
    """Head, body and total, of what has a `path` and fills the columns; and those.

    That of partitions is left out where there are none.
    """
    table = sorted(items, key=_order)
    if not any(getattr(item, "partition", None) for item in table):
        columns = [column for column in columns if column is not _PARTITION]
    head = ("variable", *(column.title for column in columns))
    total = _total(table, "total", 0, columns)
    return [_Row(0, head, "head"), *_level(table, 0, columns), total], columns


def _order(item: Any) -> list[Any]:
    """Natural order, component by component; a scope's own variables come first."""
    *above, last = item.path
    return [*((1, natural(part)) for part in above), (0, natural(last))]


def _level(items: list[Any], depth: int, columns: _Columns) -> Iterator[_Row]:
    """The rows of the variables that share their first `depth` components."""
    inside: dict[str, list[Any]] = {}
    for item in items:
        if len(item.path) == depth + 1:
            cells = (item.path[depth], *(column.cell(item) for column in columns))
            yield _Row(depth, cells, "variable")
        else:
            inside.setdefault(item.path[depth], []).append(item)
    for name, below in inside.items():
        yield _total(below, f"{name}/", depth, columns)
        yield from _level(below, depth + 1, columns)


def _total(items: list[Any], label: str, depth: int, columns: _Columns) -> _Row:
    kind = "scope" if label.endswith("/") else "total"
    cells = (label, *(column.total(items) for column in columns))
    return _Row(depth, cells, kind)


def bytes_text(nbytes: int) -> str:
    """A number of bytes in binary units.

    >>> bytes_text(1000), bytes_text(1536), bytes_text(5 * 2**30)
    ('1000 B', '1.5 KiB', '5.0 GiB')
    """
    size = float(nbytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{nbytes} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def describe(initializer: Any) -> str:
    """The call that made an initializer, as far as it can be told.

    >>> from jax.nn.initializers import normal, zeros
    >>> describe(normal(0.02)), describe(zeros), describe([1.0, 2.0])
    ('normal(0.02)', 'zeros', 'value')
    """
    if not callable(initializer):
        return "value"
    if id(initializer) in _NAMED:
        return _NAMED[id(initializer)]
    name = getattr(initializer, "__qualname__", type(initializer).__name__)
    factory, _, inner = name.rpartition(".<locals>.")
    if not factory or inner == "<lambda>":
        return name.rpartition(".")[2]
    values = [value for value in closed_over(initializer) if _is_plain(value)]
    return f"{factory.rpartition('.')[2]}({', '.join(map(str, values))})"


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float | str)


def to_text(items: Iterable[Any], columns: _Columns = _COLUMNS) -> str:
    """The table with aligned columns, for a terminal."""
    table, columns = _table(items, columns)
    lines = [("  " * row.depth + row.cells[0], *row.cells[1:]) for row in table]
    widths = [max(map(len, texts)) for texts in zip(*lines, strict=True)]
    sides = [str.ljust, *(str.rjust if c.right else str.ljust for c in columns)]
    texts = [
        "  ".join(
            side(cell, width)
            for side, cell, width in zip(sides, line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]
    rule = "-" * max(map(len, texts))
    return "\n".join([texts[0], rule, *texts[1:-1], rule, texts[-1]])


def to_markdown(specs: Iterable[VariableSpec]) -> str:
    """The table in GitHub's markdown."""

    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    (head, *body), columns = _table(specs, _COLUMNS)
    rule = ["---", *("---:" if column.right else "---" for column in columns)]
    cells = [
        ("&nbsp;" * 4 * row.depth + (f"`{row.cells[0]}`"), *row.cells[1:])
        for row in body
    ]
    return "\n".join([line(head.cells), line(rule), *map(line, cells)])


_STYLE = {
    "head": "border-bottom:1px solid currentColor",
    "variable": "",
    "scope": "",
    "total": "border-top:1px solid currentColor",
}


def to_html(specs: Iterable[VariableSpec]) -> str:
    """The table for a notebook: names are escaped, colours are the page's own.

    Depth, weight and side are said by the markup, since some viewers drop styles.
    """
    (head, *body), columns = _table(specs, _COLUMNS)
    rows = "".join(_html_row(row, "td", columns) for row in body)
    return (
        '<div style="overflow-x:auto">'
        '<table style="border-collapse:collapse;white-space:nowrap">'
        f"<thead>{_html_row(head, 'th', columns)}</thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _html_row(row: _Row, tag: str, columns: _Columns) -> str:
    name, *texts = map(html.escape, row.cells)
    cells = [_html_cell(row, tag, name, "left", "&emsp;" * row.depth)]
    for column, text in zip(columns, texts, strict=True):
        cells.append(_html_cell(row, tag, text, "right" if column.right else "left"))
    return f'<tr style="{_STYLE[row.kind]}">{"".join(cells)}</tr>'


def _html_cell(row: _Row, tag: str, text: str, side: str, indent: str = "") -> str:
    bold = row.kind in ("scope", "total") and text
    style = f'align="{side}" style="text-align:{side};padding:1px 8px"'
    return f"<{tag} {style}>{indent}{f'<b>{text}</b>' if bold else text}</{tag}>"
