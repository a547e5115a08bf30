"""Nested dicts of arrays: to flat names, back, and joined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .answers import answering
from .errors import InvalidArgumentError, VariableExistsError
from .lines import user_line
from .names import DEEPEST, Path, join, split
from .texts import brief, cut

Tree = dict[str, Any]


def leaves(
    tree: Any, what: str = "tree", path: Path = ()
) -> Iterator[tuple[Path, Any]]:
    """The `(path, leaf)` pairs of a nested dict, in its own order, below `path`.

    Raises:
      InvalidArgumentError: `tree` is no dict, or a key is no name.
    """
    if not isinstance(tree, Mapping):
        raise InvalidArgumentError(
            f"{what} must be a nested dict of arrays, but received: "
            f"{type(tree).__name__}",
            expected="a dict, such as init returns",
            found=cut(brief(tree), 60),
            where=user_line(),
            remedy="With state, init returns two: params, state = net.init(...), and"
            " net.apply(params, state, ...)."
            if isinstance(tree, tuple)
            else None,
        )
    return _walk(tree, path, what)


def _walk(tree: Mapping[Any, Any], path: Path, what: str) -> Iterator[tuple[Path, Any]]:
    levels = [(path, iter(tree.items()))]
    while levels:
        path, items = levels[-1]
        for key, value in items:
            _require_key(key, path, what)
            if isinstance(value, Mapping):
                levels.append(((*path, key), iter(value.items())))
                _require_shallow(levels[-1][0], what)
                break
            yield (*path, key), value
        else:
            levels.pop()


def _require_key(key: Any, path: Path, what: str) -> None:
    if not isinstance(key, str) or not key or "/" in key:
        raise InvalidArgumentError(
            f"{what} has a key that is not the name of a scope or variable: "
            f"{join((*path, brief(key)))}",
            name=join(path),
            where=user_line(),
            remedy="Nest flat names with scopejax.from_flat(tree)."
            if isinstance(key, str) and key
            else "Use strings as keys.",
        )


def _require_shallow(path: Path, what: str) -> None:
    if len(path) > DEEPEST:
        raise InvalidArgumentError(
            f"{what} is nested more than {DEEPEST} levels deep: {cut(join(path))}",
            where=user_line(),
            remedy="Look for a dict that contains itself.",
        )


def insert(tree: Tree, path: Path, leaf: Any) -> None:
    """Puts `leaf` at `path` of a tree that the caller owns."""
    for depth, name in enumerate(path[:-1], 1):
        tree = tree.setdefault(name, {})
        if not isinstance(tree, dict):
            raise both_kinds(join(path[:depth]), join(path))
    if path[-1] in tree:
        if isinstance(tree[path[-1]], dict):
            raise both_kinds(
                join(path), join((*path, *tree[path[-1]])[: len(path) + 1])
            )
        hole = leaf is None or tree[path[-1]] is None
        raise VariableExistsError(
            f"{join(path)} is in both trees{', as None in one' if hole else ''}.",
            name=join(path),
            where=user_line(),
            remedy="Take the holes out first: names that are None." if hole else None,
        )
    tree[path[-1]] = leaf


def both_kinds(name: str, below: str) -> InvalidArgumentError:
    """The error for one name that is a variable and a scope."""
    return InvalidArgumentError(
        f"{name} cannot be both a variable and a scope (of {below}).",
        name=name,
        where=user_line(),
        remedy="Give one of the two another name.",
    )


def lookup(tree: Any, path: Path) -> Any:
    """What is at `path`: a leaf, a dict, or None where there is nothing."""
    for name in path:
        if type(tree) is not dict and not isinstance(tree, Mapping):
            return None
        tree = tree.get(name)
    return tree


def is_array(leaf: Any) -> bool:
    """Whether a leaf has a shape and a dtype; abstract arrays and tracers do."""
    return hasattr(leaf, "shape") and hasattr(leaf, "dtype")


def flat_names(tree: Any, what: str) -> dict[str, Any]:
    """`to_flat` of a tree that errors call `what`."""
    return {join(path): leaf for path, leaf in leaves(tree, what)}


@answering
def to_flat(tree: Mapping[str, Any]) -> dict[str, Any]:
    """A nested dict as a flat one with full names, in its own order.

    Args:
      tree: nested dict; empty dicts vanish.

    Raises:
      InvalidArgumentError: a key is not a name.

    >>> to_flat({"a": {"w": 1, "b": 2}, "c": 3})
    {'a/w': 1, 'a/b': 2, 'c': 3}
    """
    return flat_names(tree, "tree")


@answering
def from_flat(flat: Mapping[str, Any]) -> Tree:
    """The nested dict of a flat one with full names.

    Raises:
      InvalidArgumentError: a name is malformed, or is a variable and a scope at once.

    >>> from_flat({"a/w": 1, "a/b": 2, "c": 3})
    {'a': {'w': 1, 'b': 2}, 'c': 3}
    """
    tree: Tree = {}
    for name, leaf in flat.items():
        insert(tree, split(name), leaf)
    return tree


@answering
def merge(*trees: Mapping[str, Any]) -> Tree:
    """Joins nested dicts that have no variable in common. No array is copied.

    Raises:
      VariableExistsError: two trees hold the same variable.
      InvalidArgumentError: a name is a variable in one tree and a scope in another.

    >>> merge({"a": {"w": 1}}, {"a": {"b": 2}}, {"c": 3})
    {'a': {'w': 1, 'b': 2}, 'c': 3}
    """
    joined: Tree = {}
    for tree in trees:
        for path, leaf in leaves(tree):
            insert(joined, path, leaf)
    return joined
