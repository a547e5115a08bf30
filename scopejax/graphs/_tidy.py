"""What is drawn of a box's parts, and in which order."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ._boxes import Box


def drop_unused(root: Box, inputs: set[int]) -> None:
    """Forgets inputs that nothing takes."""
    used = {edge.source for edge in root.edges}
    count = range(len(root.parts))
    _keep(root, [n for n in count if n not in inputs or n in used])


def drop_dangling(box: Box) -> None:
    """Forgets operations that lead nowhere: what chose a branch, say."""
    while True:
        used = {edge.source for edge in box.edges}
        keep = [n for n, p in enumerate(box.parts) if p.kind != "ops" or n in used]
        if len(keep) == len(box.parts):
            return
        _keep(box, keep)


def put_in_order(box: Box) -> None:
    """Puts each part behind those that it takes arrays from.

    Where that is a circle, since a box is passed through twice, the program's order
    tells which is first.
    """
    waits: dict[int, set[int]] = {n: set() for n in range(len(box.parts))}
    for edge in box.edges:
        if edge.source is not None and edge.target is not None:
            waits[edge.target].add(edge.source)
    order: list[int] = []
    while waits:
        ready = [n for n, above in waits.items() if not above & waits.keys() - {n}]
        chosen = min(ready or waits)
        order.append(chosen)
        del waits[chosen]
    _keep(box, order)


def _keep(box: Box, order: Sequence[int]) -> None:
    """Keeps some parts, in this order, and the edges between them."""
    numbers: dict[int | None, int | None] = {None: None}
    numbers.update({n: place for place, n in enumerate(order)})
    box.parts = [box.parts[n] for n in order]
    box.edges = {
        dataclasses.replace(
            edge, source=numbers[edge.source], target=numbers[edge.target]
        ): text
        for edge, text in box.edges.items()
        if edge.source in numbers and edge.target in numbers
    }
