"""A scope as the pytree of what is trained alone, for `jax.grad` and steps of descent.

A scope's children are its variables and its key. But `jax.grad` takes neither keys nor
whole numbers, and from the gradient of state there is nothing to be gained. Here these
are set aside: they are no children, and go along as what a function closes over does.
Whatever JAX makes of the children, their gradient or the next step, comes out as a
scope with the same things aside.

What is static JAX keeps for as long as its caches live, and arrays of a trace must not
live so long. So a weak reference stands for what is aside. It is kept by the arrays of
the scope of which `trainable` was asked.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._base.errors import ScopeUsageError
from .._base.lines import user_line
from .._base.names import Path, join
from .._base.trees import Tree, insert, is_array, leaves, merge
from .fields import F, Fields, fill, make
from .from_inputs import Pending
from .place import Place
from .refusals import no_gradient
from .sources import HeldArrays
from .state import StateCell


def is_trained(leaf: Any) -> bool:
    """Whether a variable has a gradient: an array of floats, not a cell of the state.

    >>> is_trained(jnp.ones(2)), is_trained(jnp.arange(2))
    (True, False)
    """
    if isinstance(leaf, StateCell | Pending) or not is_array(leaf):
        return False
    return bool(jnp.issubdtype(leaf.dtype, jnp.inexact))


class Aside:
    """What is not trained below `path`, and the random key there."""

    __slots__ = ("__weakref__", "key", "path", "variables")

    def __init__(self, path: Path, variables: Tree, key: jax.Array | None) -> None:
        self.path, self.variables, self.key = path, variables, key


class Static(NamedTuple):
    """All but the children. Equal where the very same things are aside."""

    place: Place
    aside: weakref.ref[Aside]


class TrainedArrays(HeldArrays):
    """Arrays that exist; `trained` are the children, and the others aside."""

    __slots__ = ("aside", "trained")

    def __init__(self, trained: Any, aside: Aside) -> None:
        whole = trained
        if isinstance(trained, Mapping):  # JAX puts other things in its place, too
            whole = merge(trained, aside.variables)
        super().__init__(whole, aside.key)
        self.trained, self.aside = trained, aside


def trained(scope: F) -> F:
    """The same scope, with what is trained as its children; see `Scope.trainable`."""
    source, place = scope._source, scope._place
    if not isinstance(source, HeldArrays):
        variables, _, unsliced = source.parts()
        return make(
            type(scope), _known(variables, place), None, unsliced, place.apart()
        )
    if flatten(scope) is not None:
        return scope
    aside = source.asides.get(place.path)
    arrays, others = _parts(scope)
    if aside is None:
        aside = Aside(place.path, others, source.children(place)[1])
        source.asides[place.path] = aside
    return _scope(type(scope), arrays, aside, place.apart())


def _known(variables: Tree, place: Place) -> Tree:
    """What is trained of the variables that a recording knows from a former round."""
    record, base = place.record(), place.path[: place.base]
    known: Tree = {}
    for path, leaf in leaves(variables, "variables"):
        spec = record.round.known.get(join((*base, *path)))
        is_state = record.stateful and spec is not None and not spec.trainable
        if is_trained(leaf) and not is_state:
            insert(known, path, leaf)
    return known


def _parts(scope: Fields) -> tuple[Tree, Tree]:
    """What is trained of the variables, and the others."""
    parts: tuple[Tree, Tree] = {}, {}
    for path, leaf in leaves(scope._children()[0], "variables"):
        insert(parts[not is_trained(leaf)], path, leaf)
    return parts


def _scope(kind: type[F], arrays: Any, aside: Aside, place: Place) -> F:
    fields = object.__new__(kind)
    fill(fields, TrainedArrays(arrays, aside), place)
    return fields


def flatten(scope: Fields) -> tuple[tuple[Any], Static] | None:
    """Children and what is static; None where nothing is aside."""
    source, place = scope._source, scope._place
    if not isinstance(source, TrainedArrays) or place.path != source.aside.path:
        return None
    return (source.trained,), Static(place.at_boundary(), weakref.ref(source.aside))


def unflatten(kind: type[F], static: Static, children: Any) -> F:
    """The scope of other children, with the same things aside.

    Raises:
      ScopeUsageError: they are gone.
    """
    aside, name = static.aside(), join(static.place.path)
    if aside is None:
        raise ScopeUsageError(
            f"The scope {name!r} of scope.trainable() outlives that it was asked of.",
            name=name,
            where=user_line(),
            remedy="Return arrays, jax.tree.leaves(scope), from the function that"
            " was passed the scope; or close over that.",
        )
    return _scope(kind, children[0], aside, static.place)


def require_trained(scope: Fields) -> None:
    """Refuses a gradient with respect to what has none; of a recording, at its end.

    Raises:
      ScopeUsageError: the scope has a random key, or a variable that is not trained.
    """
    path, entry = scope._place.path, scope._place.entry
    if entry is not None:
        entry.record(join(path)).within.differentiated(path)
        return
    if scope._children()[1] is not None:
        raise no_gradient(path)
    for below, _ in leaves(_parts(scope)[1]):
        raise no_gradient(path, join((*path, *below)))
