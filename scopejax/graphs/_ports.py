"""Edges find their places on the borders of parts, and their labels."""

from __future__ import annotations

import math

from ._arrange import Node
from ._boxes import Edge
from ._sheet import LINE, Sheet, Wire

LANE = 20.0  # for an edge that leads up again


class Attach:
    """Edges find their places on the borders of parts."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._edges: list[tuple[Edge, str, list[Node]]] = []

    def add(self, edge: Edge, label: str, route: list[Node]) -> None:
        """Takes an edge, and the nodes that it leads through; none if it leads up."""
        self._edges.append((edge, label, route))

    def wires(self) -> list[Wire]:
        """All of them; a label has its place beside the end of its edge."""
        lanes = iter(range(1, len(self._edges) + 1))
        wires = [
            self._wire(edge, label, route, next(lanes) if not route else 0)
            for edge, label, route in self._edges
        ]
        _label(wires)
        return wires

    def _wire(self, edge: Edge, label: str, route: list[Node], lane: int) -> Wire:
        start, end = self._start(edge), self._end(edge)
        number = max(edge.passes)
        label = f"{_CIRCLED[min(number, 10) - 1]} {label}" if number else label
        if not route:
            x = self._sheet.width - lane * LANE
            return Wire([start, end], label, is_parameter=edge.is_parameter, lane=x)
        points = [start]
        for node in route[1:-1]:
            points += [(node.x, node.y), (node.x, node.y + node.height)]
        return Wire([*points, end], label, is_parameter=edge.is_parameter)

    def _start(self, edge: Edge) -> tuple[float, float]:
        if edge.source is None:
            return self._sheet.tops[edge.out_port], LINE * len(self._sheet.lines) + 10.0
        child = self._sheet.sheets[edge.source]
        y = child.y + child.height
        if child.bottoms:
            x = child.bottoms[min(edge.out_port, len(child.bottoms) - 1)]
            return child.x + x, y
        return self._spread(edge, child, outgoing=True), y

    def _end(self, edge: Edge) -> tuple[float, float]:
        if edge.target is None:
            return self._sheet.bottoms[edge.in_port], self._sheet.height
        child = self._sheet.sheets[edge.target]
        if child.tops and not edge.is_parameter:
            x = child.tops[min(edge.in_port, len(child.tops) - 1)]
            return child.x + x + _aside(child, edge.passes[1]), child.y
        return self._spread(edge, child, outgoing=False), child.y

    def _spread(self, edge: Edge, child: Sheet, *, outgoing: bool) -> float:
        """Edges at one border, left to right as they come."""
        alike = [
            (_other_end(route, outgoing), n)
            for n, (e, _, route) in enumerate(self._edges)
            if (e.source if outgoing else e.target)
            == (edge.source if outgoing else edge.target)
        ]
        own = next(n for n, (e, _, _) in enumerate(self._edges) if e is edge)
        place = [n for _, n in sorted(alike)].index(own)
        step = min(22.0, (child.width - 16.0) / max(1, len(alike)))
        return child.x + child.width / 2 + (place - (len(alike) - 1) / 2) * step


def _other_end(route: list[Node], outgoing: bool) -> float:
    if not route:
        return math.inf
    return route[1].x if outgoing else route[-2].x


_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"


def _aside(child: Sheet, number: int) -> float:
    """How far from a port one of several passes has its end."""
    if not number or child.part.box is None:
        return 0.0
    return (number - (child.part.box.visits + 1) / 2) * 14.0


def _label(wires: list[Wire]) -> None:
    """Leaves a label where it has room: one at each side of where edges end."""
    for wire in sorted(wires, key=lambda wire: wire.points[-1]):
        x, y = wire.points[-1]
        beside = [w.points[-1][0] for w in wires if w.points[-1][1] == y]
        near = [other - x for other in beside if abs(other - x) < _LABEL]
        left, right = any(d < 0 for d in near), any(d > 0 for d in near)
        from_right = wire.lane is not None or wire.points[-2][0] > x + 1
        wire.is_left = right or (from_right and not left)
        if left and right:
            wire.label = ""


_LABEL = 70.0  # its width
