"""The diagram without its geometry: boxes, what is in them, and edges between.

A box is a scope. In it are the boxes of the scopes below, and parts of its own code:
operations between two boxes make one part. An edge is an array that one of these makes
and another takes. Where an edge crosses the border of a box it has a port there. What
leads nowhere is left out, and parts stand behind those that they take arrays from.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

from .._base.names import Path
from .._base.texts import printable
from .._spec.spec import VariableSpec
from ._flow import Flow, Op
from ._folding import Shapes, folded, shown
from ._owners import Visit


@dataclasses.dataclass
class Part:
    """Something in a box: a box, or operations; at the root, an input or an output.

    Attributes:
      kind: "box", "ops", "in" or "out".
      label: what it is called.
      box: of kind "box".
    """

    kind: str
    label: str
    box: Box | None = None


@dataclasses.dataclass(frozen=True)
class Edge:
    """An array on its way between two parts of one box.

    Attributes:
      source, target: numbers of parts; None is the border of the box.
      out_port, in_port: which port, where that end is a box or the border.
      is_parameter: whether it is a variable of one that the other reads.
      passes: by which pass it leaves and enters, where a box has several; else 0.
    """

    source: int | None
    target: int | None
    out_port: int = 0
    in_port: int = 0
    is_parameter: bool = False
    passes: tuple[int, int] = (0, 0)


@dataclasses.dataclass
class Box:
    """A scope, or several that are alike.

    Attributes:
      path: of the first of them; components may stand for several.
      members: the scopes' own paths.
      visits: how often each is passed through, in one pass through the box around.
      variables: those that the box itself holds; the boxes in it have their own.
      size, state, flops: of all members, with what is in them: numbers that are
        trainable, and that are not; operations.
      is_bounded: whether `flops` is known.
      is_counted: whether it is in the branch of a `cond` that counts.
      repeats: how many layers a stack has, or how often a loop runs it; 1 if once.
      is_stack: whether each of these has variables of its own.
      parts, edges: what is in it; the text of an edge is its array's shape and dtype.
      inputs, outputs: how many ports it has.
      copies: how many sets of its variables there are for one of the box around.
      passes: how often it runs, each time alike, in one pass through the box around.
    """

    path: Path
    members: list[Path] = dataclasses.field(default_factory=list)
    visits: int = 0
    variables: list[VariableSpec] = dataclasses.field(default_factory=list)
    size: int = 0
    state: int = 0
    flops: int = 0
    is_bounded: bool = True
    is_counted: bool = True
    repeats: int = 1
    is_stack: bool = False
    parts: list[Part] = dataclasses.field(default_factory=list)
    edges: dict[Edge, str] = dataclasses.field(default_factory=dict)
    inputs: int = 0
    outputs: int = 0
    copies: int = 1
    passes: int = 1

    @property
    def name(self) -> str:
        """What it is called in the box around, safe to print."""
        return printable(self.path[-1]) if self.path else ""

    def inside(self) -> list[Box]:
        """The boxes in it."""
        return [part.box for part in self.parts if part.box is not None]

    def walk(self) -> Iterable[Box]:
        """This box and all in it."""
        yield self
        for box in self.inside():
            yield from box.walk()


def drop_unused(root: Box, inputs: set[int]) -> None:
    """Forgets inputs that nothing takes."""
    used = {edge.source for edge in root.edges}
    count = range(len(root.parts))
    _keep(root, [n for n in count if n not in inputs or n in used])


def drop_dangling(box: Box) -> None:
    """Forgets operations that lead nowhere: what chose a branch, say."""
    while True:
        used = {edge.source for edge in box.edges}
        keep = [n for n, p in enumerate(box.parts) if p.kind != "ops" or n in used]
        if len(keep) == len(box.parts):
            return
        _keep(box, keep)


def put_in_order(box: Box) -> None:
    """Puts each part behind those that it takes arrays from.

    Where that is a circle, since a box is passed through twice, the program's order
    tells which is first.
    """
    waits: dict[int, set[int]] = {n: set() for n in range(len(box.parts))}
    for edge in box.edges:
        if edge.source is not None and edge.target is not None:
            waits[edge.target].add(edge.source)
    order: list[int] = []
    while waits:
        ready = [n for n, above in waits.items() if not above & waits.keys() - {n}]
        chosen = min(ready or waits)
        order.append(chosen)
        del waits[chosen]
    _keep(box, order)


def _keep(box: Box, order: Sequence[int]) -> None:
    """Keeps some parts, in this order, and the edges between them."""
    numbers: dict[int | None, int | None] = {None: None}
    numbers.update({n: place for place, n in enumerate(order)})
    box.parts = [box.parts[n] for n in order]
    box.edges = {
        dataclasses.replace(
            edge, source=numbers[edge.source], target=numbers[edge.target]
        ): text
        for edge, text in box.edges.items()
        if edge.source in numbers and edge.target in numbers
    }


class Places:
    """Where each scope is drawn, and the boxes there."""

    def __init__(self, flow: Flow, depth: int | None, fold: bool) -> None:
        self.flow = flow
        self.shapes = Shapes(flow)
        self._names = folded(self.shapes) if fold else {}
        self._depth = depth
        self.boxes: dict[Path, Box] = {}
        self._stacks: dict[Path, set[tuple[int, ...]]] = {}
        for path in self.shapes.paths():
            place = self.of(path)
            box = self.boxes.setdefault(place, Box(place))
            if len(place) == len(path):
                box.members.append(path)
        for spec in flow.traced.manifest.values():
            self._hold(spec)
        self._count()
        self.visits = {place: self._visits(box) for place, box in self.boxes.items()}

    def of(self, path: Path) -> Path:
        """The box that a scope is drawn as, or in."""
        return shown(path, self._names, self._depth)

    def _hold(self, spec: VariableSpec) -> None:
        place = self.of(spec.path[:-1])
        self.boxes[place].variables.append(spec)
        for depth in range(len(place) + 1):
            box = self.boxes[place[:depth]]
            box.size += spec.size if spec.trainable else 0
            box.state += 0 if spec.trainable else spec.size
            self._stacks.setdefault(place[:depth], set()).add(spec.stack)

    def _count(self) -> None:
        ops: dict[Path, list[Op]] = {place: [] for place in self.boxes}
        for op in self.flow.ops:
            place = self.of(op.visits[-1].path)
            for depth in range(len(place) + 1):
                ops[place[:depth]].append(op)
        for place, inside in ops.items():
            box = self.boxes[place]
            box.flops = sum(op.flops for op in inside)
            box.is_bounded = all(op.is_bounded and op.cost.is_known for op in inside)
            box.is_counted = not inside or any(op.counts for op in inside)
            above = ops[place[:-1]] if len(place) > 1 else []
            box.repeats = _repeats(inside) // max(1, _repeats(above)) if place else 1
        for place, box in self.boxes.items():
            own = self._stack(place) if place else ()
            around = self._stack(place[:-1]) if len(place) > 1 else ()
            new = own[len(around) :] if own[: len(around)] == around else own
            if new:
                box.repeats, box.is_stack = math.prod(new), True

    def _stack(self, place: Path) -> tuple[int, ...]:
        """The stack that all variables in a box are in."""
        stacks = self._stacks.get(place, ())
        shared = min(stacks, key=len, default=())
        return shared if all(s[: len(shared)] == shared for s in stacks) else ()

    def pass_of(self, place: Path, visit: Visit | None) -> int:
        """Which pass through a box one is, from 1 on; 0 if there is one alone."""
        box = self.boxes[place]
        if visit is None or len(box.members) != 1 or box.visits < 2:
            return 0
        return self.shapes.visits(box.members[0]).index(visit) % box.visits + 1

    def _visits(self, box: Box) -> list[Visit]:
        """The passes to draw: the first alone, where all others do the same."""
        visits = [v for path in box.members for v in self.shapes.visits(path)]
        box.visits = len(visits) // max(1, len(box.members))
        around = self.boxes[box.path[:-1]] if box.path else box
        if box.visits and around.visits and box.visits % around.visits == 0:
            box.visits //= around.visits if box.path else 1
        alike = len({self.shapes.of_visit(visit) for visit in visits}) == 1
        box.copies = max(1, len(box.members) // max(1, len(around.members)))
        box.copies = 1 if box is around else box.copies
        box.passes = box.copies * (box.visits if alike else 1) * box.repeats
        box.copies *= box.repeats if box.is_stack else 1
        return visits[:1] if alike else visits


def _repeats(ops: list[Op]) -> int:
    """How often the loops around all of `ops` run."""
    loops = [op.loops for op in ops if not op.is_fixed]
    shared = min(loops, key=len, default=())
    while not all(loop[: len(shared)] == shared for loop in loops):
        shared = shared[:-1]
    return math.prod(n or 1 for n in shared)
