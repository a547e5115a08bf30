"""The table of variables, as text and in markdown; `views` shows it as a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from .._base.names import natural
from .._base.numbers import bytes_text, counted
from .._base.texts import cut
from .._base.texts import printable as printable
from .._spec.functions import describe
from .._spec.partition import as_partition
from .._spec.spec import VariableSpec
from . import cells


class Column(NamedTuple):
    """One column of a table, behind the names.

    Attributes:
      title: its head.
      cell: the text for one row.
      total: the text for a scope, or for all: of the rows in it.
      right: whether it is set to the right.
      optional: whether it is left out where it would be empty.
      weight: of the rows in it, as a number, for a bar.
    """

    title: str
    cell: Callable[[Any], str]
    total: Callable[[list[Any]], str] = lambda rows: ""
    right: bool = False
    optional: bool = False
    weight: Callable[[list[Any]], float] | None = None


class Node(NamedTuple):
    """A scope or a variable of the tree that is shown; its root is called ``total``.

    Attributes:
      name: its last component.
      items: what is in it, at any depth; of a variable, the one item.
      below: what is right in it, variables first; None for a variable.
    """

    name: str
    items: list[Any]
    below: list[Node] | None = None


def variables_text(rows: list[Any]) -> str:
    return counted(len(rows), "variable")


def _nbytes(rows: list[Any]) -> int:
    return sum(row.nbytes for row in rows)


def trainable_text(rows: list[Any]) -> str:
    """How many of the numbers are trainable, where some are not."""
    numbers = sum(row.size for row in rows if row.trainable)
    total = sum(row.size for row in rows)
    return "" if numbers == total else f"{numbers:,} of {total:,}"


# What a checkpoint tells of a variable, too.
PLAIN_COLUMNS = (
    Column("shape", lambda row: str(row.shape), variables_text),
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
        lambda rows: bytes_text(_nbytes(rows)),
        right=True,
        weight=_nbytes,
    ),
)
COLUMNS = (
    *PLAIN_COLUMNS,
    Column(
        "partition",
        lambda spec: (
            "" if spec.partition is None else str(as_partition(spec.partition))
        ),
        optional=True,
    ),
    Column("initializer", lambda spec: describe(spec.initializer)),
    Column("trainable", lambda spec: "yes" if spec.trainable else "no", trainable_text),
    Column("defined at", lambda spec: spec.where),
)
_Columns = Sequence[Column]


def rows(specs: Iterable[VariableSpec]) -> list[tuple[str, ...]]:
    """The cells of the table, scopes with their subtotals before what is in them."""
    return [tuple(row.cells) for row in _table(specs, COLUMNS)[1]]


def grow(items: Iterable[Any], *, ordered: bool = False) -> Node:
    """The tree of what has a `path`.

    Args:
      items: variables, or what tells of them.
      ordered: whether their order is kept, and not made natural.

    >>> from types import SimpleNamespace
    >>> root = grow(SimpleNamespace(path=path) for path in [("b", "w"), ("a",)])
    >>> [(node.name, node.below is None) for node in root.below]
    [('a', True), ('b', False)]
    """
    found = list(items) if ordered else sorted(items, key=_order)
    return Node("total", found, _below(found, 0))


_DEEPEST = 48  # levels that are shown; what is deeper has the rest of its name there


def _component(item: Any, depth: int) -> tuple[str, bool]:
    """A component of an item's name, and whether it is the last."""
    path = item.path
    if depth == _DEEPEST:
        return cut("/".join(path[depth:])), True
    return path[depth], len(path) == depth + 1


def _order(item: Any) -> list[Any]:
    """Natural order, component by component; a scope's own variables come first."""
    *above, last = item.path
    return [*((1, natural(part)) for part in above), (0, natural(last))]


def _below(items: list[Any], depth: int) -> list[Node]:
    """The nodes of variables that share their first `depth` components."""
    here, inside = list[Node](), dict[str, list[Any]]()
    for item in items:
        name, is_last = _component(item, depth)
        if is_last:
            here.append(Node(name, [item]))
        else:
            inside.setdefault(name, []).append(item)
    scopes = (Node(n, found, _below(found, depth + 1)) for n, found in inside.items())
    return [*here, *scopes]


def filled(items: Sequence[Any], columns: _Columns) -> _Columns:
    """The columns without the optional ones that would be empty."""
    return [c for c in columns if not c.optional or any(map(c.cell, items))]


def _table(
    items: Iterable[Any], columns: _Columns, ordered: bool = False
) -> tuple[list[str], list[cells.Row], list[bool]]:
    """Titles, body with the total, and which of the columns are set to the right."""
    root = grow(items, ordered=ordered)
    columns = filled(root.items, columns)
    body = [row for node in root.below or () for row in _rows(node, 0, columns)]
    total = cells.Row(0, _totals(root, "total", columns))
    titles = ["variable", *(column.title for column in columns)]
    return titles, [*body, total], [column.right for column in columns]


def _rows(node: Node, depth: int, columns: _Columns) -> Iterator[cells.Row]:
    if node.below is None:
        (item,) = node.items
        row = (node.name, *(column.cell(item) for column in columns))
        yield cells.Row(depth, tuple(map(printable, row)))
        return
    yield cells.Row(depth, _totals(node, f"{node.name}/", columns))
    for below in node.below:
        yield from _rows(below, depth + 1, columns)


def _totals(node: Node, label: str, columns: _Columns) -> tuple[str, ...]:
    texts = (label, *(column.total(node.items) for column in columns))
    return tuple(map(printable, texts))


def to_text(
    items: Iterable[Any], columns: _Columns = COLUMNS, *, ordered: bool = False
) -> str:
    """The table with aligned columns, for a terminal."""
    return cells.to_text(*_table(items, columns, ordered))


def to_markdown(
    items: Iterable[Any], columns: _Columns = COLUMNS, *, ordered: bool = False
) -> str:
    """The table in GitHub's markdown."""
    return cells.to_markdown(*_table(items, columns, ordered))
