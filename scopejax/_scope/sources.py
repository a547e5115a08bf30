"""Where a scope gets its variables and keys: from arrays held, or from a recording.

All that differs between a model that runs and one that is recorded is here. A `Scope`
has a source and a place in it, and gives the place with all that it asks.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import jax
import jax.numpy as jnp

from .._base.keys import item_keys, key_axes, named_key, no_key
from .._base.names import Path, fold_scopes, join
from .._base.trees import Tree, from_flat, lookup
from .._jax.memory import moved
from .._jax.surroundings import taken_apart
from .._spec.partition import type_of
from .assign import note, write
from .checks import require_stack, require_varying, whole_stack
from .copies import Copies
from .intermediates import keep
from .intermediates import note as note_value
from .lookup import create, create_again, find
from .place import Place
from .record import Record, came_back
from .request import Request

Parts = tuple[Any, jax.Array | None, jax.Array | None]
"""Variables, key and unsliced axes."""


class Source(Protocol):
    """What a scope asks.

    Attributes:
      recording: whether there are no values yet.
    """

    recording: ClassVar[bool]

    def get(self, request: Request, place: Place) -> jax.Array:
        """The variable: looked up, or noted to be created."""

    def assign(self, path: Path, value: Any, place: Place) -> None:
        """Writes a variable of the state, or checks that it could be written."""

    def keep(self, path: Path, value: Any, place: Place) -> None:
        """Takes an intermediate value, if somebody looks."""

    def random_key(self, path: Path, index: Any, place: Place) -> jax.Array:
        """The random key of this full name."""

    def root_key(self, place: Place) -> jax.Array | None:
        """The random key that all others come from."""

    def require_item(self, what: str, name: str, place: Place) -> None:
        """Raises an error where the scope is a whole stack."""

    def stack(self, n: int, place: Place) -> Parts:
        """The parts of a stack of `n` alike layers at `place`."""

    def named_from(self, place: Place) -> int:
        """The number of a path's components that a cached trace must not write down."""

    def parts(self) -> Parts:
        """As seen from the last pytree boundary."""

    def children(self, place: Place) -> Parts:
        """As seen from `place`."""

    def leaving(self, place: Place) -> Parts:
        """The same, on their way through a pytree boundary."""


class HeldArrays:
    """Arrays that exist.

    Attributes:
      variables: nested dict of what is below the last pytree boundary.
      key: the random key at that boundary, or None.
      unsliced: see `Recording`; of a stack without arrays and key.
      copies: what was brought elsewhere to be read, on this side of the boundary.
      asides: by path, what `trained.trained` has set aside.
    """

    __slots__ = ("asides", "copies", "key", "unsliced", "variables")
    recording: ClassVar[bool] = False

    def __init__(
        self,
        variables: Any,
        key: jax.Array | None = None,
        unsliced: jax.Array | None = None,
    ) -> None:
        self.variables, self.key, self.unsliced = variables, key, unsliced
        self.copies = Copies()
        self.asides: dict[Path, Any] = {}

    def get(self, request: Request, place: Place) -> jax.Array:
        """The variable, checked, and brought to where it is to be read."""
        self.require_item("variable", request.name, place)
        ledger = place.asked()
        if ledger is None:
            return self._read(request, place)
        creation = ledger.creation_of(request.name, request.reuse)
        found = self._read(request, place)
        if creation is not None:  # and has not failed
            ledger.variables.add(request.name, creation)
        return found

    def _read(self, request: Request, place: Place) -> jax.Array:
        found = find(self.variables, request, place)
        where = request.caching_device
        return found if where is None else self._brought(found, request, place)

    def _brought(self, found: jax.Array, request: Request, place: Place) -> jax.Array:
        if found is lookup(self.variables, request.path[place.base :]):
            return self.copies.of(request.name, found, request.caching_device)
        return moved(found, request.caching_device)  # of state, or several replicas

    def assign(self, path: Path, value: Any, place: Place) -> None:
        """Writes the variable."""
        self.require_item("variable", join(path), place)
        write(self.variables, path, value, place)

    def keep(self, path: Path, value: Any, place: Place) -> None:
        """Writes the value, if there is a cell for it."""
        self.require_item("value", join(path), place)
        keep(self.variables, path, value, place)

    def random_key(self, path: Path, index: Any, place: Place) -> jax.Array:
        """The root key, folded with name and index."""
        name = join(path)
        self.require_item("key", name, place)
        if self.key is None:
            raise no_key(name)
        require_varying(name, index, place)
        if place.stack and key_axes(self.key):
            raise whole_stack("key", name, place.stack[-1:])
        ledger = place.asked()
        if ledger is not None and index is None:
            ledger.draw(name, place.options.reuse)
        return named_key(self.key, path[place.base :], index)

    def root_key(self, place: Place) -> jax.Array | None:
        """The key held."""
        return self.key

    def require_item(self, what: str, name: str, place: Place) -> None:
        """A stack is whole until it passes into a transform."""
        if place.whole:
            raise whole_stack(what, name, place.stack[-1:])

    def stack(self, n: int, place: Place) -> Parts:
        """The arrays themselves, which must have the axis, and a key for each item."""
        variables, key, _ = self.children(place)
        found = require_stack(variables, n, place.path)
        if key is not None:
            return variables, item_keys(key, n), None
        return variables, None, None if found else jnp.zeros((n,))

    def named_from(self, place: Place) -> int:
        """A trace may serve other paths too, up to the last boundary."""
        return place.base

    def parts(self) -> Parts:
        """What is held."""
        return self.variables, self.key, self.unsliced

    def children(self, place: Place) -> Parts:
        """What is held at and below a place."""
        below = place.below
        key = self.key if self.key is None else fold_scopes(self.key, below)
        found = lookup(self.variables, below)
        return {} if found is None else found, key, self.unsliced

    def leaving(self, place: Place) -> Parts:
        """The children."""
        return self.children(place)


