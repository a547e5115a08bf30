"""Which variables are meant: globs, regular expressions, predicates."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from ._errors import InvalidArgumentError
from ._spec import VariableSpec
from ._where import user_line

Pattern = str | re.Pattern[str] | Callable[[VariableSpec], bool]
"""A glob over full names, an expression that matches all of one, or a predicate."""


def matches(pattern: Pattern, spec: VariableSpec) -> bool:
    """Whether `spec` is meant by `pattern`.

    In a glob ``*`` stands for any part of one component, ``**`` for any number of
    components, ``?`` for one character and ``[ab]`` for one of several.
    """
    if isinstance(pattern, str):
        return _glob(pattern).fullmatch(spec.name) is not None
    if isinstance(pattern, re.Pattern):
        return pattern.fullmatch(spec.name) is not None
    if callable(pattern):
        return bool(pattern(spec))
    raise InvalidArgumentError(
        f"A pattern is a glob, a compiled regular expression or a function of a"
        f" VariableSpec, but received: {pattern!r}",
        where=user_line(),
    )


@functools.lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    *parents, last = pattern.split("/")
    above = ["(?:[^/]+/)*" if part == "**" else _part(part) + "/" for part in parents]
    return re.compile("".join(above) + (".+" if last == "**" else _part(last)))


_WILD = {"*": "[^/]*", "?": "[^/]"}


def _part(part: str) -> str:
    pieces = re.split(r"(\*|\?|\[[^\]]+\])", part)
    return "".join(
        _WILD.get(piece)
        or (piece if re.fullmatch(r"\[[^\]]+\]", piece) else re.escape(piece))
        for piece in pieces
    )
