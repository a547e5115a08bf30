"""What a scope holds, and that it never changes."""

from __future__ import annotations

from typing import Any, NoReturn, Self, TypeVar

import jax

from .._base.displayed import Displayed
from .._base.errors import InvalidArgumentError
from .._base.keys import as_index
from .._base.lines import user_line
from .._base.names import Path, join
from .._base.texts import brief
from .place import Place
from .sources import Parts, Source, source_of

F = TypeVar("F", bound="Fields")


class Fields(Displayed):
    """The fields of a scope, frozen.

    Attributes:
      _source: where its variables and keys come from.
      _place: all that is static.
    """

    __slots__ = ("_place", "_source")

    _source: Source
    _place: Place

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(
            f"A Scope is immutable: {name!r} cannot be set. Variables change by what"
            " apply returns; options by scope.with_options()."
        )

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"A Scope is immutable: {name!r} cannot be deleted.")

    def __reduce__(self) -> tuple[Any, ...]:
        return make, (type(self), *self._source.parts(), self._place)

    def __repr__(self) -> str:
        return f"Scope({self._name()!r})"

    def __add__(self, name: Any) -> NoReturn:
        """Never: a scope below this one is ``scope / name``."""
        raise InvalidArgumentError(
            f"A scope is no string, and nothing is added to it: {brief(name)}",
            name=self._name() or None,
            where=user_line(),
            remedy=f"scope / {brief(name)}" if isinstance(name, str) else None,
        )

    def _name(self) -> str:
        """The full name, as it is read in errors: nothing depends on that."""
        return join(self._place.path)

    def _at(self, place: Place) -> Self:
        fields = object.__new__(type(self))
        fill(fields, self._source, place)
        return fields

    def _children(self) -> Parts:
        """Variables, key and the unsliced axes, as seen from this very path."""
        return self._source.children(self._place)

    def _assign(self, path: Path, value: Any) -> None:
        self._source.assign(path, value, self._place)

    def _random_key(self, path: Path, index: Any) -> jax.Array:
        index = as_index(index, join(path))
        return self._source.random_key(path, index, self._place)


_set_source, _set_place = (
    getattr(Fields, name).__set__ for name in ("_source", "_place")
)


def fill(fields: Fields, source: Source, place: Place) -> None:
    """Sets the fields, once."""
    _set_source(fields, source)
    _set_place(fields, place)


def make(
    kind: type[F],
    variables: Any,
    key: jax.Array | None,
    unsliced: jax.Array | None,
    place: Place,
) -> F:
    """A new object of these parts, past the checks of the constructor."""
    fields = object.__new__(kind)
    fill(fields, source_of((variables, key, unsliced), place), place)
    return fields
