"""How often each variable scope was opened: what makes a `default_name` unique.

Opening a scope adds one to its own count; closing it forgets the counts of everything
below. A jump into a captured scope saves all counts and brings them back. So the counts
are an immutable tree, one level for each component of a name: saving is a reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .._naming import Path


class Counters(NamedTuple):
    """The counts of one scope and of those below it.

    Attributes:
      opened: how often it was opened.
      below: the scopes below, by their next component.
      taken: default name -> a number up to which all its suffixes are in use.
    """

    opened: int = 0
    below: Mapping[str, Counters] = {}
    taken: Mapping[str, int] = {}

    def count(self, path: Path) -> int:
        """How often the scope at `path` was opened."""
        node = self
        for component in path:
            found = node.below.get(component)
            if found is None:
                return 0
            node = found
        return node.opened

    def open(self, path: Path) -> Counters:
        """With the scope at `path` opened once more."""
        if not path:
            return Counters(self.opened + 1, self.below, self.taken)
        return self._with(path[0], self.child(path[0]).open(path[1:]))

    def close(self, path: Path) -> Counters:
        """With everything below the scope at `path` forgotten."""
        if not path:
            return Counters(self.opened) if self.below else self
        child = self.child(path[0])
        closed = child.close(path[1:])
        return self if closed is child else self._with(path[0], closed)

    def child(self, component: str) -> Counters:
        """The counts below one component."""
        return self.below.get(component) or Counters()

    def unique(self, path: Path) -> tuple[str, Counters]:
        """The last component of `path`, with the first suffix that is free.

        Returns:
          The component, and counters that will find the next one sooner.

        >>> counters = Counters().open(("d",)).open(("d_1",))
        >>> counters.unique(("d",))[0]
        'd_2'
        """
        *above, last = path
        if above:
            name, child = self.child(above[0]).unique(path[1:])
            return name, self._with(above[0], child)
        if not self.count((last,)):
            return last, self
        k = self.taken.get(last, 0) + 1
        while self.count((f"{last}_{k}",)):
            k += 1
        return f"{last}_{k}", self._replace(taken={**self.taken, last: k - 1})

    def _with(self, component: str, child: Counters) -> Counters:
        below = {**self.below, component: child}
        return Counters(self.opened, below, self.taken)
