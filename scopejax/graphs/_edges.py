"""Arrays become edges: from the part that makes one to the parts that take it."""

from __future__ import annotations

from typing import Any

from .._base.names import Path, split
from ._boxes import Box, Edge, Part, Places, drop_dangling, drop_unused, put_in_order
from ._ends import End, Link, Segment, shared_depth
from ._flow import Flow, Op, Value
from ._words import aval_text, op_word, ops_text

MOST_PORTS = 6  # of one pass through a box; more are drawn as one

# What is no step of its own, if it stands between two boxes.
_THROUGH = frozenset(
    {
        *("reshape", "broadcast_in_dim", "broadcast_to", "squeeze", "transpose"),
        *("convert_element_type", "copy", "slice", "stop_gradient", "name", "pvary"),
        *("sharding_constraint", "optimization_barrier", "reduce_precision"),
    }
)


def draw(flow: Flow, depth: int | None, fold: bool) -> Box:
    """The root box of a model's diagram."""
    return _Wiring(Places(flow, depth, fold)).root()


class _Wiring:
    def __init__(self, places: Places) -> None:
        self._places = places
        self._flow = places.flow
        self._boxes = places.boxes
        self._made: dict[Value, tuple[End, ...]] = {}
        self._variables: dict[Value, tuple[Value, ...]] = {
            value: (value,) for value in places.flow.variables
        }
        self._numbers: dict[Path, int] = {}
        self._ports: dict[Any, dict[Value, int]] = {}
        self._open = {p for p in self._boxes if not p or self._has_boxes(p)}
        self._links: list[Link] = []

    def _has_boxes(self, place: Path) -> bool:
        return any(p[:-1] == place and p for p in self._boxes)

    def root(self) -> Box:
        root = self._boxes[()]
        inputs = self._inputs(root)
        for op in self._flow.ops:
            self._op(op)
        self._number()
        for link in self._links:
            self._link(link)
        self._outputs(root)
        drop_unused(root, set(inputs.values()))
        for box in self._boxes.values():
            drop_dangling(box)
            put_in_order(box)
        return root

    # Parts

    def _inputs(self, root: Box) -> dict[Value, int]:
        """A part for each argument; most models have few."""
        numbers = {}
        for value, name in self._flow.arguments.items():
            segment = Segment((), [], len(root.parts))
            root.parts.append(Part("in", f"{name}: {self._text(value)}"))
            self._made[value] = (End((), segment, (None,), 0),)
            numbers[value] = len(root.parts) - 1
        return numbers

    def _op(self, op: Op) -> None:
        place = self._places.of(op.visits[-1].path)
        visits = tuple(self._visit(op, n) for n in range(len(place) + 1))
        ends = [
            (end, value)
            for choice in op.inputs
            for value in choice
            for end in self._made.get(value, ())
        ]
        if not ends:
            self._derive(op)
            return
        if self._is_through(op, place, ends):
            for value in op.outputs:
                self._made[value] = tuple(dict.fromkeys(end for end, _ in ends))
            return
        end = self._end(op, place, visits, [end for end, _ in ends])
        texts = {
            value: aval_text(atom.aval)
            for choice, atom in zip(op.inputs, op.eqn.invars, strict=True)
            for value in choice
        }
        for source, value in ends:
            self._links.append(Link(source, end, value, texts[value]))
        for value in self._reads(op):
            self._read(value, end)
        for value in op.outputs:
            self._made[value] = (end,)

    def _visit(self, op: Op, depth: int) -> Any:
        return op.visits[min(depth, len(op.visits) - 1)]

    def _derive(self, op: Op) -> None:
        """What depends on variables alone stands for them; else it is a constant."""
        reads = self._reads(op)
        self._variables.update(dict.fromkeys(op.outputs, reads) if reads else {})

    def _reads(self, op: Op) -> tuple[Value, ...]:
        """The variables that an operation depends on directly."""
        values = (value for choice in op.inputs for value in choice)
        read = (v for value in values for v in self._variables.get(value, ()))
        return tuple(dict.fromkeys(read))

    def _read(self, value: Value, end: End) -> None:
        """A variable of a box that is not around has an edge from there."""
        home = self._places.of(split(self._flow.variables[value])[:-1])
        if end.place[: len(home)] != home:
            visits = tuple(None for _ in range(len(home) + 1))
            source = End(home, None, visits, 0)
            self._links.append(Link(source, end, value, self._text(value), True))

    def _is_through(self, op: Op, place: Path, ends: list[tuple[End, Value]]) -> bool:
        through = op.eqn.primitive.name in _THROUGH
        return through and place in self._open and bool(ends) and not self._reads(op)

    def _end(
        self, op: Op, place: Path, visits: tuple[Any, ...], sources: list[End]
    ) -> End:
        """The place of an operation: in a part of its box, if the box shows parts."""
        rank = max((self._rank(s, place, visits) for s in sources), default=0)
        if place not in self._open:
            return End(place, None, visits, rank)
        segment = Segment(place, [op.name or op_word(op.eqn)])
        for source in sources:
            if source.visits == visits and source.rank == rank:
                segment = segment.joined_to(source.segment)
        return End(place, segment, visits, rank)

    def _rank(self, source: End, place: Path, visits: tuple[Any, ...]) -> int:
        """How many boxes come before: parts of one rank can be one."""
        same = source.place == place and source.visits == visits
        return source.rank if same else source.rank + 1

    def _number(self) -> None:
        """Gives a number to each part that is drawn, in the order of the program."""
        for link in self._links:
            for end in link[:2]:
                self._add_parts(end)
        for place in self._boxes:
            self._add_boxes(place)

    def _add_parts(self, end: End) -> None:
        self._add_boxes(end.place)
        segment = end.segment and end.segment.root()
        if segment and segment.number is None and self._is_drawn(end):
            parts = self._boxes[end.place].parts
            segment.number = len(parts)
            parts.append(Part("ops", ops_text(segment.words)))

    def _add_boxes(self, place: Path) -> None:
        for depth in range(1, len(place) + 1):
            if place[:depth] not in self._numbers:
                parts = self._boxes[place[: depth - 1]].parts
                self._numbers[place[:depth]] = len(parts)
                parts.append(Part("box", "", self._boxes[place[:depth]]))

    def _is_drawn(self, end: End, depth: int | None = None) -> bool:
        """Whether it is in a pass that is drawn, through all boxes around."""
        depth = len(end.place) if depth is None else depth
        around = zip(range(depth + 1), end.visits, strict=False)
        return all(
            visit is None or visit in self._places.visits[end.place[:n]]
            for n, visit in around
            if n
        )

    # Edges

    def _link(self, link: Link) -> None:
        source, target = link.source, link.target
        shared = shared_depth(source, target)
        if not (self._is_drawn(source, shared) and self._is_drawn(target, shared)):
            return
        out = self._climb(link, source, shared)
        into = self._climb(link, target, shared)
        if out is None or into is None or self._is_within(source, target, shared):
            return
        passes = self._pass(source, shared), self._pass(target, shared)
        edge = Edge(out[0], into[0], out[1], into[1], link.is_parameter, passes)
        self._boxes[source.place[:shared]].edges.setdefault(edge, link.text)

    def _pass(self, end: End, shared: int) -> int:
        if len(end.place) == shared:
            return 0
        return self._places.pass_of(end.place[: shared + 1], end.visits[shared + 1])

    def _is_within(self, source: End, target: End, shared: int) -> bool:
        """Whether both are of one part, or of layers that are folded into one."""
        if source.place == target.place and len(source.place) == shared:
            one, two = source.segment, target.segment
            return one is None or two is None or one.root() is two.root()
        if source.place[: shared + 1] != target.place[: shared + 1]:
            return False
        here = source.place[: shared + 1]
        return len(here) > shared and len(self._boxes[here].members) > 1

    def _climb(
        self, link: Link, end: End, shared: int
    ) -> tuple[int | None, int] | None:
        """Goes up to the box that has both ends; the part there, and its port."""
        number = end.segment.root().number if end.segment else None
        if number is None and end.segment is not None and len(end.place) == shared:
            return None
        here: tuple[int | None, int] = (number, 0)
        for depth in range(len(end.place), shared, -1):
            place = end.place[:depth]
            port = self._port(place, end.visits[depth], link, end is link.target)
            is_shown = place in self._open and self._is_drawn(end, depth)
            if is_shown and here[0] is not None:
                inward = Edge(None, here[0], port, here[1])
                outward = Edge(here[0], None, here[1], port)
                edge = inward if end is link.target else outward
                self._boxes[place].edges.setdefault(edge, link.text)
            here = (self._numbers[place], port)
        return here

    def _port(self, place: Path, visit: Any, link: Link, inward: bool) -> int:
        """The number of an array among those that come into a box, or leave it."""
        ports = self._ports.setdefault((place, visit, inward), {})
        port = ports.setdefault(link.value, len(ports))
        port = port if port < MOST_PORTS else 0
        box = self._boxes[place]
        if inward:
            box.inputs = max(box.inputs, port + 1)
        else:
            box.outputs = max(box.outputs, port + 1)
        return port

    def _outputs(self, root: Box) -> None:
        atoms = self._flow.traced.jaxpr.outvars
        for values, atom in zip(self._flow.outputs, atoms, strict=True):
            ends = [(end, v) for v in values for end in self._made.get(v, ())]
            if ends:
                target = End((), Segment((), [], len(root.parts)), (None,), 0)
                root.parts.append(Part("out", aval_text(atom.aval)))
            for end, value in ends:
                self._link(Link(end, target, value, aval_text(atom.aval)))

    def _text(self, value: Value) -> str:
        return aval_text(self._flow.avals[value])
