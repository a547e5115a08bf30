"""`show`: a tree of arrays, with what is known of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._base.answers import answering
from .._base.numbers import number_text
from .._spec.spec import VariableSpec
from .._text.table import PLAIN_COLUMNS, Column
from ._heatmaps import pictures
from ._items import Item
from ._leaves import item_of, leaves_of
from ._manifests_and_scopes import view_of
from ._statistics import statistics
from ._view import View


def _column(field: str) -> Column:
    def cell(item: Item) -> str:
        figures = item.figures
        return "" if figures is None else number_text(getattr(figures, field))

    return Column(field, cell, right=True)


STATISTICS = tuple(map(_column, ("min", "mean", "max", "std")))


@answering
def show(
    tree: Any,
    manifest: Mapping[str, VariableSpec] | None = None,
    *,
    stats: bool = False,
    values: bool = False,
) -> View:
    """A tree of arrays to look at: shapes, bytes, where each is, and its figures.

    In a notebook it is a tree to search and to open; `print` and ``rich.print`` show a
    table. Nothing is copied to the host but what is asked for.

    Args:
      tree: params, gradients, the state of an optimizer: a nested dict of arrays, or
        any other pytree. A `Manifest` or `Scope` is shown as it would be by itself.
      manifest: adds what is known of each variable: its initializer, the line that
        defined it. The moments of an optimizer are found by the end of their names.
      stats: adds minimum, mean, maximum and standard deviation of the finite numbers,
        and counts what is NaN or infinite. They are computed where the arrays are, by
        one program for each shape. Where arrays are spread over processes, all of them
        have to call it.
      values: adds a heatmap of the values, made by treescope, which the extra
        ``scopejax[notebooks]`` installs. Large arrays are cut.

    Returns:
      A view with `__str__`, `to_markdown`, and what notebooks and rich ask for.

    Raises:
      ImportError: `values` without treescope.

    >>> import jax.numpy as jnp, scopejax as sj
    >>> params = {"head": {"w": jnp.ones((2, 3)), "b": jnp.array([0.0, jnp.nan])}}
    >>> print(sj.show(params, stats=True))
    variable  shape        dtype    count  bytes  min  mean  max  std  notes
    ------------------------------------------------------------------------
    head/     2 variables               8   32 B
      b       (2,)         float32      2    8 B    0     0    0    0  1 NaN
      w       (2, 3)       float32      6   24 B    1     1    1    0
    ------------------------------------------------------------------------
    total     2 variables               8   32 B
    """
    known = view_of(tree)
    if known is not None:
        return known
    found = leaves_of(tree)
    figures = statistics(found) if stats else {}
    images = pictures(found) if values else {}
    specs = manifest or {}
    items = [
        item_of(path, leaf, specs, figures.get(path), images.get(path, ""))
        for path, leaf in found.items()
    ]
    columns = [*PLAIN_COLUMNS, *(STATISTICS if stats else ())]
    return View("Arrays", items, columns, remarks=_remarks(found, images, values))


def _remarks(found: Any, images: Any, values: bool) -> list[str]:
    if not values or len(images) == len(found):
        return []
    return [f"The values of {len(images)} of {len(found)} arrays are drawn."]
