"""Which variables are meant: globs, regular expressions, predicates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.missing import no_match
from .._base.names import nearest
from .._base.texts import brief
from .._spec.spec import USUAL_COLLECTIONS, VariableSpec

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


def selected(
    specs: Mapping[str, VariableSpec],
    patterns: tuple[Pattern, ...],
    trainable: bool | None,
    collection: str | None,
) -> list[VariableSpec]:
    """What `Manifest.select` takes.

    Raises:
      InvalidArgumentError: one of them is no such thing, or covers nothing.
    """
    require_matches(patterns, specs)
    _require_flags(specs, trainable, collection)
    return [
        spec
        for spec in specs.values()
        if (not patterns or any(matches(pattern, spec) for pattern in patterns))
        and trainable in (None, spec.trainable)
        and (collection is None or collection in spec.collections)
    ]


def labelled(
    labels: Mapping[Pattern, Any], specs: Mapping[str, VariableSpec]
) -> dict[str, Any]:
    """What `Manifest.labels` gives each variable, by its name.

    Raises:
      InvalidArgumentError: a variable matches no pattern, or a pattern no variable.
    """
    if not isinstance(labels, Mapping):
        raise InvalidArgumentError(
            f"labels must be a dict of patterns, but received: {brief(labels)}",
            where=user_line(),
            remedy='labels({"encoder/**": "slow", "**": "fast"})',
        )
    require_matches(labels, specs)
    return {name: _label(spec, labels) for name, spec in specs.items()}


def _label(spec: VariableSpec, labels: Mapping[Pattern, Any]) -> Any:
    for pattern, value in labels.items():
        if matches(pattern, spec):
            return value
    raise InvalidArgumentError(
        f"No pattern gives {spec.name} a label.",
        name=spec.name,
        where=user_line(),
        remedy="Add a last pattern '**' for all the rest.",
    )


def _require_flags(
    specs: Mapping[str, VariableSpec], trainable: Any, collection: Any
) -> None:
    """Refuses what is no flag, and a collection of none; TF1's own may be empty."""
    if not isinstance(trainable, bool | np.bool_ | None):
        raise InvalidArgumentError(
            f"trainable must be True, False or None, but received: {brief(trainable)}",
            where=user_line(),
        )
    if collection is None or collection in USUAL_COLLECTIONS:
        return
    known = {name: None for spec in specs.values() for name in spec.collections}
    if collection not in known:
        raise InvalidArgumentError(
            f"No variable is in the collection {brief(collection)}.",
            where=user_line(),
            nearest=nearest(brief(collection), map(str, known)) or tuple(known)[:3],
        )


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
        f" {what}, but received: {brief(pattern)}",
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
