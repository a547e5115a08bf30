"""Graph: the diagram of a model, to look at and to keep."""

from __future__ import annotations

import functools
from pathlib import Path as File
from typing import Any

from .._base.answers import answering
from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._manifest.manifest import Manifest
from ._boxes import Box, Part
from ._edges import draw
from ._flow import flow_of
from ._layout import lay_out
from ._outline import to_text
from ._svg import to_svg
from ._trace import Apply, trace
from ._words import require_depth


class Graph:
    """The scopes of a model as nested boxes, and the arrays that flow between them.

    A notebook shows the picture; `print` shows an outline. `Transformed.graph` makes
    one.

    Attributes:
      name: of the model's function.
      root: the box around all.

    >>> import jax.numpy as jnp, scopejax as sj
    >>> net = sj.transform(lambda s, x: sj.layers.dense(s / "head", x, 3))
    >>> print(net.graph(jnp.ones((4, 2))))
    model          9 params · 60 FLOPs
    └─ head  <- x  9 params · 60 FLOPs
    """

    def __init__(self, name: str, root: Box) -> None:
        self.name = "model" if name == "<lambda>" else name or "model"
        self.root = root

    @answering
    def to_svg(self, *, alone: bool = True) -> str:
        """The picture as SVG.

        Args:
          alone: whether it is a file, with colours of its own for light and for dark;
            else it takes the colour of the page that it is put in.

        >>> import jax.numpy as jnp, scopejax as sj
        >>> net = sj.transform(lambda s, x: sj.layers.dense(s / "head", x, 3))
        >>> net.graph(jnp.ones((4, 2))).to_svg()[:4]
        '<svg'
        """
        return to_svg(self._sheet, alone=alone)

    @functools.cached_property
    def _sheet(self) -> Any:
        return lay_out(Part("box", self.name, self.root))

    @answering
    def save(self, path: str | File) -> None:
        """Writes the picture to a file.

        Args:
          path: ends in ``.svg``.

        Raises:
          InvalidArgumentError: it ends in something else.
        """
        file = File(path)
        if file.suffix != ".svg":
            raise InvalidArgumentError(
                f"A graph is saved as SVG, but received: {str(path)!r}",
                expected="a path that ends in .svg",
                found=file.suffix or "no ending",
                where=user_line(),
            )
        file.write_text(self.to_svg(), encoding="utf-8")

    def __str__(self) -> str:
        return to_text(self.root, self.name)

    def __repr__(self) -> str:
        boxes = sum(1 for _ in self.root.walk()) - 1
        return f"<Graph of {self.name}, {boxes} boxes>"

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto">{self.to_svg(alone=False)}</div>'


def graph_of(
    apply: Apply,
    manifest: Manifest,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    depth: int | None,
    fold: bool,
) -> Graph:
    """The graph of a model; see `Transformed.graph`."""
    require_depth(depth)
    traced = trace(apply, manifest, args, kwargs)
    return Graph(traced.calls.model, draw(flow_of(traced), depth, fold))
