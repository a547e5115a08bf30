"""A view: variables and the columns to show of them, ready for every display."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._text import table as summary
from ._content import Content

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions


class View(Content):
    """What `scopejax.show` and `scopejax.compare` return: variables, to be looked at.

    A notebook shows it as a tree to search and to open; ``rich.print`` as a table that
    fits the terminal; ``print`` as plain text; `to_markdown` is for a file.

    Attributes:
      title: what is shown, in a few words.
      items: the variables.
      columns: what the row of each of them says.
      ordered: whether the order of `items` is kept.
      remarks: sentences to be read with it.

    >>> import jax.numpy as jnp, scopejax as sj
    >>> print(sj.show({"w": jnp.zeros((2, 3))}))
    variable  shape       dtype    count  bytes
    -------------------------------------------
    w         (2, 3)      float32      6   24 B
    -------------------------------------------
    total     1 variable               6   24 B
    """

    def __str__(self) -> str:
        table = summary.to_text(self.items, self.table_columns(), ordered=self.ordered)
        return "\n".join([table, *self.remarks])

    def __repr__(self) -> str:
        return str(self)

    def to_markdown(self) -> str:
        """The table for a README or an issue.

        >>> import jax.numpy as jnp, scopejax as sj
        >>> sj.show({"w": jnp.zeros(2, "int8")}).to_markdown().splitlines()[2]
        '| `w` | (2,) | int8 | 2 | 2 B |'
        """
        table = summary.to_markdown(
            self.items, self.table_columns(), ordered=self.ordered
        )
        return "\n\n".join([table, *self.remarks])

    def _repr_html_(self) -> str:
        from ._html import page

        return page(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Any:
        from ._rich import table

        yield table(self, options.max_width)
        yield from self.remarks
