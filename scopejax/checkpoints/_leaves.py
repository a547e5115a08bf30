"""Leaves that aren't arrays of JAX: Python's numbers, random keys, arrays of NumPy.

A checkpoint holds arrays of numbers alone. What such an array was before is its kind,
which is written beside the arrays: ``"int"``, or ``"key<threefry2x32>"``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .._base.errors import InvalidArgumentError
from .._base.keys import is_typed_key
from .._base.lines import user_line
from .._base.trees import is_array as has_shape
from ._entry import Entry, Source

NUMPY, WEAK = "numpy", "weak"  # kinds that a file doesn't know: the leaf of `like` says

# Python's kinds of numbers: their types, and the dtypes that one is made from.
_NUMBERS: Mapping[str, tuple[type, type]] = {
    "bool": (bool, np.bool_),
    "int": (int, np.integer),
    "float": (float, np.floating),
    "complex": (complex, np.complexfloating),
}
_KIND_OF = {number: kind for kind, (number, _) in _NUMBERS.items()}


_KINDS = "scopejax.kinds"


def kinds_of(sources: Iterable[Source]) -> dict[str, str]:
    """What is written beside the arrays about those that have a kind."""
    kinds = {source.name: source.kind for source in sources if source.kind}
    return {_KINDS: json.dumps(kinds)} if kinds else {}


def without_kinds(metadata: Mapping[str, str]) -> dict[str, str]:
    """All else that is written beside the arrays."""
    return {key: text for key, text in metadata.items() if key != _KINDS}


def with_kinds(entries: Sequence[Entry], metadata: Mapping[str, str]) -> list[Entry]:
    """The entries with the kinds that are written beside them, where they fit."""
    try:
        kinds = dict(json.loads(metadata.get(_KINDS, "{}")))
    except (TypeError, ValueError):  # of another program, or damaged
        kinds = {}
    return [_with(entry, kinds.get(entry.name)) for entry in entries]


def _with(entry: Entry, kind: object) -> Entry:
    if not isinstance(kind, str):
        return entry
    is_key = _impl(kind) and entry.dtype == "uint32" and entry.shape
    is_number = kind in _NUMBERS and _is_one(entry, kind)
    return entry._replace(kind=kind) if is_key or is_number else entry


class Wanted(NamedTuple):
    """What a leaf of `like` asks for.

    Attributes:
      shape: of the leaf.
      dtype: of the leaf; the kind of a number of Python's and of keys.
      kind: what an array becomes on arrival; ``""`` where it stays one of JAX.
      sharding: where it goes, or None.
    """

    shape: tuple[int, ...]
    dtype: Any
    kind: str = ""
    sharding: Any = None


def without_kind(leaf: Any) -> tuple[Any, str]:
    """A leaf as an array of numbers, and its kind.

    >>> without_kind(3)
    (array(3, dtype=int32), 'int')
    """
    if type(leaf) in _KIND_OF:
        return _of_python(leaf), _KIND_OF[type(leaf)]
    if isinstance(leaf, jax.Array) and is_typed_key(leaf):
        return jax.random.key_data(leaf), _key_kind(leaf)
    return leaf, ""


def _of_python(number: Any) -> np.ndarray:
    """All of a number; an integer takes 32 bits where they are enough."""
    array = np.asarray(number)
    if array.dtype == np.int64 and -(2**31) <= number < 2**31:
        return array.astype(np.int32)
    return array


def kind_of_dtype(dtype: np.dtype) -> str:
    """The kind of a number of Python's, given the dtype that it was stored with."""
    fitting = (k for k, (_, d) in _NUMBERS.items() if jnp.issubdtype(dtype, d))
    return next(fitting, "")


def _key_kind(keys: Any) -> str:
    """The kind of keys, of which abstract ones don't say it themselves."""
    impls: list[Any] = []
    jax.eval_shape(lambda traced: impls.append(jax.random.key_impl(traced)), keys)
    return f"key<{impls[0]}>"


def _impl(kind: str) -> str:
    """The implementation of a kind of keys; ``""`` where it is another kind."""
    return kind[4:-1] if kind.startswith("key<") else ""


