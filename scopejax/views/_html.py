"""A view as HTML: nested lists that open and close, with a search box.

All that comes from a model, names above all, is escaped. Depth is said by the markup,
since some viewers drop styles, and so do all cells without any script.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from .._text.table import Column, Node
from ._content import Content, is_quiet, opened
from ._html_grid import grid, mini
from ._html_style import narrow, of_width, script, style
from ._items import STATUSES, Item, facts
from ._whereabouts import Grid

_OPEN_ROWS = 60
_MOST_OPENED = 2000  # beyond, a variable has its row alone: the page stays small
_WIDEST = 30
# What a number is called where the heads of the columns are not shown.
_LABELLED = ("min", "mean", "max", "std", "change", "relative")


def page(view: Content) -> str:
    """The HTML of a view, whole in itself."""
    return _Page(view).text()


class _Page:
    """One view on its way to HTML, with the width that each of its columns needs."""

    def __init__(self, view: Content) -> None:
        self.view = view
        self.columns: Sequence[Column] = view.columns
        self.root = view.root()
        self.depth = opened(self.root, _OPEN_ROWS)
        self.has_facts = len(view.items) <= _MOST_OPENED
        self.has_notes = any(map(self.noted, view.items))
        self.widths = [len(column.title) for column in self.columns]
        self.notes = 0

    def text(self) -> str:
        """All of it."""
        body = "".join(self.nodes(self.root, 0))  # fills in the widths
        sizes = [min(width, _WIDEST) for width in self.widths]
        notes = [max(min(self.notes, _WIDEST), 5)] if self.has_notes else []
        cols = "".join(f" {size + 1}ch" for size in [*sizes, *notes])
        width = round((14 + sum(sizes) + sum(notes) + 3 * len(sizes)) * 0.62)
        labels = {
            place: column.title
            for place, column in enumerate(self.columns, 2)
            if column.title in _LABELLED
        }
        return (
            f'<div class="sj-view {of_width(width, labels)}"'
            f' style="--cols:minmax(10ch,1fr){cols};max-width:{width + 30}em">'
            f"<style>{style()}{narrow(width, labels)}</style>"
            f"{self.top()}{self.head()}<ul>{body}</ul>{self.foot()}"
            f"<script>{script()}</script></div>"
        )

    def top(self) -> str:
        """Title, totals, and the tools that the script brings to life."""
        totals = ((c.title, c.total(self.root.items)) for c in self.columns)
        words = [
            _TOTALS.get(title, f"{title} {{}}").format(x) for title, x in totals if x
        ]
        told = " &middot; ".join(map(html.escape, words))
        return (
            f'<div class="sj-top"><b>{html.escape(self.view.title)}</b>'
            f' <span class="sj-total">{told}</span>'
            ' <div class="sj-tools" hidden>'
            '<input type="search" placeholder="search" aria-label="search variables">'
            "<output></output>"
            '<button type="button">open all</button>'
            '<button type="button">close all</button></div></div>'
        )

    def head(self) -> str:
        """The titles of the columns."""
        titles = (_cell(c.title, "r" if c.right else "") for c in self.columns)
        notes = "<span>notes</span>" if self.has_notes else ""
        cells = " ".join(["<code>variable</code>", *titles, notes])
        return f'<div class="sj-row sj-head">{cells}</div>'

    def foot(self) -> str:
        """What is to be read with it."""
        remarks = list(self.view.remarks)
        if not self.has_facts:
            remarks.append(
                f"More than {_MOST_OPENED:,} variables: each has its row alone. Select"
                " some to see all that is known of them."
            )
        return "".join(f'<p class="sj-remark">{html.escape(r)}</p>' for r in remarks)

    def nodes(self, parent: Node, depth: int) -> Iterator[str]:
        """The list items of what is right in a scope."""
        weights = [self.greatest(parent, column) for column in self.columns]
        for node in parent.below or ():
            if node.below is None:
                yield self.variable(node, weights)
            else:
                yield self.scope(node, weights, depth)

    def greatest(self, parent: Node, column: Column) -> float:
        """What the longest bar in a scope stands for."""
        if column.weight is None:
            return 0
        return max(
            (column.weight(node.items) for node in parent.below or ()), default=0
        )

    def scope(self, node: Node, weights: list[float], depth: int) -> str:
        """A scope, and in it what is below."""
        quiet = is_quiet(node)
        row = self.row(f"{node.name}/", node, weights)
        below = "".join(self.nodes(node, depth + 1))
        opening = " open" if depth + 1 < self.depth and not quiet else ""
        kind = "sj-row sj-scope quiet" if quiet else "sj-row sj-scope"
        return (
            f'<li><details{opening}><summary class="{kind}">{row}</summary>'
            f"<ul>{below}</ul></details></li>"
        )

    def variable(self, node: Node, weights: list[float]) -> str:
        """A variable, and in it what is known of it."""
        (item,) = node.items
        style = STATUSES[item.status].style
        row = self.row(STATUSES[item.status].sign + node.name, node, weights)
        more = "".join(self.more(item)) if self.has_facts else ""
        kind = "sj-row quiet" if style == "quiet" else "sj-row"
        mark = "" if style in ("plain", "quiet") else f' class="{style}"'
        if not more:
            return f'<li{mark}><div class="{kind}">{row}</div></li>'
        return (
            f'<li{mark}><details><summary class="{kind}">{row}</summary>'
            f'<div class="sj-more">{more}</div></details></li>'
        )

    def row(self, label: str, node: Node, weights: list[float]) -> str:
        """The cells of one row."""
        cells = [f"<code>{html.escape(label)}</code>"]
        for place, column in enumerate(self.columns):
            scope = node.below is not None
            text = column.total(node.items) if scope else column.cell(node.items[0])
            self.widths[place] = max(self.widths[place], len(text))
            share = (
                column.weight(node.items) / weights[place]
                if column.weight and weights[place]
                else 0
            )
            cells.append(_cell(text, "r" if column.right else "", share))
        if self.has_notes:
            item = None if node.below is not None else node.items[0]
            cells.append(f"<span>{self.tags(item) if item else ''}</span>")
        return " ".join(cells)

    def noted(self, item: Item) -> bool:
        """Whether there is anything for the last column."""
        return bool(item.told or (self.has_facts and _grid(item)))

    def tags(self, item: Item) -> str:
        """The notes of a variable, and its grid in small."""
        small = _grid(item) if self.has_facts else None
        parts = [] if small is None else [mini(small)]
        self.notes = max(self.notes, len(item.told) + 5 * len(parts) + 3)
        parts += [f'<em class="bad">{html.escape(note)}</em>' for note in item.alarms]
        parts += [f"<em>{html.escape(note)}</em>" for note in item.notes]
        return " ".join(parts)

    def more(self, item: Item) -> Iterator[str]:
        """What is shown of a variable once it is opened."""
        known = "".join(
            f"<dt>{label}</dt> <dd>{html.escape(text)}</dd> "
            for label, text in facts(item)
        )
        if known:
            yield f"<dl>{known}</dl>"
        if parts := _grid(item):
            yield grid(parts)
        yield item.picture


_TOTALS = {"shape": "{}", "bytes": "{}", "count": "{} numbers"}


def _grid(item: Item) -> Grid | None:
    return None if item.placement is None else item.placement.grid


def _cell(text: str, kind: str = "", share: float = 0) -> str:
    bar = share > 0.004
    kinds = f"{kind} b" if bar else kind
    mark = f' class="{kinds}"' if kinds else ""
    width = f' style="--b:{100 * share:.3g}%"' if bar else ""
    return f"<span{mark}{width}>{html.escape(text)}</span>"
