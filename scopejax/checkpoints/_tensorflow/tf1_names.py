"""From the names in a nested dict of TF1 variables back to TensorFlow's."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..._base.answers import answering
from ..._base.errors import InvalidArgumentError
from ..._base.lines import user_line

# What `scopejax.tf1` adds where a dict has no room for a name. TensorFlow's own names
# hold no colon.
_ADDED_TO_VARIABLE = re.compile("(?::0)+$")
_ADDED_TO_SCOPE = re.compile(":(?=/)")


@answering
def to_tf1_names(names: Iterable[str]) -> dict[str, str]:
    """Name in the nested dict -> TensorFlow's name.

    A dict cannot hold both ``v`` and ``v/w``, nor a name without letters. There
    `scopejax.tf1` calls the scope ``v:`` or the variable ``v:0``.

    Raises:
      InvalidArgumentError: two variables would have one name.

    >>> to_tf1_names(["v", "v:/w", "a/b", "a:0", "o/:/b"])
    {'v': 'v', 'v:/w': 'v/w', 'a/b': 'a/b', 'a:0': 'a', 'o/:/b': 'o//b'}
    """
    found: dict[str, str] = {}
    places: dict[str, str] = {}
    for place in names:
        name = _ADDED_TO_SCOPE.sub("", _ADDED_TO_VARIABLE.sub("", place))
        other = places.setdefault(name, place)
        if other != place:
            raise InvalidArgumentError(
                f"{other} and {place} are both {name} to TensorFlow.",
                name=place,
                where=user_line(),
                remedy="Rename one of the variables.",
            )
        found[place] = name
    return found
