"""What a view shows, and what its displays have in common."""

from __future__ import annotations

from collections.abc import Sequence

from .._text import table
from .._text.table import Column, Node
from ._items import Item

NOTES = Column("notes", lambda item: item.told)
"""The last column, where any variable has notes."""


class Content:
    """Variables and the columns to show of them; a `View` is one that can be displayed.

    Attributes:
      title: what is shown, in a few words.
      items: the variables.
      columns: what the row of each of them says.
      ordered: whether the order of `items` is kept.
      remarks: sentences to be read with it.
    """

    def __init__(
        self,
        title: str,
        items: Sequence[Item],
        columns: Sequence[Column],
        *,
        ordered: bool = False,
        remarks: Sequence[str] = (),
    ) -> None:
        self.title = title
        self.items = tuple(items)
        self.columns = tuple(table.filled(self.items, columns))
        self.ordered = ordered
        self.remarks = tuple(remarks)

    def root(self) -> Node:
        """The tree of the variables."""
        return table.grow(self.items, ordered=self.ordered)

    def table_columns(self) -> list[Column]:
        """The columns of a table, which has no place to look into: notes are one."""
        notes = [NOTES] if any(item.told for item in self.items) else []
        return [*self.columns, *notes]


def is_quiet(node: Node) -> bool:
    """Whether nothing in a scope has changed."""
    return all(item.status == "unchanged" for item in node.items)


def opened(root: Node, most: int) -> int:
    """How many levels can be shown open in about `most` rows, at least one.

    >>> from types import SimpleNamespace
    >>> items = [SimpleNamespace(path=(a, b)) for a in "ab" for b in "cdef"]
    >>> opened(table.grow(items), 10), opened(table.grow(items), 9)
    (2, 1)
    """
    level, rows, depth = [root], 0, 0
    while level:
        level = [node for parent in level for node in parent.below or ()]
        rows += len(level)
        if rows > most:
            break
        depth += bool(level)
    return max(depth, 1)
