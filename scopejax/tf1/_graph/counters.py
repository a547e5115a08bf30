"""How often each variable scope was opened: what makes a `default_name` unique.

Opening a scope adds one to its own count; closing it forgets the counts of everything
below. A jump into a captured scope saves all counts and brings them back. They are a
tree, one level for each component of a name. Saving it costs nothing: from then on its
nodes belong to nobody, and who wants to change one makes a copy of it first.
"""

from __future__ import annotations

from ..._base.names import Path


class Node:
    """The counts of one scope.

    Attributes:
      owner: who may change it.
      opened: how often it was opened.
      below: the scopes below, by their next component.
      taken: default name -> a number up to which all its suffixes are in use.
    """

    __slots__ = ("below", "opened", "owner", "taken")

    def __init__(
        self,
        owner: object,
        opened: int = 0,
        below: dict[str, Node] | None = None,
        taken: dict[str, int] | None = None,
    ) -> None:
        self.owner, self.opened = owner, opened
        self.below = below or {}
        self.taken = taken or {}


class Counters:
    """The counts of one thread in one graph.

    >>> counters = Counters()
    >>> counters.open(("d",))
    >>> before = counters.save()
    >>> counters.open(("d_1",))
    >>> counters.unique(("d",))
    'd_2'
    >>> counters.restore(before)
    >>> counters.unique(("d",))
    'd_1'
    """

    __slots__ = ("_owner", "_root")

    def __init__(self) -> None:
        self._owner = object()
        self._root = Node(self._owner)

    def save(self) -> Node:
        """The present counts."""
        self._owner = object()
        return self._root

    def restore(self, saved: Node) -> None:
        """Back to counts that were saved."""
        self._owner, self._root = object(), saved

    def open(self, path: Path) -> None:
        """Counts the opening of the scope at `path`."""
        self._own(path).opened += 1

    def close(self, path: Path) -> None:
        """Forgets everything below the scope at `path`."""
        found = self._find(path)
        if found is not None and (found.below or found.taken):
            node = self._own(path)
            node.below, node.taken = {}, {}

    def unique(self, path: Path) -> str:
        """The last component of `path`, with the first suffix that is free."""
        *above, last = path
        node = self._own(tuple(above))
        if not _opened(node, last):
            return last
        k = node.taken.get(last, 0) + 1
        while _opened(node, f"{last}_{k}"):
            k += 1
        node.taken[last] = k - 1
        return f"{last}_{k}"

    def _find(self, path: Path) -> Node | None:
        node: Node | None = self._root
        for component in path:
            node = node.below.get(component) if node is not None else None
        return node

    def _own(self, path: Path) -> Node:
        """The node at `path`, ours to change, as are those above it."""
        owner, node = self._owner, self._root
        if node.owner is not owner:
            node = self._root = _copy(node, owner)
        for component in path:
            child = node.below.get(component)
            if child is None or child.owner is not owner:
                child = Node(owner) if child is None else _copy(child, owner)
                node.below[component] = child
            node = child
        return node


def _opened(node: Node, component: str) -> int:
    child = node.below.get(component)
    return 0 if child is None else child.opened


def _copy(node: Node, owner: object) -> Node:
    return Node(owner, node.opened, dict(node.below), dict(node.taken))
