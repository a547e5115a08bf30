"""The diagram as SVG: one colour, the page's own, so that it is light or dark as that.

Texts are escaped and colours are `currentColor`. No script, no font, no link.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from ._sheet import LINE, Sheet, Wire

_FONT = "ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,sans-serif"
_MARGIN = 12.0
# A file stands alone: it follows the viewer's own choice of light or dark.
_ALONE = (
    "<style>svg{color:#1f2328;background:#fff}"
    "@media(prefers-color-scheme:dark){svg{color:#e6edf3;background:#0d1117}}</style>"
)
_SHADES = {"box": 0.045, "ops": 0.0, "in": 0.0, "out": 0.0}


def to_svg(sheet: Sheet, *, alone: bool) -> str:
    """The picture.

    Args:
      sheet: the root.
      alone: whether it is a file; else it takes the colour of the page around.
    """
    width, height = sheet.width + 2 * _MARGIN, sheet.height + 2 * _MARGIN
    body = "".join(_sheet(sheet, _MARGIN, _MARGIN))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}"'
        f' height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" role="img"'
        f" aria-label={quoteattr(_clean(sheet.lines[0]))}"
        f' font-family="{_FONT}" fill="currentColor" stroke="none">'
        f"{_ALONE if alone else ''}{body}</svg>"
    )


def _sheet(sheet: Sheet, x: float, y: float) -> Iterator[str]:
    """A part, what is in it, and its edges on top."""
    yield _shape(sheet, x, y)
    yield from _texts(sheet, x, y)
    for child in sheet.sheets:
        yield from _sheet(child, x + child.x, y + child.y)
    for wire in sheet.wires:
        yield from _wire(wire, x, y)


def _shape(sheet: Sheet, x: float, y: float) -> str:
    kind = sheet.part.kind
    if kind in ("in", "out"):
        return ""
    corner = 7.0 if kind == "box" else sheet.height / 2
    dash = "" if sheet.part.box is None or sheet.part.box.is_counted else _DASHES
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{sheet.width:.1f}"'
        f' height="{sheet.height:.1f}" rx="{corner:.1f}" fill="currentColor"'
        f' fill-opacity="{_SHADES[kind]}" stroke="currentColor"'
        f' stroke-opacity="{0.55 if kind == "box" else 0.35}"{dash}/>'
    )


_DASHES = ' stroke-dasharray="4 3"'


def _texts(sheet: Sheet, x: float, y: float) -> Iterator[str]:
    """The first line is the name of a box, in bold; the others are small."""
    has_inside = bool(sheet.sheets)
    middle = x + sheet.width / 2
    first = y + 16.0 if has_inside or len(sheet.lines) > 1 else y + sheet.height / 2 + 4
    bold = sheet.part.kind == "box"
    for i, line in enumerate(sheet.lines):
        weight = ' font-weight="600"' if bold and not i else ""
        size = 12.5 if bold and not i else 11
        fade = "" if bold and not i else ' fill-opacity="0.75"'
        yield (
            f'<text x="{middle:.1f}" y="{first + i * LINE:.1f}" text-anchor="middle"'
            f' font-size="{size}"{weight}{fade}>{escape(_clean(line))}</text>'
        )


def _wire(wire: Wire, x: float, y: float) -> Iterator[str]:
    points = [(px + x, py + y) for px, py in wire.points]
    path = _curve(points) if wire.lane is None else _up(points, wire.lane + x)
    dash = _DASHES if wire.is_parameter else ""
    yield (
        f'<path d="{path}" fill="none" stroke="currentColor" stroke-opacity="0.6"'
        f"{dash}/>{_head(*points[-1])}"
    )
    if wire.label:
        yield _label(wire, points)


def _curve(points: list[tuple[float, float]]) -> str:
    """Straight where it passes a row, and bent between."""
    (x, y), *rest = points
    path = f"M{x:.1f} {y:.1f}"
    for x2, y2 in rest:
        half = (y2 - y) / 2
        path += (
            f"V{y2:.1f}"
            if abs(x2 - x) < 0.5
            else f"C{x:.1f} {y + half:.1f} {x2:.1f} {y2 - half:.1f} {x2:.1f} {y2:.1f}"
        )
        x, y = x2, y2
    return path


def _up(points: list[tuple[float, float]], lane: float) -> str:
    """Up again, in a lane along the right-hand side, with round corners."""
    (x, y), (x2, y2) = points
    low, high, r = y + _CORNER + 4, y2 - _CORNER - 4, _CORNER
    return (
        f"M{x:.1f} {y:.1f}V{low - r:.1f}Q{x:.1f} {low:.1f} {x + r:.1f} {low:.1f}"
        f"H{lane - r:.1f}Q{lane:.1f} {low:.1f} {lane:.1f} {low - r:.1f}"
        f"V{high + r:.1f}Q{lane:.1f} {high:.1f} {lane - r:.1f} {high:.1f}"
        f"H{x2 + r:.1f}Q{x2:.1f} {high:.1f} {x2:.1f} {high + r:.1f}V{y2:.1f}"
    )


_CORNER = 7.0


def _head(x: float, y: float) -> str:
    points = f"{x:.1f},{y:.1f} {x - 3.5:.1f},{y - 7:.1f} {x + 3.5:.1f},{y - 7:.1f}"
    return f'<polygon points="{points}" fill-opacity="0.7"/>'


def _label(wire: Wire, points: list[tuple[float, float]]) -> str:
    """Beside the edge's end."""
    x, y = points[-1]
    anchor, shift = ("end", -6) if wire.is_left else ("start", 6)
    return (
        f'<text x="{x + shift:.1f}" y="{y - 5:.1f}" text-anchor="{anchor}"'
        f' font-size="9.5" fill-opacity="0.6">{escape(_clean(wire.label))}</text>'
    )


def _clean(text: str) -> str:
    """Without the characters that XML does not allow at all."""
    return "".join(
        c
        if c in "\t\n\r"
        or " " <= c < "\ud800"
        or "\ue000" <= c <= "\ufffd"
        or c > "\uffff"
        else "\ufffd"
        for c in text
    )
