"""Profile: what each scope of a model costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from .._base.answers import answering
from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.names import Path, join
from .._base.texts import brief
from .._manifest.manifest import Manifest
from . import _table
from ._flow import Flow, Op, flow_of
from ._times import times_of
from ._trace import Apply, trace
from ._words import require_depth


class Row(NamedTuple):
    """What one scope costs, with all scopes in it.

    Attributes:
      name: its full name; "" for the whole model.
      parameters: numbers in its trainable variables.
      flops: floating-point operations.
      nbytes: parameters read and results written.
      is_bounded: False where a `while_loop` was counted as one step, or code that
        nobody can look into as nothing.
      seconds: measured; None if it was not, or cannot be.
      state: numbers in its variables that are not trainable.
    """

    name: str
    parameters: int
    flops: int
    nbytes: int
    is_bounded: bool
    seconds: float | None = None
    state: int = 0

    @property
    def depth(self) -> int:
        """How many scopes are around it, the root counted."""
        return self.name.count("/") + 1 if self.name else 0


class Profile:
    """A table of what each scope costs; `Transformed.profile` makes one.

    Attributes:
      rows: the scopes, each before those in it; the first is the whole model.

    >>> import jax.numpy as jnp, scopejax as sj
    >>> net = sj.transform(lambda s, x: sj.layers.dense(s / "head", x, 3))
    >>> profile = net.profile(jnp.ones((4, 2)))
    >>> profile["head"].parameters, profile["head"].flops
    (9, 60)
    """

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows

    def __getitem__(self, name: str) -> Row:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    @property
    def total(self) -> Row:
        """The whole model."""
        return self.rows[0]

    @answering
    def sort(self, by: str) -> Profile:
        """The same with the largest first, among the scopes within each scope.

        Args:
          by: ``"parameters"``, ``"state"``, ``"flops"``, ``"nbytes"`` or
            ``"seconds"``.

        Raises:
          InvalidArgumentError: `by` is something else.

        >>> import jax.numpy as jnp, scopejax as sj
        >>> def model(scope, x):
        ...     x = sj.layers.dense(scope / "small", x, 2)
        ...     return sj.layers.dense(scope / "large", x, 100)
        >>> profile = sj.transform(model).profile(jnp.ones((4, 2)))
        >>> [row.name for row in profile.sort("flops").rows]
        ['', 'large', 'small']
        """
        if by not in _ORDERS:
            raise InvalidArgumentError(
                f"A profile is not sorted by {brief(by)}.",
                expected=", ".join(_ORDERS),
                found=brief(by),
                where=user_line(),
            )
        return Profile(list(_sorted(self.rows, by)))

    def __str__(self) -> str:
        return _table.to_text(self.rows)

    def __repr__(self) -> str:
        return f"<Profile of {len(self.rows) - 1} scopes, {self.total.flops:,} FLOPs>"

    def __rich__(self) -> Any:
        return _table.to_rich(self.rows)

    def _repr_html_(self) -> str:
        return _table.to_html(self.rows)

    def to_markdown(self) -> str:
        """The table for a README."""
        return _table.to_markdown(self.rows)


_ORDERS = ("parameters", "state", "flops", "nbytes", "seconds")


def _sorted(rows: list[Row], by: str) -> Iterator[Row]:
    """A row, then the groups of the rows below it, the largest first."""
    head, *rest = rows
    yield head
    groups: list[list[Row]] = []
    for row in rest:
        if row.depth == head.depth + 1:
            groups.append([])
        groups[-1].append(row)
    for group in sorted(
        groups, key=lambda rows: getattr(rows[0], by) or 0, reverse=True
    ):
        yield from _sorted(group, by)


def profile_of(
    apply: Apply,
    manifest: Manifest,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    grad: bool,
    time: bool,
    depth: int | None,
) -> Profile:
    """The profile of a model; see `Transformed.profile`."""
    require_depth(depth)
    flow = flow_of(trace(apply, manifest, args, kwargs, grad=grad))
    seconds = times_of(flow) if time else {}
    paths = [path for path in _paths(flow) if depth is None or len(path) <= depth]
    ops: dict[Path, list[Op]] = {path: [] for path in paths}
    for op in flow.ops:
        for visit in op.visits[: len(op.visits) if depth is None else depth + 1]:
            ops[visit.path].append(op)
    sizes = _sizes(flow)
    return Profile([_row(p, sizes, found, seconds.get(p)) for p, found in ops.items()])


def _sizes(flow: Flow) -> Counter[tuple[Path, bool]]:
    """How many numbers each scope has that are trainable, and that are not."""
    sizes: Counter[tuple[Path, bool]] = Counter()
    for spec in flow.traced.manifest.values():
        for n in range(len(spec.path)):
            sizes[spec.path[:n], spec.trainable] += spec.size
    return sizes


def _paths(flow: Flow) -> list[Path]:
    """All scopes, in the order that they are entered, each before those in it."""
    seen: dict[Path, None] = {(): None}
    for op in flow.ops:
        seen.update(dict.fromkeys(visit.path for visit in op.visits))
    for spec in flow.traced.manifest.values():
        seen.update(dict.fromkeys(spec.path[:n] for n in range(len(spec.path))))
    place = {path: n for n, path in enumerate(seen)}
    return sorted(
        seen, key=lambda path: [place[path[:n]] for n in range(len(path) + 1)]
    )


def _row(
    path: Path,
    sizes: Counter[tuple[Path, bool]],
    ops: list[Op],
    seconds: float | None,
) -> Row:
    return Row(
        join(path),
        sizes[path, True],
        sum(op.flops for op in ops),
        sum(op.nbytes for op in ops),
        all(op.is_bounded and op.cost.is_known for op in ops),
        seconds,
        sizes[path, False],
    )
