"""The table of variables: for the terminal, for HTML, for markdown."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from . import initializers
from ._naming import natural
from ._signature import closed_over
from ._spec import VariableSpec

_COLUMNS = (
    "variable",
    "shape",
    "dtype",
    "count",
    "bytes",
    "initializer",
    "trainable",
    "defined at",
)
_RIGHT = {"count", "bytes"}
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


class _Row(NamedTuple):
    depth: int
    cells: tuple[str, ...]
    kind: str  # "variable", "scope" or "total"


def rows(specs: Iterable[VariableSpec]) -> list[tuple[str, ...]]:
    """The cells of the table, scopes with their subtotals before what is in them."""
    return [row.cells for row in _rows(specs)]


def _rows(specs: Iterable[VariableSpec]) -> list[_Row]:
    table = sorted(specs, key=_order)
    counted = [_total(table, "total")]
    return [*_level(table, 0), *counted]


def _order(spec: VariableSpec) -> list[Any]:
    """Natural order, component by component; a scope's own variables come first."""
    *above, last = spec.path
    return [*((1, natural(part)) for part in above), (0, natural(last))]


def _level(specs: list[VariableSpec], depth: int) -> Iterator[_Row]:
    """The rows of the variables that share their first `depth` components."""
    inside: dict[str, list[VariableSpec]] = {}
    for spec in specs:
        if len(spec.path) == depth + 1:
            yield _Row(depth, _cells(spec, depth), "variable")
        else:
            inside.setdefault(spec.path[depth], []).append(spec)
    for name, below in inside.items():
        yield _total(below, f"{name}/", depth)
        yield from _level(below, depth + 1)


def _cells(spec: VariableSpec, depth: int) -> tuple[str, ...]:
    return (
        spec.path[depth],
        str(spec.shape),
        str(spec.dtype),
        f"{spec.size:,}",
        bytes_text(spec.nbytes),
        describe(spec.initializer),
        "yes" if spec.trainable else "no",
        spec.where,
    )


def _total(specs: list[VariableSpec], label: str, depth: int = 0) -> _Row:
    count = f"{sum(spec.size for spec in specs):,}"
    nbytes = bytes_text(sum(spec.nbytes for spec in specs))
    kind = "scope" if label.endswith("/") else "total"
    variables = f"{len(specs)} variable{'' if len(specs) == 1 else 's'}"
    return _Row(depth, (label, variables, "", count, nbytes, "", "", ""), kind)


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


def to_text(specs: Iterable[VariableSpec]) -> str:
    """The table with aligned columns, for a terminal."""
    table = [_Row(0, _COLUMNS, "head"), *_rows(specs)]
    lines = [("  " * row.depth + row.cells[0], *row.cells[1:]) for row in table]
    widths = [max(len(line[i]) for line in lines) for i in range(len(_COLUMNS))]
    texts = [
        "  ".join(
            cell.rjust(width) if column in _RIGHT else cell.ljust(width)
            for column, cell, width in zip(_COLUMNS, line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]
    rule = "-" * max(map(len, texts))
    return "\n".join([texts[0], rule, *texts[1:-1], rule, texts[-1]])


def to_markdown(specs: Iterable[VariableSpec]) -> str:
    """The table in GitHub's markdown."""

    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    rule = ["---:" if column in _RIGHT else "---" for column in _COLUMNS]
    body = [
        ("&nbsp;" * 4 * row.depth + (f"`{row.cells[0]}`"), *row.cells[1:])
        for row in _rows(specs)
    ]
    return "\n".join([line(_COLUMNS), line(rule), *map(line, body)])


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
    head, *body = _Row(0, _COLUMNS, "head"), *_rows(specs)
    rows = "".join(_html_row(row, "td") for row in body)
    return (
        '<div style="overflow-x:auto">'
        '<table style="border-collapse:collapse;white-space:nowrap">'
        f"<thead>{_html_row(head, 'th')}</thead><tbody>{rows}</tbody></table></div>"
    )


def _html_row(row: _Row, tag: str) -> str:
    cells = "".join(
        _html_cell(row, tag, column, html.escape(text))
        for column, text in zip(_COLUMNS, row.cells, strict=True)
    )
    return f'<tr style="{_STYLE[row.kind]}">{cells}</tr>'


def _html_cell(row: _Row, tag: str, column: str, text: str) -> str:
    side = "right" if column in _RIGHT else "left"
    bold = row.kind in ("scope", "total") and text
    indent = "&emsp;" * row.depth if column == "variable" else ""
    style = f'align="{side}" style="text-align:{side};padding:1px 8px"'
    return f"<{tag} {style}>{indent}{f'<b>{text}</b>' if bold else text}</{tag}>"
