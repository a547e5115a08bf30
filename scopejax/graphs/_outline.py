"""The diagram as indented text."""

from __future__ import annotations

from collections.abc import Iterator

from ._boxes import Box
from ._layout import badge, costs
from ._words import TIMES


def to_text(root: Box, title: str) -> str:
    """One line for each box: its name, its costs, and where its arrays come from."""
    lines = list(_lines(root, title, "", "", 1, 1))
    width = max(len(name) for name, _ in lines)
    text = "\n".join(f"{name:<{width}}  {text}".rstrip() for name, text in lines)
    return text.replace(TIMES, "x")


def _lines(
    box: Box, title: str, first: str, rest: str, copies: int, passes: int
) -> Iterator[tuple[str, str]]:
    name = " ".join(filter(None, (title, badge(box))))
    yield first + name, costs(box, copies, passes)
    inside = [(n, part.box) for n, part in enumerate(box.parts) if part.box is not None]
    copies, passes = copies * box.copies, passes * box.passes
    for n, inner in inside:
        is_last = n == inside[-1][0]
        sources = _sources(box, n)
        label = inner.name + (f"  <- {', '.join(sources)}" if sources else "")
        branch, below = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
        (head, text), *lines = _lines(inner, inner.name, "", "", copies, passes)
        yield rest + branch + head + label[len(inner.name) :], text
        for line, text in lines:
            yield rest + below + line, text


def _sources(box: Box, target: int) -> list[str]:
    """The names of the boxes and inputs that one takes arrays from.

    What is computed between two boxes is passed over.
    """
    found: dict[str, None] = {}
    todo, seen = [target], {target}
    while todo:
        here = todo.pop(0)
        for edge in box.edges:
            if edge.target != here or edge.source is None or edge.source in seen:
                continue
            part = box.parts[edge.source]
            if part.kind == "ops":
                todo.append(edge.source)
                seen.add(edge.source)
            else:
                found[part.box.name if part.box else part.label.partition(":")[0]] = (
                    None
                )
    return list(found)
