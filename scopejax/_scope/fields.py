"""What a scope holds, and that it never changes."""

from __future__ import annotations

from typing import Any, Self, TypeVar

import jax

from .._base.displayed import Displayed
from .._base.names import Path, fold_scopes, join
from .._base.trees import lookup
from .._jax.memory import moved
from .checks import whole_stack
from .copies import Copies
from .place import Place
from .record import Record

F = TypeVar("F", bound="Fields")
_NAMES = ("_variables", "_key", "_unsliced", "_place", "_copies")


class Fields(Displayed):
    """The fields of a scope, frozen.

    Attributes:
      _variables: nested dict of what is below the last pytree boundary.
      _key: the random key at that boundary, or None.
      _unsliced: while recording, zeros of shape `(n,)` in a stack that nothing has
        sliced yet and `()` in one of its items; None outside of stacks.
      _place: all that is static.
      _copies: what was brought elsewhere to be read, on this side of the boundary.
    """

    __slots__ = _NAMES

    _variables: Any
    _key: jax.Array | None
    _unsliced: jax.Array | None
    _place: Place
    _copies: Copies

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(
            f"A Scope is immutable: {name!r} cannot be set. Variables change by what"
            " apply returns; options by scope.with_options()."
        )

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"A Scope is immutable: {name!r} cannot be deleted.")

    def __reduce__(self) -> tuple[Any, ...]:
        return make, (
            type(self),
            self._variables,
            self._key,
            self._unsliced,
            self._place,
        )

    def _at(self, place: Place) -> Self:
        here = self._variables, self._key, self._unsliced, place, self._copies
        return make(type(self), *here)

    def _record(self) -> Record:
        assert self._place.entry is not None
        return self._place.entry.record(join(self._place.path))

    def _children(self) -> tuple[Any, jax.Array | None, jax.Array | None]:
        """Variables, key and the unsliced axes, as seen from this very path."""
        below = self._place.below
        key = self._key if self._key is None else fold_scopes(self._key, below)
        found = lookup(self._variables, below)
        return {} if found is None else found, key, self._unsliced

    def _brought(self, found: jax.Array, path: Path, where: Any) -> jax.Array:
        """The value found at `path`, brought to where it is to be read."""
        if where is None:
            return found
        if found is lookup(self._variables, path[self._place.base :]):
            return self._copies.of(join(path), found, where)
        return moved(found, where)  # a value of state, or of several replicas

    def _require_item(self, what: str, name: str) -> None:
        place = self._place
        sliced = self._unsliced is None or not self._unsliced.shape
        if place.whole or (place.entry is not None and not sliced):
            raise whole_stack(what, name, place.stack[-1:])


_SETTERS = tuple(getattr(Fields, name).__set__ for name in _NAMES)
_set_variables, _set_key, _set_unsliced, _set_place, _set_copies = _SETTERS


def fill(
    fields: Fields,
    variables: Any,
    key: Any,
    unsliced: Any,
    place: Place,
    copies: Copies | None = None,
) -> None:
    """Sets the fields, once."""
    _set_variables(fields, variables)
    _set_key(fields, key)
    _set_unsliced(fields, unsliced)
    _set_place(fields, place)
    _set_copies(fields, copies or Copies())


def make(
    kind: type[F],
    variables: Any,
    key: Any,
    unsliced: Any,
    place: Place,
    copies: Copies | None = None,
) -> F:
    """A new object with these fields, past the checks of the constructor."""
    fields = object.__new__(kind)
    fill(fields, variables, key, unsliced, place, copies)
    return fields
