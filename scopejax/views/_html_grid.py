"""The parts of an array as coloured cells: each device has a colour."""

from __future__ import annotations

from ._whereabouts import Grid


def grid(parts: Grid) -> str:
    """With the numbers of the devices that have each part.

    >>> grid(Grid(2, ((0,), (1, 2))))[35:]
    '<i style="--d:0">0</i> <i style="--d:1">1,2</i></div>'
    """
    cells = (
        f'<i style="--d:{devices[0]}">{",".join(map(str, devices))}</i>'
        for devices in parts.cells
    )
    return f'<div class="sj-grid" style="--n:{parts.columns}">{" ".join(cells)}</div>'


def mini(parts: Grid) -> str:
    """The same in the size of a word, without numbers.

    >>> mini(Grid(1, ((0,), (1,))))[36:]
    '<i style="--d:0"></i><i style="--d:1"></i></span>'
    """
    cells = "".join(f'<i style="--d:{devices[0]}"></i>' for devices in parts.cells)
    return f'<span class="sj-mini" style="--n:{parts.columns}">{cells}</span>'
