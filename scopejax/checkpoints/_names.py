"""Any pytree as leaves with names, which are the keys on the way to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jax

from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.names import Path, join
from .._base.trees import leaves
from .._scope.scope import Scope


def named_leaves(tree: Any, what: str) -> dict[str, Any]:
    """The leaves of a pytree by name: keys, places and fields, joined by slashes.

    Args:
      tree: dicts, lists, tuples, named tuples, registered classes. What is empty, and
        None, has no leaf.
      what: how an error calls it.

    Raises:
      InvalidArgumentError: a key of a dict is not a name, or `tree` is itself a leaf.

    >>> named_leaves({"b": [1, None, (2,)], "a": {}}, "tree")
    {'b/0': 1, 'b/2/0': 2}
    """
    return {join(path): leaf for path, leaf in _walk(tree, what, ())}


def _walk(tree: Any, what: str, path: Path) -> Iterator[tuple[Path, Any]]:
    """As `leaves`, which it uses for dicts, for each kind of node."""
    if isinstance(tree, Scope):
        yield from leaves(tree, what)  # the error of what isn't a tree
    if isinstance(tree, Mapping):
        for below, value in _one_level(tree, what, path):
            yield from _walk(value, what, below)
        return
    found = jax.tree_util.tree_flatten_with_path(tree, is_leaf=_is_mapping)[0]
    for keys, leaf in found:
        below = (*path, *map(_text, keys))
        if _is_mapping(leaf):
            yield from _walk(leaf, what, below)
        elif below:
            yield below, leaf
        else:
            yield from leaves(tree, what)


def _one_level(
    tree: Mapping[Any, Any], what: str, path: Path
) -> Iterator[tuple[Path, Any]]:
    """The items of a dict below `path`, once its keys are found to be names."""
    for key in tree:
        yield from ((below, tree[key]) for below, _ in leaves({key: 0}, what, path))


def _is_mapping(node: Any) -> bool:
    return isinstance(node, Mapping)


def _text(key: Any) -> str:
    """A place, a field or an index as a component of a name."""
    text = jax.tree_util.keystr((key,), simple=True)
    if not text or "/" in text:
        raise InvalidArgumentError(
            f"{key!r} of a pytree is not the name of a part of it.",
            expected="text without a slash",
            where=user_line(),
        )
    return text


def rebuilt(like: Any, found: Mapping[str, Any], path: Path = ()) -> Any:
    """A tree of the structure of `like`; its leaves are those that are `found`.

    >>> rebuilt({"a": {}, "b": [0, None, (0,)]}, {"b/0": 1, "b/2/0": 2})
    {'a': {}, 'b': [1, None, (2,)]}
    """

    def leaf(keys: Any, like: Any) -> Any:
        here = (*path, *map(_text, keys))
        if _is_mapping(like):  # of a class that JAX doesn't know
            return {k: rebuilt(v, found, (*here, k)) for k, v in like.items()}
        return found[join(here)]

    return jax.tree_util.tree_map_with_path(leaf, like)
