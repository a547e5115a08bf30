"""How many levels of scopes are shown."""

from __future__ import annotations

from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.texts import brief


def require_depth(depth: int | None) -> None:
    """Refuses what is no number of levels.

    Raises:
      InvalidArgumentError: it is neither None nor a whole number from 0 on.
    """
    if depth is not None and (not isinstance(depth, int) or depth < 0):
        raise InvalidArgumentError(
            f"depth is a number of levels, but received: {brief(depth)}",
            expected="a whole number from 0 on, or None for all",
            found=repr(depth),
            where=user_line(),
        )
