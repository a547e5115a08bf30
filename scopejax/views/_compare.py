"""`compare`: what happened to each variable between two trees."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from .._base.answers import answering
from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.numbers import number_text, ratio_text
from .._base.texts import brief
from .._spec.spec import VariableSpec
from .._text.table import Column, variables_text
from ._items import Item
from ._leaves import leaves_of
from ._pairs import headline, listed, of_pair
from ._statistics import changes, ratio
from ._view import View

Sort = Literal["name", "change", "relative", "max"]


class _Total(NamedTuple):
    """The change of several variables taken as one."""

    norm: float
    before: float
    max: float

    @property
    def relative(self) -> float:
        """As that of one variable."""
        return ratio(self.norm, self.before)


def _total(items: list[Item]) -> _Total | None:
    found = [item.figures for item in items if item.figures is not None]
    if not found:
        return None
    norm, before = (
        math.hypot(*(getattr(change, field) for change in found))
        for field in ("norm", "before")
    )
    return _Total(norm, before, max(change.max for change in found))


def _moved(items: list[Item]) -> float:
    total = _total(items)
    return 0.0 if total is None else total.norm


def _column(
    title: str, field: str, text: Callable[[float], str], weight: Any = None
) -> Column:
    def said(change: Any) -> str:
        return "" if change is None else text(getattr(change, field))

    return Column(
        title,
        lambda item: said(item.figures),
        lambda items: said(_total(items)),
        right=True,
        weight=weight,
    )


_COLUMNS = (
    Column("shape", lambda item: str(item.shape), variables_text),
    _column("change", "norm", number_text, _moved),
    _column("relative", "relative", ratio_text),
    _column("max", "max", number_text),
)
_SORTS: dict[str, Callable[[Any], float]] = {
    "change": lambda change: change.norm,
    "relative": lambda change: change.relative,
    "max": lambda change: change.max,
}


@answering
def compare(
    before: Any,
    after: Any,
    manifest: Mapping[str, VariableSpec] | None = None,
    *,
    sort: Sort = "name",
) -> View:
    """What happened to each variable from `before` to `after`, as after a step.

    For each the norm of its change, that norm by the norm of what was before, and the
    greatest absolute change; what is NaN or infinite now; what was added, removed or
    reshaped. Figures are of the numbers that are finite in both, and computed where
    the arrays are, by one program for each shape. What is unchanged is greyed.

    Args:
      before, after: params, or any pytrees. Where arrays are spread over processes,
        all of them have to call it.
      manifest: adds what is known of each variable, and tells of trainable ones that
        did not change.
      sort: ``"name"`` shows a tree; ``"change"``, ``"relative"`` and ``"max"`` a list,
        the greatest first.

    Returns:
      A view, as `scopejax.show`.

    Raises:
      InvalidArgumentError: `sort` is none of these.

    >>> import jax.numpy as jnp, scopejax as sj
    >>> before = {"w": jnp.array([3.0, 4.0]), "b": jnp.ones(2), "old": jnp.ones(1)}
    >>> after = {"w": jnp.array([3.0, 4.5]), "b": jnp.ones(2)}
    >>> print(sj.compare(before, after))
    variable  shape        change  relative  max  notes
    -------------------------------------------------------
    b         (2,)              0        0%    0  unchanged
    old       (1,)                                removed
    w         (2,)            0.5       10%  0.5
    -------------------------------------------------------
    total     3 variables     0.5     9.62%  0.5
    1 changed, 1 unchanged, 1 removed.
    """
    if sort not in ("name", *_SORTS):
        raise InvalidArgumentError(
            f"sort must be 'name', {', '.join(map(repr, _SORTS))}, but received:"
            f" {brief(sort)}",
            where=user_line(),
        )
    old, new = leaves_of(before), leaves_of(after)
    figures = changes({path: (old[path], new[path]) for path in old if path in new})
    paths = [*new, *(path for path in old if path not in new)]
    items = [
        of_pair(path, old.get(path), new.get(path), figures.get(path), manifest or {})
        for path in paths
    ]
    remarks = [headline(items)]
    if sort == "name":
        return View("Changes", items, _COLUMNS, remarks=remarks)
    return View(
        f"Changes by {sort}",
        listed(items, _SORTS[sort]),
        _COLUMNS,
        ordered=True,
        remarks=remarks,
    )
