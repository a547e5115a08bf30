"""A diagram with its geometry: rectangles and the lines between them, in pixels."""

from __future__ import annotations

import dataclasses

from ._boxes import Part

LINE = 15.0  # height of a line of text


@dataclasses.dataclass
class Sheet:
    """A part with its place, relative to the box around.

    Attributes:
      part: what it is.
      lines: its texts; the first is its name.
      x, y, width, height: of its rectangle.
      sheets, wires: what is in it.
      tops, bottoms: where its ports are.
    """

    part: Part
    lines: list[str]
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0
    sheets: list[Sheet] = dataclasses.field(default_factory=list)
    wires: list[Wire] = dataclasses.field(default_factory=list)
    tops: list[float] = dataclasses.field(default_factory=list)
    bottoms: list[float] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Wire:
    """An edge.

    Attributes:
      points: of its way, from above to below.
      label: its text, "" where there is no room.
      is_left: whether that stands to the left of its end.
      is_parameter: whether a variable is what it carries.
      lane: where it leads up again; None if it leads down.
    """

    points: list[tuple[float, float]]
    label: str
    is_left: bool = False
    is_parameter: bool = False
    lane: float | None = None