def is_number(kind: str) -> bool:
    """Whether a kind is one of Python's numbers."""
    return kind in _NUMBERS


def is_array(kind: str) -> bool:
    """Whether a kind is an array of numbers, of JAX or NumPy."""
    return kind in ("", WEAK, NUMPY)


def is_on_devices(kind: str) -> bool:
    """Whether a leaf of some kind has an array of JAX in it."""
    return kind != NUMPY and not is_number(kind)


class Wants(dict[str, Wanted]):
    """What all leaves of `like` ask for, by name."""

    @classmethod
    def of(cls, leaves: Mapping[str, Any]) -> Wants:
        """Of the leaves.

        Raises:
          InvalidArgumentError: one is neither an array nor a number.
        """
        return cls({name: _wanted(leaf, name) for name, leaf in leaves.items()})


def _wanted(leaf: Any, name: str) -> Wanted:
    """What a leaf of `like` asks for.

    Raises:
      InvalidArgumentError: it is neither an array nor a number.
    """
    if type(leaf) in _KIND_OF:
        return Wanted((), _KIND_OF[type(leaf)], _KIND_OF[type(leaf)])
    if not has_shape(leaf):
        raise InvalidArgumentError(
            f"like has a leaf that is not an array or a number: {name} is {leaf!r}",
            name=name,
            found=type(leaf).__name__,
            where=user_line(),
            remedy="Keep text and objects elsewhere.",
        )
    shape = tuple(leaf.shape)
    if isinstance(leaf, np.ndarray | np.generic):
        return Wanted(shape, leaf.dtype, NUMPY)
    # An array that JAX may move still may be moved after it is loaded.
    where = leaf.sharding if getattr(leaf, "committed", True) else None
    if is_typed_key(leaf):
        return Wanted(shape, _key_kind(leaf), _key_kind(leaf), where)
    is_weak = leaf.weak_type and not shape
    return Wanted(shape, leaf.dtype, WEAK if is_weak else "", where)


def kind_on_arrival(entry: Entry, want: Any) -> str:
    """What becomes of an array: its own kind where nobody wants another."""
    if want is None:
        return entry.kind
    kind = want.kind if isinstance(want, Wanted) else ""
    if kind in _NUMBERS:
        return kind if _is_one(entry, kind) else entry.kind
    if _impl(kind):
        is_raw = entry.dtype == "uint32" and entry.shape[:-1] == want.shape
        return kind if is_raw and entry.kind in ("", kind) else entry.kind
    return entry.kind if _impl(entry.kind) and want.dtype != np.uint32 else kind


def _is_one(entry: Entry, kind: str) -> bool:
    """Whether an entry is one number, of which Python's kind can be made."""
    try:
        fits = jnp.issubdtype(jnp.dtype(entry.dtype), _NUMBERS[kind][1])
    except TypeError:
        return False
    return bool(fits) and entry.shape == () and not _impl(entry.kind)


def described(shape: tuple[int, ...], dtype: Any, kind: str) -> Wanted:
    """What arrives, given the array that is stored, as `like` would ask for it."""
    if _impl(kind):
        return Wanted(shape[:-1], kind)
    return Wanted(shape, kind if kind in _NUMBERS else dtype)


def with_kind(array: Any, kind: str) -> Any:
    """The leaf of some kind that an array stands for.

    Args:
      array: one of NumPy for a number of Python's and where NumPy's is wanted.
      kind: as of `without_kind`, or what `like` wants.
    """
    if kind in _NUMBERS:
        return _NUMBERS[kind][0](array[()])
    if kind == NUMPY:
        return np.array(array)
    if kind == WEAK:
        return _weak(array)
    return jax.random.wrap_key_data(array, impl=_impl(kind)) if kind else array


def _weak(array: jax.Array) -> jax.Array:
    """One number without a dtype of its own in sums, as that of `jnp.asarray(1.0)`."""
    weak = jnp.asarray(array.item())
    if array.committed:
        weak = jax.device_put(weak, array.sharding)
    return weak if weak.dtype == array.dtype else array
