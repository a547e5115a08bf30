"""The table of a profile: for the terminal, for HTML, for markdown, for rich.

Text and markdown are those of `_text.cells`. HTML and rich are its own: it is a plain
table, and `views` draws trees that can be opened and searched.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from .._base.numbers import bytes_text, short_text
from .._base.texts import printable
from .._text import cells


class Line(Protocol):
    """A row of a profile."""

    @property
    def name(self) -> str: ...
    @property
    def depth(self) -> int: ...
    @property
    def parameters(self) -> int: ...
    @property
    def state(self) -> int: ...
    @property
    def flops(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def is_bounded(self) -> bool: ...
    @property
    def seconds(self) -> float | None: ...


class _Column(NamedTuple):
    title: str
    cell: Callable[[Line, Line], str]  # of a row, and of the whole model


def _share(row: Line, total: Line) -> str:
    return f"{100 * row.flops / total.flops:.1f} %" if total.flops else ""


def _flops(row: Line, total: Line) -> str:
    return short_text(row.flops) + ("" if row.is_bounded else " ?")


def _seconds(row: Line, total: Line) -> str:
    return "" if row.seconds is None else time_text(row.seconds)


# Shown where there is any.
_STATE = _Column("state", lambda row, total: f"{row.state:,}")
_TIME = _Column("time", _seconds)
_COLUMNS = (
    _Column("parameters", lambda row, total: f"{row.parameters:,}"),
    _STATE,
    _Column("FLOPs", _flops),
    _Column("of all", _share),
    _Column("bytes", lambda row, total: bytes_text(row.nbytes)),
    _TIME,
)
_NOTE = "? a while_loop counts as one step, and code that is no JAX as nothing"


def time_text(seconds: float) -> str:
    """Three digits and a unit.

    >>> time_text(0.00001234), time_text(0.5), time_text(2.0)
    ('12.3 µs', '500 ms', '2.00 s')
    """
    for unit, size in (("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)):
        if seconds < 999.5 * size or unit == "s":
            break
    value = seconds / size
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f} {unit}"


def _table(rows: Sequence[Line]) -> tuple[list[str], list[cells.Row], list[bool]]:
    """Titles, a row for each scope, the whole model last; numbers go to the right."""
    total, *scopes = rows
    shown = {_TIME: any(row.seconds is not None for row in rows), _STATE: total.state}
    columns = [column for column in _COLUMNS if shown.get(column, True)]
    body = [
        cells.Row(
            max(row.depth - 1, 0),
            [_name(row), *(column.cell(row, total) for column in columns)],
        )
        for row in (*scopes, total)
    ]
    titles = ["scope", *(column.title for column in columns)]
    return titles, body, [True] * len(columns)


def _name(row: Line) -> str:
    return printable(row.name.rpartition("/")[2]) if row.name else "total"


def _notes(rows: Sequence[Line]) -> list[str]:
    return [] if rows[0].is_bounded else [_NOTE]


def to_text(rows: Sequence[Line]) -> str:
    """The table with aligned columns, for a terminal."""
    return "\n".join([cells.to_text(*_table(rows)), *_notes(rows)])


def to_markdown(rows: Sequence[Line]) -> str:
    """The table in GitHub's markdown."""
    return cells.to_markdown(*_table(rows))


def to_html(rows: Sequence[Line]) -> str:
    """The table for a notebook: names are escaped, colours are the page's own."""
    titles, body, _ = _table(rows)
    lines = "".join(
        _html_row(row.cells, "td", row.depth, is_last=row is body[-1]) for row in body
    )
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in _notes(rows))
    return (
        '<div style="overflow-x:auto">'
        '<table style="border-collapse:collapse;white-space:nowrap">'
        f"<thead>{_html_row(titles, 'th', 0)}</thead><tbody>{lines}</tbody></table>"
        f"{notes}</div>"
    )


def _html_row(texts: Sequence[str], tag: str, depth: int, is_last: bool = False) -> str:
    side = "top" if is_last else "bottom"
    rule = f"border-{side}:1px solid currentColor" if is_last or tag == "th" else ""
    return f'<tr style="{rule}">{"".join(_html_cells(texts, tag, depth))}</tr>'


def _html_cells(texts: Sequence[str], tag: str, depth: int) -> Iterable[str]:
    for i, cell in enumerate(texts):
        align, indent = ("right", "") if i else ("left", "&emsp;" * depth)
        style = f'align="{align}" style="text-align:{align};padding:1px 8px"'
        yield f"<{tag} {style}>{indent}{html.escape(cell)}</{tag}>"


def to_rich(rows: Sequence[Line]) -> Any:
    """The table for rich's console, which asks for it."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    titles, body, _ = _table(rows)
    table = Table(box=SIMPLE_HEAD, caption=_NOTE if _notes(rows) else None)
    for i, title in enumerate(titles):
        table.add_column(title, justify="right" if i else "left", no_wrap=True)
    for row in body:
        if row is body[-1]:
            table.add_section()
        name, *rest = row.cells
        table.add_row(Text("  " * row.depth + name), *map(Text, rest))
    return table
