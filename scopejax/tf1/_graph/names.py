"""Op names, as TF1 makes them unique, and where each variable has its place in a tree.

A name in use is known by its lower case. A new one gets the smallest suffix ``_k`` that
is free, counted from the number of earlier requests, and nothing is ever given back.

The nested dict of variables goes by op names. TF1's names are flat text, so ``v`` and
``v/w`` may both be variables, and a component may be empty; a dict has no room for
either. There a colon helps, which no op name can contain: what came second is called
``v:`` where it is the scope and ``v:0`` where it is the variable.
"""

from __future__ import annotations

import functools
import re

from ..._base.tf1_errors import tf_error

_ROOT_NAME = r"^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$"
_SCOPE_NAME = r"^[A-Za-z0-9_.\\/>-]*$"
_RULES = {
    True: ("root scope name", re.compile(_ROOT_NAME)),
    False: ("scope name", re.compile(_SCOPE_NAME)),
}


@functools.lru_cache(maxsize=65536)
def require_valid(name: str, at_root: bool) -> None:
    """Refuses what TF1 takes for no op name; below another name more is allowed."""
    what, pattern = _RULES[at_root]
    if not pattern.match(name):
        raise tf_error(
            ValueError,
            f"'{name}' is not a valid {what}. A {what} has to match the following"
            f" pattern: {pattern.pattern}",
        )


def below(above: str, name: str) -> str:
    """``"a"``, ``"b"`` -> ``"a/b"``; below the root, ``""``, a name stays as it is."""
    return f"{above}/{name}" if above else name


class NameTable:
    """The op names in use in one graph.

    >>> table = NameTable()
    >>> [table.unique(name) for name in ("x_1", "x", "X", "x_1")]
    ['x_1', 'x', 'X_2', 'x_1_1']
    """

    __slots__ = ("_requests",)

    def __init__(self, requests: dict[str, int] | None = None) -> None:
        self._requests = requests or {}

    def copy(self) -> NameTable:
        """A table that goes its own way from here."""
        return NameTable(dict(self._requests))

    def unique(self, name: str, mark_as_used: bool = True) -> str:
        """`name`, or `name_k` where it is taken."""
        requests, wanted = self._requests, name.lower()
        k = requests.get(wanted, 0)
        if mark_as_used:
            requests[wanted] = k + 1
        if not k:
            return name
        key = wanted
        while key in requests:
            key = f"{wanted}_{k}"
            k += 1
        if mark_as_used:
            requests[key] = 1
        return f"{name}_{k - 1}"


class Places:
    """Op name -> name in the nested dict of variables, for one graph.

    >>> places = Places()
    >>> [places.add(name) for name in ("v", "v/w", "a/b", "a", "o//b")]
    ['v', 'v:/w', 'a/b', 'a:0', 'o/:/b']
    """

    __slots__ = ("_scopes", "_used", "_variables")

    def __init__(self) -> None:
        self._scopes: dict[str, str] = {"": ""}
        self._used: set[str] = set()
        self._variables: set[str] = set()

    def copy(self) -> Places:
        """Places that go their own way from here."""
        places = Places()
        places._scopes = dict(self._scopes)
        places._used = set(self._used)
        places._variables = set(self._variables)
        return places

    def add(self, name: str) -> str:
        """A place for the variable `name`."""
        scope, slash, last = name.rpartition("/")
        place = self._scope(scope) + "/" * bool(slash) + (last or ":0")
        while place in self._used or place in self._variables:
            place += ":0"
        self._variables.add(place)
        return place

    def free(self, place: str) -> None:
        """Gives back the place of a variable that could not be made."""
        self._variables.discard(place)

    def _scope(self, name: str) -> str:
        place = self._scopes.get(name)
        if place is None:
            above, slash, last = name.rpartition("/")
            place = self._scope(above) + "/" * bool(slash) + (last or ":")
            place += ":" * (place in self._variables)
            self._scopes[name] = place
            self._used.add(place)
        return place
