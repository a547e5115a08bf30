"""Names, paths, and the path -> random key rule.

A full name is a path of components joined by ``/``. Its 64-bit hash is taken over an
encoding that no two paths share: each component goes in with its length before it, so
``("a", "bc")`` and ``("ab", "c")`` differ. `tests/base/test_names.py` keeps golden
values: changing anything here changes every initial value of every model.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import heapq
import re
from collections.abc import Iterable
from itertools import pairwise

import jax
import numpy as np

from .errors import InvalidArgumentError
from .lines import user_line
from .texts import brief, cut

Path = tuple[str, ...]
DEEPEST = 920
"""How many components a name may have: JAX has no trees of a thousand levels."""

_SLASHES = "Separate the components by single slashes, as in 'encoder/h0/kernel'."


def join(path: Path) -> str:
    """``("a", "b")`` -> ``"a/b"``."""
    return "/".join(path)


def split(name: object, inside: Path = ()) -> Path:
    """``"a/b"`` -> ``("a", "b")``; a name that cannot be one is an error.

    Args:
      name: what the user passed.
      inside: the scope that was asked, for the error.

    >>> split("encoder/kernel")
    ('encoder', 'kernel')
    """
    if not isinstance(name, str):
        raise InvalidArgumentError(
            f"A name must be a string, but received: {brief(name)}",
            name=join(inside) or None,
            expected="str",
            found=type(name).__name__,
            where=user_line(),
            remedy=f"Pass {str(name)!r}." if isinstance(name, int) else None,
        )
    path, wrong = _components(name)
    if wrong:
        raise InvalidArgumentError(
            f"The name {brief(name)} {wrong}.",
            name=join((*inside, name)),
            where=user_line(),
            remedy=_SLASHES,
        )
    if len(inside) + len(path) > DEEPEST:
        raise InvalidArgumentError(
            f"A name has {DEEPEST} components at most: JAX's trees nest no deeper.",
            name=cut(join((*inside, name))),
            where=user_line(),
        )
    return path


@functools.lru_cache(maxsize=65536)
def _components(name: str) -> tuple[Path, str]:
    """The components of a name, and what is wrong with it."""
    path = tuple(str(name).split("/"))
    if not name:
        return path, "is empty"
    if not all(path):
        return path, "has an empty component"
    return path, "" if name.isascii() or _is_encodable(name) else "cannot be encoded"


def _is_encodable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # lone surrogates
        return False
    return True


@functools.lru_cache(maxsize=65536)
def path_words(path: Path, kind: str = "variable") -> np.ndarray:
    """The path's 64-bit hash as two words, shape `(2,)`, uint32, high word first.

    Args:
      path: the components of a full name.
      kind: what is named; keeps a variable, a scope and a key of one name apart.

    >>> [int(word) for word in path_words(("a", "bc"))]
    [3497770885, 2882652106]
    """
    digest = hashlib.blake2b(digest_size=8)
    for part in (kind, *path):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    words = np.frombuffer(digest.digest(), ">u4").astype(np.uint32)
    words.setflags(write=False)
    return words


def fold_words(key: jax.Array, words: np.ndarray | jax.Array) -> jax.Array:
    """Folds a 64-bit hash into a key, the high word first."""
    return jax.random.fold_in(jax.random.fold_in(key, words[0]), words[1])


def fold_scopes(key: jax.Array, path: Path) -> jax.Array:
    """The key of the scope `path` below the scope of `key`, component by component."""
    for component in path:
        key = fold_words(key, path_words((component,), "scope"))
    return key


def nearest(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Up to three existing names that look like `name`, best first.

    A name with the same last component counts, wherever it is. Among many names only
    the most alike are compared letter by letter.
    """
    names = list(names)
    likely = names if len(names) <= _COMPARED else _likely(name, names)
    close = difflib.get_close_matches(name[:_LONG], likely, n=3, cutoff=0.6)
    last = name.rpartition("/")[2]
    alike = [other for other in likely if other.rpartition("/")[2] == last]
    return tuple(dict.fromkeys([*close, *sorted(alike, key=natural)]))[:3]


_COMPARED = 100  # names that difflib is given: its time goes by their number
_LONG = 500  # letters of a name, and by the square of theirs


def _likely(name: str, names: list[str]) -> list[str]:
    """The names with most components of `name`, then most pairs of letters."""
    components, pairs = set(name.split("/")), set(pairwise(name))

    def shared(other: str) -> tuple[int, int]:
        alike = pairs.intersection(pairwise(other))
        return len(components.intersection(other.split("/"))), len(alike)

    return heapq.nlargest(_COMPARED, names, key=shared)


def natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key that puts ``h2`` before ``h10``.

    >>> sorted(["h10", "h2", "h1"], key=natural)
    ['h1', 'h2', 'h10']
    """
    return tuple(
        (0, int(piece)) if piece.isdecimal() else (1, piece)
        for piece in re.split(r"(\d+|/)", name)
        if piece
    )
