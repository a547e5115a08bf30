"""Scope as a pytree: variables, key and unsliced axes are its children.

The rest is static, a `Place`. Flattening is where a scope crosses into a JAX transform:
the key is folded with the path there, so that the path need not be known behind, and a
scope that is being recorded gets a fresh entry. `tests/scope/test_pytree.py` proves
that every field survives.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax

from .._base.keys import key_axes
from .._jax.reach import MAY_TAKE_VALUES, values_alone
from .._jax.surroundings import slicing_loops, taking
from .fields import F, Fields, make
from .place import Crossing, Place
from .sources import Parts
from .state import references, without_references
from .trained import Static, TrainedArrays, flatten, require_trained, unflatten

_NAMES = ("variables", "key", "unsliced")


def registered(kind: type[F]) -> type[F]:
    """Registers a class with these fields as a pytree; a decorator."""
    jax.tree_util.register_pytree_with_keys(
        kind, _flatten_with_keys, partial(_unflatten, kind), _flatten
    )
    return kind


def _flatten(scope: Fields) -> tuple[tuple[Any, ...], Place | Static]:
    if isinstance(scope._source, TrainedArrays):
        trained = flatten(scope)
        if trained is not None:
            return trained
    children, place = scope._source.leaving(scope._place), scope._place
    letter, barred = taking(), ""
    if letter == "g" and not place.is_apart:
        require_trained(scope)
    elif letter in MAY_TAKE_VALUES and not place.is_apart:
        barred = _barred(letter, children, place)
        if barred:
            children = (without_references(children[0], barred), *children[1:])
    axes = _axes(*children[1:])
    crossing = Crossing(axes, slicing_loops()) if axes else None
    return children, place.at_boundary(crossing=crossing, barred=barred)


def _barred(letter: str, children: Parts, place: Place) -> str:
    """In words, the transform that is entered, if it takes no references; else ""."""
    variables, _, unsliced = children
    if place.entry is None:
        cells = references(variables) if variables else []
        arrays = [cell.array for cell in cells]
        return values_alone(letter, arrays, place.whole) if cells else ""
    arrays = [] if unsliced is None else [unsliced]
    return values_alone(letter, arrays, place.whole)


def _axes(key: Any, unsliced: Any) -> int | None:
    """How many axes the random key has, of stacks that nothing has sliced yet.

    None where there is no key, or where another tree stands for the scope.
    """
    if key is not None:
        return key_axes(key)
    axes: int | None = getattr(unsliced, "ndim", None)
    return axes


def _flatten_with_keys(scope: Fields) -> tuple[tuple[Any, ...], Place | Static]:
    children, static = _flatten(scope)
    keys = map(jax.tree_util.GetAttrKey, _NAMES)
    return tuple(zip(keys, children, strict=False)), static


def _unflatten(kind: type[F], place: Place | Static, children: Any) -> F:
    if isinstance(place, Static):
        return unflatten(kind, place, children)
    if place.entry is not None:
        place.entry.enter()
    variables, key, unsliced = children
    if place.crossing is not None:
        place = place.arrived(_axes(key, unsliced))
    return make(kind, variables, key, unsliced, place)
