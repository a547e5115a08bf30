"""Which variables are meant: globs, regular expressions, predicates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.missing import no_match
from .._spec.spec import VariableSpec

Pattern = str | re.Pattern[str] | Callable[[VariableSpec], bool]
"""A glob over full names, an expression that matches all of one, or a predicate."""

NamePattern = str | re.Pattern[str] | Callable[[str], bool]
"""The same, where only the full name is known: a predicate gets that."""


def matches(pattern: Pattern, spec: VariableSpec) -> bool:
    """Whether `spec` is meant by `pattern`.

    In a glob ``*`` stands for any part of one component, ``**`` for any number of
    components, ``?`` for one character, ``[ab]`` for one of several and ``[!ab]`` for
    one of all others.
    """
    return _matches(pattern, spec.name, spec)


def require_matches(
    patterns: Iterable[Pattern], specs: Mapping[str, VariableSpec]
) -> None:
    """Refuses a glob or an expression that matches none of `specs`.

    Raises:
      InvalidArgumentError: one matches no variable at all.
    """
    for pattern in patterns:
        if callable(pattern) or any(matches(pattern, s) for s in specs.values()):
            continue
        raise no_match(pattern, specs)


def matches_name(pattern: NamePattern, name: str) -> bool:
    """Whether a variable of the full name `name` is meant; as `matches`.

    >>> matches_name("**/kernel", "encoder/h0/kernel")
    True
    """
    return _matches(pattern, name, name)


def _matches(pattern: Any, name: str, described: Any) -> bool:
    if isinstance(pattern, str):
        return _covers(tuple(pattern.split("/")), tuple(name.split("/")))
    if isinstance(pattern, re.Pattern):
        return pattern.fullmatch(name) is not None
    if callable(pattern):
        return bool(pattern(described))
    what = "name" if isinstance(described, str) else "VariableSpec"
    raise InvalidArgumentError(
        f"A pattern is a glob, a compiled regular expression or a function of a"
        f" {what}, but received: {pattern!r}",
        where=user_line(),
    )


def _covers(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    if not pattern:
        return not path
    first, *rest = pattern
    if first != "**":
        here = bool(path) and fnmatchcase(path[0], first)
        return here and _covers(pattern[1:], path[1:])
    least = 0 if rest else 1  # at the end it stands for one component at least
    return any(_covers(pattern[1:], path[i:]) for i in range(least, len(path) + 1))