class Recording:
    """A model that is being recorded; the place knows the record.

    Attributes:
      variables: what is known of those below the last pytree boundary, by placeholders;
        see `rounds`.
      unsliced: zeros of shape `(n,)` in a stack that nothing has sliced yet and `()` in
        one of its items; None outside of stacks.
    """

    __slots__ = ("unsliced", "variables")
    recording: ClassVar[bool] = True

    def __init__(self, variables: Any, unsliced: jax.Array | None = None) -> None:
        self.variables, self.unsliced = variables, unsliced

    def get(self, request: Request, place: Place) -> jax.Array:
        """Zeros, or what the model has made of them; the variable is noted."""
        self.require_item("variable", request.name, place)
        if lookup(self.variables, request.path[place.base :]) is None:
            return create(place.record(), request, place)
        return create_again(place.record(), request, place, self.variables)

    def assign(self, path: Path, value: Any, place: Place) -> None:
        """There is nothing to write."""
        self.require_item("variable", join(path), place)
        note(path, value, place, self.unsliced)

    def keep(self, path: Path, value: Any, place: Place) -> None:
        """The value is noted."""
        self.require_item("value", join(path), place)
        note_value(place.record(), path, value, place)

    def random_key(self, path: Path, index: Any, place: Place) -> jax.Array:
        """A placeholder; the key is noted."""
        self.require_item("key", join(path), place)
        require_varying(join(path), index, place)
        return place.record().random_key(path, place.options.reuse, index)

    def root_key(self, place: Place) -> jax.Array | None:
        """The abstract key of the record."""
        return place.record().key

    def require_item(self, what: str, name: str, place: Place) -> None:
        """A stack is whole until something has sliced it."""
        if place.whole or (self.unsliced is not None and self.unsliced.shape):
            raise whole_stack(what, name, place.stack[-1:])

    def stack(self, n: int, place: Place) -> Parts:
        """What is known, and the axis."""
        place.record()
        within = jnp.zeros(()) if self.unsliced is None else self.unsliced
        variables = self.children(place)[0]
        require_stack(variables, n, place.path)
        return variables, None, jnp.broadcast_to(within, (n,))

    def named_from(self, place: Place) -> int:
        """Each call is traced anew."""
        return 0

    def parts(self) -> Parts:
        """What is known, and the unsliced axes."""
        return self.variables, None, self.unsliced

    def children(self, place: Place) -> Parts:
        """What is known at and below a place, and the unsliced axes."""
        found = lookup(self.variables, place.below)
        return {} if found is None else found, None, self.unsliced

    def leaving(self, place: Place) -> Parts:
        """The same; without variables it may need a leaf."""
        variables, _, unsliced = self.children(place)
        round, entry = place.record().round, place.entry
        if taken_apart() or (entry is not None and came_back(entry)):
            round.look(join(place.path), bool(variables))
        if not variables and unsliced is None and round.failed is not None:
            unsliced = jnp.zeros(())
        return variables, None, unsliced


def known_arrays(record: Record) -> Tree:
    """A placeholder for each variable that is known before the model is recorded."""
    return from_flat(
        {
            name: record.placeholder(spec.shape, spec.dtype, type_of(spec))
            for name, spec in record.round.known.items()
        }
    )


def source_of(parts: Parts, place: Place) -> Source:
    """The source of a scope with these parts at `place`."""
    return HeldArrays(*parts) if place.entry is None else Recording(*parts[::2])
