"""Geometry: where each box, part and edge of a diagram is, in pixels."""

from __future__ import annotations

from collections.abc import Iterator

from .._base.numbers import short_text
from ._arrange import Node, arrange
from ._boxes import Box, Part
from ._ports import LANE, Attach
from ._sheet import LINE, Sheet
from ._words import TIMES, aval_text

PAD = 14.0  # between a box and what is in it
_ROW = 34.0  # between two rows
_BIG, _SMALL = 7.4, 6.1  # width of a letter
_CIRCLE = 24.0


def lay_out(part: Part, copies: int = 1, passes: int = 1) -> Sheet:
    """A part with all that is in it.

    Args:
      part: of the box around.
      copies, passes: of the box around, in all; texts are of one of them.
    """
    lines = lines_of(part, copies, passes)
    width = max(_text_width(lines) + 2 * PAD, _CIRCLE)
    height = max(LINE * len(lines) + 10.0, _CIRCLE)
    sheet = Sheet(part, lines, width, height)
    if part.box is not None and part.box.parts:
        _fill(sheet, part.box, copies * part.box.copies, passes * part.box.passes)
    return sheet


def _text_width(lines: list[str]) -> float:
    return max(len(line) * (_SMALL if i else _BIG) for i, line in enumerate(lines))


def lines_of(part: Part, copies: int, passes: int) -> list[str]:
    """The texts of a part: of a box its name, its costs, and its own variables."""
    if part.box is None:
        return [part.label]
    box = part.box
    name = " ".join(filter(None, (part.label or box.name, badge(box))))
    return [name, *filter(None, [costs(box, copies, passes)]), *_variables(box)]


_MOST_VARIABLES = 3


def _variables(box: Box) -> list[str]:
    """A line for each of a box's own variables."""
    first = [spec for spec in box.variables if spec.path[:-1] == box.members[0]]
    texts = (
        [f"{spec.path[-1]} {aval_text(spec)}" for spec in first[:_MOST_VARIABLES]]
        if box.members and first
        else []
    )
    more = len(first) - _MOST_VARIABLES
    return [*texts, f"and {more} more"] if more > 0 else texts


def badge(box: Box) -> str:
    """How many layers or passes a box stands for."""
    marks = []
    if box.copies > 1:
        marks.append(f"{box.copies} {TIMES}")
    if box.repeats > 1 and not box.is_stack:
        marks.append(f"{box.repeats} times")
    if box.visits > 1:
        marks.append(f"shared, {box.visits} calls")
    return f"({', '.join(marks)})" if marks else ""


def costs(box: Box, copies: int, passes: int) -> str:
    """Parameters, state and operations, for one of the box around."""
    texts = []
    for size, word in ((box.size, "params"), (box.state, "state")):
        if size:
            texts.append(f"{_times(size // copies, box.copies)} {word}")
    if not box.is_counted:
        texts.append("not the largest branch")
    elif box.flops:
        more = "" if box.is_bounded else " or more"
        texts.append(f"{_times(box.flops // passes, box.passes)} FLOPs{more}")
    return " · ".join(texts)


def _times(number: int, parts: int) -> str:
    return (
        f"{parts} {TIMES} {short_text(number // parts)}"
        if parts > 1
        else short_text(number)
    )


def _fill(sheet: Sheet, box: Box, copies: int, passes: int) -> None:
    """Lays out the inside of a box, and makes it large enough."""
    sheet.sheets = [lay_out(part, copies, passes) for part in box.parts]
    nodes, ends = _nodes(sheet, box)
    links = [
        (
            _number(edge.source, edge.out_port, ends[0]),
            _number(edge.target, edge.in_port, ends[1]),
        )
        for edge in box.edges
    ]
    forward = [(a, b) for a, b in links if a < b]
    routes = iter(arrange(nodes, forward, list(_later(box, links))))
    _place(sheet, nodes, lanes=sum(a >= b for a, b in links))
    for child, node in zip(sheet.sheets, nodes[ends[0][1] :], strict=False):
        child.x += node.x - child.width / 2
    _ports(sheet, nodes, ends)
    attach = Attach(sheet)
    for (edge, label), (a, b) in zip(box.edges.items(), links, strict=True):
        attach.add(edge, label, [nodes[n] for n in next(routes)] if a < b else [])
    sheet.wires = attach.wires()


def _later(box: Box, links: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where an edge leads up, to a later pass: what takes its result is below."""
    edges = list(zip(box.edges, links, strict=True))
    for up, (source, target) in edges:
        for on, (start, end) in edges if source >= target else ():
            same = start == target and on.passes[0] == up.passes[1]
            if same and source < end:
                yield source, end


_Ends = tuple[tuple[int, int], tuple[int, int]]


def _nodes(sheet: Sheet, box: Box) -> tuple[list[Node], _Ends]:
    """In the order of the program: ports of the top, parts, ports of the bottom."""
    tops = [Node(6.0, 0.0, first=True) for _ in range(box.inputs)]
    parts = [
        Node(child.width, child.height, last=child.part.kind == "out")
        for child in sheet.sheets
    ]
    bottoms = [Node(6.0, 0.0, last=True) for _ in range(box.outputs)]
    start, stop = len(tops), len(tops) + len(parts)
    return [*tops, *parts, *bottoms], ((0, start), (stop, start))


def _number(part: int | None, port: int, ends: tuple[int, int]) -> int:
    """The node of an edge's end; `ends`: those of the first port and part."""
    return ends[0] + port if part is None else ends[1] + part


def _place(sheet: Sheet, nodes: list[Node], lanes: int) -> None:
    """Gives rows their heights, and the box its size."""
    rows: dict[int, float] = {}
    for node in nodes:
        rows[node.row] = max(rows.get(node.row, 0.0), node.height)
    tops, y = {}, LINE * len(sheet.lines) + 10.0
    y += 0.0 if _has_ports(nodes, first=True) else 8.0
    for row in sorted(rows):
        tops[row] = y
        y += rows[row] + _ROW
    right = max(node.x + node.width / 2 for node in nodes)
    width = max(right + 2 * PAD, sheet.width)
    sheet.width = width + 2 * LANE * lanes
    sheet.height = y - _ROW + (0.0 if _has_ports(nodes, first=False) else PAD)
    for node in nodes:
        node.x += (sheet.width - right) / 2
        node.height = rows[node.row] if node.is_dummy else node.height
        node.y = tops[node.row] + (rows[node.row] - node.height) / 2
    first = sum(node.first for node in nodes)
    for child, node in zip(sheet.sheets, nodes[first:], strict=False):
        child.y = node.y


def _has_ports(nodes: list[Node], *, first: bool) -> bool:
    return any(
        (node.first if first else node.last) and not node.height for node in nodes
    )


def _ports(sheet: Sheet, nodes: list[Node], ends: _Ends) -> None:
    (_, start), (stop, _) = ends
    count = len(sheet.part.box.parts) if sheet.part.box else 0
    sheet.tops = [node.x for node in nodes[:start]]
    outputs = sheet.part.box.outputs if sheet.part.box else 0
    sheet.bottoms = [node.x for node in nodes[start + count : stop + outputs]]
