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
from .._jax.surroundings import slicing_loops
from .fields import F, Fields, make
from .place import Crossing, Place

_NAMES = ("variables", "key", "unsliced")


def registered(kind: type[F]) -> type[F]:
    """Registers a class with these fields as a pytree; a decorator."""
    jax.tree_util.register_pytree_with_keys(
        kind, _flatten_with_keys, partial(_unflatten, kind), _flatten
    )
    return kind


def _flatten(scope: Fields) -> tuple[tuple[Any, ...], Place]:
    children = scope._source.leaving(scope._place)
    axes = _axes(*children[1:])
    crossing = Crossing(axes, slicing_loops()) if axes else None
    return children, scope._place.at_boundary(crossing=crossing)


def _axes(key: Any, unsliced: Any) -> int | None:
    """How many axes the random key has, of stacks that nothing has sliced yet.

    None where there is no key, or where another tree stands for the scope.
    """
    if key is not None:
        return key_axes(key)
    axes: int | None = getattr(unsliced, "ndim", None)
    return axes


def _flatten_with_keys(scope: Fields) -> tuple[tuple[Any, ...], Place]:
    children, place = _flatten(scope)
    keys = map(jax.tree_util.GetAttrKey, _NAMES)
    return tuple(zip(keys, children, strict=True)), place


def _unflatten(kind: type[F], place: Place, children: Any) -> F:
    if place.entry is not None:
        place.entry.enter()
    variables, key, unsliced = children
    if place.crossing is not None:
        place = place.arrived(_axes(key, unsliced))
    return make(kind, variables, key, unsliced, place)
