"""A small layered layout: nodes in rows, edges from above to below.

Sugiyama, Tagawa and Toda (1981) in its usual steps: rows by the longest path, dummy
nodes for edges that pass a row, few crossings by barycenters, and straight edges by
least squares.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

SPACE = 26.0  # between neighbours of a row
_SWEEPS = 8
_STRAIGHTENING = 60


@dataclasses.dataclass
class Node:
    """A rectangle; `x` is its middle, and `y` its top.

    Attributes:
      width, height: its size.
      first, last: whether it has to be in the first row, or in the last.
      row: found by `arrange`, as `x` is.
      is_dummy: whether it is but a place where an edge passes.
    """

    width: float
    height: float
    first: bool = False
    last: bool = False
    row: int = 0
    x: float = 0.0
    y: float = 0.0
    is_dummy: bool = False


Links = Sequence[tuple[int, int]]


def arrange(nodes: list[Node], links: Links, after: Links) -> list[list[int]]:
    """Places nodes in rows, left to right.

    Args:
      nodes: each behind those that it is linked from; dummy nodes are added behind.
      links: from node to node.
      after: pairs of nodes of which the second must be below the first, too.

    Returns:
      For each link, the nodes that it leads through, both ends included.
    """
    _rows(nodes, links, [*links, *after])
    routes = [_route(nodes, *link) for link in links]
    steps = [step for route in routes for step in itertools.pairwise(route)]
    rows: list[list[int]] = [[] for _ in range(max(n.row for n in nodes) + 1)]
    for number, node in enumerate(nodes):
        rows[node.row].append(number)
    above, below = _neighbours(len(nodes), steps)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        _sweep(rows if down else rows[::-1], above if down else below)
    _pack(nodes, rows)
    both = [a + b for a, b in zip(above, below, strict=True)]
    for sweep in range(_STRAIGHTENING):
        near = both if sweep >= _SWEEPS else (above, below)[sweep % 2]
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            _align(nodes, row, near)
    left = min(node.x - node.width / 2 for node in nodes)
    for node in nodes:
        node.x -= left
    return routes


def _rows(nodes: list[Node], links: Links, order: Links) -> None:
    """The longest path from above; then down again, if that makes edges shorter."""
    start = int(any(node.first for node in nodes))
    for node in nodes:
        node.row = 0 if node.first else start
    for source, target in sorted(order):
        nodes[target].row = max(nodes[target].row, nodes[source].row + 1)
    above, below = _neighbours(len(nodes), sorted(set(order)))
    bottom = max(
        node.row + any(n.last for n in nodes) * (not node.last) for node in nodes
    )
    for number in range(len(nodes) - 1, -1, -1):
        node = nodes[number]
        if node.last:
            node.row = bottom
        elif (
            below[number] and not node.first and len(above[number]) < len(below[number])
        ):
            node.row = min(nodes[n].row for n in below[number]) - 1


def _route(nodes: list[Node], source: int, target: int) -> list[int]:
    route = [source]
    for row in range(nodes[source].row + 1, nodes[target].row):
        nodes.append(Node(10.0, 0.0, row=row, is_dummy=True))
        route.append(len(nodes) - 1)
    return [*route, target]


def _neighbours(count: int, steps: Links) -> tuple[list[list[int]], list[list[int]]]:
    above: list[list[int]] = [[] for _ in range(count)]
    below: list[list[int]] = [[] for _ in range(count)]
    for source, target in steps:
        above[target].append(source)
        below[source].append(target)
    return above, below


def _sweep(rows: list[list[int]], near: list[list[int]]) -> None:
    """Orders each row by the mean place of its neighbours in the row before."""
    place: dict[int, float] = {}
    for row in rows:
        for i, number in enumerate(row):
            known = [place[n] for n in near[number] if n in place]
            place[number] = sum(known) / len(known) if known else i / len(row)
        row.sort(key=place.__getitem__)
        place.update({n: (i + 0.5) / len(row) for i, n in enumerate(row)})


def _gap(one: Node, two: Node) -> float:
    return (one.width + two.width) / 2 + SPACE


def _pack(nodes: list[Node], rows: list[list[int]]) -> None:
    for row in rows:
        x = 0.0
        for i, number in enumerate(row):
            x += _gap(nodes[row[i - 1]], nodes[number]) if i else 0.0
            nodes[number].x = x
        for number in row:
            nodes[number].x -= x / 2


def _align(nodes: list[Node], row: list[int], near: list[list[int]]) -> None:
    """Moves each node of a row to the mean of its neighbours, as far as there is room.

    That is a least-squares problem with an order to keep: neighbours that are in each
    other's way move as one.
    """
    offsets = [0.0]
    blocks: list[tuple[float, float, int]] = []  # of weighted places, weights, nodes
    for one, two in itertools.pairwise(row):
        offsets.append(offsets[-1] + _gap(nodes[one], nodes[two]))
    for number, offset in zip(row, offsets, strict=True):
        around = [nodes[n].x for n in _strongest(nodes, number, near[number])]
        wanted = sum(around) / len(around) if around else nodes[number].x
        weight = 0.02 if nodes[number].is_dummy else 1.0
        blocks.append((weight * (wanted - offset), weight, 1))
        while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]):
            (a, b, c), (d, e, f) = blocks.pop(), blocks.pop()
            blocks.append((a + d, b + e, c + f))
    means = [_mean(block) for block in blocks for _ in range(block[2])]
    for number, offset, mean in zip(row, offsets, means, strict=True):
        nodes[number].x = mean + offset


def _strongest(nodes: list[Node], number: int, near: list[int]) -> list[int]:
    """The neighbours that a node goes by: no dummies, if there are others."""
    real = [n for n in near if not nodes[n].is_dummy]
    return near if nodes[number].is_dummy else real or near


def _mean(block: tuple[float, float, int]) -> float:
    return block[0] / block[1]
