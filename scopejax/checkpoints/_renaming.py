"""Other names on the way in: ``{"old/**": "new/**"}``, expressions, functions."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping

from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.names import nearest
from .._base.texts import brief

Renaming = Mapping[str | re.Pattern[str], str] | Callable[[str], str]
"""From what a checkpoint calls its arrays to what the model does."""

# What may stand for more than itself in a glob, and the expression for it.
_WILDCARD = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^]]+\]")
_MEANS = {"**/": "(?:(.+)/)?", "**": "(.+)", "*": "([^/]*)", "?": "([^/])"}


def renamed(names: Iterable[str], renaming: Renaming | None) -> dict[str, str]:
    """The new name of each; the first pattern that covers a name decides.

    In a glob that becomes a glob, the wildcards of the new one stand for what those of
    the old one covered, in their order. An expression that covers all of a name gives
    its groups to the new name, as in `re.Match.expand`.

    Raises:
      InvalidArgumentError: a pattern covers no name, the wildcards of two globs are not
        as many, or two names become one.

    >>> renamed(["old/h0/w", "step"], {"old/**": "new/**"})
    {'old/h0/w': 'new/h0/w', 'step': 'step'}
    >>> renamed(["a.b"], lambda name: name.replace(".", "/"))
    {'a.b': 'a/b'}
    """
    names = list(names)
    new = renamer(names, renaming)
    return _distinct({name: new(name) for name in names})


def renamer(
    names: Iterable[str] | None, renaming: Renaming | None
) -> Callable[[str], str]:
    """The new name of one name; each pattern has to cover one of `names`, if given."""
    if renaming is None:
        return lambda name: name
    return renaming if callable(renaming) else _by_table(names, renaming)


def _by_table(
    names: Iterable[str] | None, table: Mapping[str | re.Pattern[str], str]
) -> Callable[[str], str]:
    rules = [_rule(old, new) for old, new in table.items()]
    names = None if names is None else list(names)
    for (pattern, _), old in zip(rules, table, strict=True):
        if names is not None and not any(map(pattern.fullmatch, names)):
            raise InvalidArgumentError(
                f"rename: nothing in the checkpoint is called {brief(_text(old))}.",
                where=user_line(),
                nearest=nearest(_text(old).strip("*/"), names),
                remedy="python -m scopejax inspect PATH shows the names.",
            )

    def new_name(name: str) -> str:
        for pattern, template in rules:
            match = pattern.fullmatch(name)
            if match:
                # Where ** stood for nothing, its slash is one too many.
                return re.sub("/+", "/", match.expand(template)).lstrip("/")
        return name

    return new_name


def _text(pattern: str | re.Pattern[str]) -> str:
    return pattern if isinstance(pattern, str) else pattern.pattern


def _rule(old: str | re.Pattern[str], new: str) -> tuple[re.Pattern[str], str]:
    """An expression for the old name and a template for the new one."""
    if isinstance(old, re.Pattern):
        return old, new
    wildcards = _WILDCARD.findall(old)
    places = len(_WILDCARD.findall(new))
    if places != len(wildcards):
        raise InvalidArgumentError(
            f"rename: {brief(old)} has {len(wildcards)} wildcards and {brief(new)} has"
            f" {places}.",
            where=user_line(),
            remedy="Use a compiled regular expression to move or drop parts of a name.",
        )
    return _expression(old, wildcards), _template(new)


def _expression(glob: str, wildcards: list[str]) -> re.Pattern[str]:
    fixed = map(re.escape, _WILDCARD.split(glob))
    groups = [_MEANS.get(w) or f"({w.replace('[!', '[^')})" for w in wildcards]
    pieces = zip(fixed, [*groups, ""], strict=True)
    return re.compile("".join(text + group for text, group in pieces))


def _template(glob: str) -> str:
    """The glob with ``\\g<1>``, ``\\g<2>``, ... for its wildcards."""
    numbers = itertools.count(1)

    def group(wildcard: re.Match[str]) -> str:
        return rf"\g<{next(numbers)}>" + "/" * (wildcard[0] == "**/")

    return _WILDCARD.sub(group, glob.replace("\\", r"\\"))


def _distinct(names: dict[str, str]) -> dict[str, str]:
    """Raises where two names become one."""
    first: dict[str, str] = {}
    for old, new in names.items():
        if new in first:
            raise InvalidArgumentError(
                f"rename: {first[new]} and {old} would both be called {new}.",
                name=new,
                where=user_line(),
            )
        first[new] = old
    return names
