"""Draws docs/rooms.svg, the rooms of the package and what each of them imports.

Rerun this after an import between rooms has changed: ``python docs/rooms.py``.
"""

from __future__ import annotations

import itertools
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scopejax.graphs._arrange import Node, arrange
from tests.helpers.imports import MODULES, arrows

PICTURE = Path(__file__).with_name("rooms.svg")

_FONT = "ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,sans-serif"
_COLOURS = (
    "<style>svg{color:#1f2328;background:#fff}"
    "@media(prefers-color-scheme:dark){svg{color:#e6edf3;background:#0d1117}}</style>"
)
_MARGIN, _LINE, _BETWEEN = 14.0, 15.0, 46.0
_LETTERS = 34  # in a line of files

Arrows = Mapping[str, Sequence[str]]
Point = tuple[float, float]


def in_order(targets: Arrows) -> list[str]:
    """The rooms, each behind those that it imports."""
    order: list[str] = []

    def add(room: str) -> None:
        for target in targets[room]:
            if target not in order:
                add(target)
        if room not in order:
            order.append(room)

    for room in targets:
        add(room)
    return order


def needed(targets: Arrows) -> dict[str, list[str]]:
    """The arrows that don't follow from others: a -> b -> c says a -> c as well."""
    below: dict[str, set[str]] = {}
    for room in in_order(targets):
        below[room] = set(targets[room]).union(*(below[t] for t in targets[room]))
    return {
        room: [t for t in found if not any(t in below[other] for other in found)]
        for room, found in targets.items()
    }


def contents(room: str) -> list[str]:
    """The lines in a box: the files of a private room, the private rooms in another."""
    inside = dict.fromkeys(n[1] for n in MODULES if n[0:1] == (room,) and len(n) > 1)
    if not room.startswith("_"):
        packages = {n[1] for n in MODULES if n[0:1] == (room,) and len(n) > 2}
        inside = {n: None for n in inside if n in packages and n.startswith("_")}
    return textwrap.wrap(" ".join(inside), _LETTERS, break_on_hyphens=False)


def picture() -> str:
    """The picture, as SVG. It follows the viewer's choice of light or dark."""
    drawn = needed(arrows())
    rooms = in_order(drawn)
    texts = [[room, *contents(room)] for room in rooms]
    nodes = [Node(_width(text), 12 + _LINE * len(text)) for text in texts]
    links = [(rooms.index(t), rooms.index(room)) for room in rooms for t in drawn[room]]
    routes = arrange(nodes, sorted(links), [])
    height = _stack(nodes)
    width = max(node.x + node.width / 2 for node in nodes)
    body = itertools.chain(
        *(_box(node, text) for node, text in zip(nodes, texts, strict=False)),
        *(_arrow([nodes[n] for n in reversed(route)]) for route in routes),
    )
    wide, high = width + 2 * _MARGIN, height + 2 * _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}"'
        f' height="{high:.0f}" viewBox="{-_MARGIN:.0f} {-_MARGIN:.0f} {wide:.0f}'
        f' {high:.0f}" role="img" aria-label="The rooms of scopejax"'
        f' font-family="{_FONT}" fill="currentColor" stroke="none">{_COLOURS}\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _width(text: Sequence[str]) -> float:
    return 20 + max(8.2 * len(text[0]), *(5.9 * len(line) for line in text[1:]), 40)


def _stack(nodes: Sequence[Node]) -> float:
    """Gives each floor its height, the lowest at the bottom; returns that of all."""
    floors = [[n for n in nodes if n.row == row] for row in range(1 + _last(nodes))]
    y = 0.0
    for floor in reversed(floors):
        high = max(node.height for node in floor)
        for node in floor:
            if node.is_dummy:
                node.height = high
            node.y = y + (high - node.height) / 2
        y += high + _BETWEEN
    return y - _BETWEEN


def _last(nodes: Sequence[Node]) -> int:
    return max(node.row for node in nodes)


def _box(node: Node, text: Sequence[str]) -> Iterator[str]:
    public = not text[0].startswith("_")
    yield (
        f'<rect x="{node.x - node.width / 2:.1f}" y="{node.y:.1f}"'
        f' width="{node.width:.1f}" height="{node.height:.1f}" rx="7"'
        f' fill="currentColor" fill-opacity="{0.13 if public else 0.045}"'
        f' stroke="currentColor" stroke-opacity="0.55"/>'
    )
    for number, line in enumerate(text):
        look = 'font-size="11" fill-opacity="0.75"'
        if number == 0:
            look = 'font-size="12.5" font-weight="600"'
        y = node.y + 17 + _LINE * number
        at = f'x="{node.x:.1f}" y="{y:.1f}"'
        yield f'<text {at} text-anchor="middle" {look}>{line}</text>'


def _arrow(route: Sequence[Node]) -> Iterator[str]:
    """From the room that imports, past the rooms between, to the one imported."""
    path = f"M{route[0].x:.1f} {route[0].y + route[0].height:.1f}"
    for one, two in itertools.pairwise(route):
        start, end = one.y + one.height, two.y
        bend = (end - start) / 2
        path += (
            f" L{one.x:.1f} {start:.1f} C{one.x:.1f} {start + bend:.1f}"
            f" {two.x:.1f} {end - bend:.1f} {two.x:.1f} {end:.1f}"
        )
    x, y = route[-1].x, route[-1].y
    yield (
        f'<path d="{path}" fill="none" stroke="currentColor" stroke-opacity="0.6"'
        ' stroke-width="1.2"/>'
    )
    yield f'<path d="M{x - 3.5:.1f} {y - 7:.1f}h7l-3.5 7z" fill-opacity="0.75"/>'


if __name__ == "__main__":
    PICTURE.write_text(picture())
