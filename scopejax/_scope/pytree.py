"""Scope as a pytree: variables, key and unsliced axes are its children.

The rest is static, a `Place`. Flattening is where a scope crosses into a JAX transform:
the key is folded with the path there, so that the path need not be known behind, and a
scope that is being recorded gets a fresh entry. `tests/scope/test_pytree.py` proves
that every field survives.
"""

from __future__ import annotations

from typing import Any

import jax

from .._base.keys import key_axes
from .._jax.surroundings import slicing_loops
from .fields import make
from .place import Crossing, Place
from .scope import Scope as Scope
from .scope import recording_scope as recording_scope


def _flatten(scope: Scope) -> tuple[tuple[Any, ...], Place]:
    children, place = scope._children(), scope._place.at_boundary()
    axes = _axes(*children[1:])
    if axes:
        place.crossing = Crossing(axes, slicing_loops())
    return children, place


def _axes(key: Any, unsliced: Any) -> int | None:
    """How many axes the random key has, of stacks that nothing has sliced yet.

    None where there is no key, or where another tree stands for the scope.
    """
    if key is not None:
        return key_axes(key)
    axes: int | None = getattr(unsliced, "ndim", None)
    return axes


_FIELDS = ("variables", "key", "unsliced")


def _flatten_with_keys(scope: Scope) -> tuple[tuple[Any, ...], Place]:
    children, place = _flatten(scope)
    keys = map(jax.tree_util.GetAttrKey, _FIELDS)
    return tuple(zip(keys, children, strict=True)), place


def _unflatten(place: Place, children: Any) -> Scope:
    if place.entry is not None:
        place.entry.enter()
    variables, key, unsliced = children
    if place.crossing is not None:
        place = place.arrived(_axes(key, unsliced))
    return make(Scope, variables, key, unsliced, place)


jax.tree_util.register_pytree_with_keys(Scope, _flatten_with_keys, _unflatten, _flatten)
