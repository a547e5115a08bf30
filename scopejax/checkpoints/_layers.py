"""Layers side by side into one stack for a scan, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._base.answers import checking
from .._base.errors import InvalidArgumentError, VariableMismatchError
from .._base.lines import user_line
from .._base.names import join, split
from .._base.texts import brief
from .._base.trees import Tree, from_flat, to_flat


@checking
def stack_layers(params: Mapping[str, Any], layers: str, *, into: str) -> Tree:
    """Puts alike layers into one stack, as `Scope.stack` and `jax.lax.scan` take it.

    Args:
      params: nested dict of arrays; JAX's stay JAX's, NumPy's stay NumPy's.
      layers: the layers' name with ``{}`` for their number, ``"h{}"`` or
        ``"model/h{}/block"``. They count from 0 without a gap.
      into: what the stack is called.

    Returns:
      The params with the layers in one, each array with their number as its first axis.
      What is no layer stays.

    Raises:
      InvalidArgumentError: `layers` has no ``{}``, no layer or not each is there, or
        `into` exists.
      VariableMismatchError: the layers differ in names, shapes or dtypes.

    >>> import jax, numpy as np
    >>> from scopejax import checkpoints
    >>> params = {"h0": {"w": np.zeros(3)}, "h1": {"w": np.ones(3)}, "out": np.ones(2)}
    >>> stacked = checkpoints.stack_layers(params, "h{}", into="layers")
    >>> jax.tree.map(np.shape, stacked)
    {'layers': {'w': (2, 3)}, 'out': (2,)}
    """
    flat, pattern = to_flat(params), _pattern(layers)
    found: dict[int, dict[str, Any]] = {}
    rest: dict[str, Any] = {}
    for name, leaf in flat.items():
        match = pattern.match(name)
        if match:
            found.setdefault(int(match[1]), {})[name[match.end() :]] = leaf
        else:
            rest[name] = leaf
    ordered = _in_order(found, layers)
    stacked = {
        f"{into}/{name}": _stack([layer[name] for layer in ordered])
        for name in ordered[0]
    }
    return _joined(rest, stacked, into)


@checking
def unstack_layers(params: Mapping[str, Any], layers: str, *, into: str) -> Tree:
    """Takes a stack apart; the inverse of `stack_layers`.

    Args:
      params: nested dict of arrays.
      layers: the stack's name, ``"layers"``.
      into: what its items are called, ``"h{}"``.

    Raises:
      InvalidArgumentError: `into` has no ``{}`` or its names exist, or there is no such
        stack.
      VariableMismatchError: the arrays of the stack are not of one length.

    >>> import jax, numpy as np
    >>> from scopejax import checkpoints
    >>> params = {"layers": {"w": np.ones((2, 3))}}
    >>> params = checkpoints.unstack_layers(params, "layers", into="h{}")
    >>> jax.tree.map(np.shape, params)
    {'h0': {'w': (3,)}, 'h1': {'w': (3,)}}
    """
    _pattern(into)
    flat, above = to_flat(params), f"{layers}/"
    stack = {name: leaf for name, leaf in flat.items() if name.startswith(above)}
    rest = {name: leaf for name, leaf in flat.items() if name not in stack}
    items = {
        f"{into.format(number)}/{name.removeprefix(above)}": leaf[number]
        for number in range(_length(stack, layers))
        for name, leaf in stack.items()
    }
    return _joined(rest, items, into)


def _pattern(layers: str) -> re.Pattern[str]:
    if layers.count("{}") != 1 or not all(split(layers)):
        raise InvalidArgumentError(
            "Layers are named with one {} for their number, but received:"
            f" {brief(layers)}",
            where=user_line(),
            remedy="Write 'h{}' for h0, h1, h2.",
        )
    before, after = map(re.escape, layers.split("{}"))
    return re.compile(f"{before}(0|[1-9][0-9]*){after}/")


def _in_order(found: Mapping[int, dict[str, Any]], layers: str) -> list[dict[str, Any]]:
    """The layers by number, once all are there and alike."""
    absent = [number for number in range(max(found, default=0)) if number not in found]
    if absent or not found:
        raise InvalidArgumentError(
            f"There is no {layers.format(absent[0] if absent else 0)}.",
            expected=f"{layers.format(0)}, {layers.format(1)}, ... without a gap",
            where=user_line(),
            nearest=[layers.format(number) for number in sorted(found)][:3],
        )
    ordered = [found[number] for number in range(len(found))]
    for number, layer in enumerate(ordered):
        _require_alike(ordered[0], layer, layers, number)
    return ordered


def _require_alike(
    first: dict[str, Any], layer: dict[str, Any], layers: str, number: int
) -> None:
    for name in [*first, *(name for name in layer if name not in first)]:
        one, other = _described(first.get(name)), _described(layer.get(name))
        if one != other:
            raise VariableMismatchError(
                f"{layers.format(number)} and {layers.format(0)} differ in {name}.",
                name=f"{layers.format(number)}/{name}",
                expected=one,
                found=other,
                where=user_line(),
            )


def _described(leaf: Any) -> str:
    return "nothing" if leaf is None else f"shape {leaf.shape}, dtype {leaf.dtype}"


def _stack(leaves: list[Any]) -> Any:
    held = all(isinstance(leaf, np.ndarray | np.generic) for leaf in leaves)
    stack: Callable[[list[Any]], Any] = np.stack if held else jnp.stack
    return stack(leaves)


def _length(stack: Mapping[str, Any], layers: str) -> int:
    if not stack:
        raise InvalidArgumentError(
            f"There is no stack {brief(layers)}.", name=layers, where=user_line()
        )
    lengths = {name: leaf.shape[:1] for name, leaf in stack.items()}
    first = next(iter(lengths.values()))
    for name, length in lengths.items():
        if length != first or not length:
            raise VariableMismatchError(
                f"{name} is not as long as the rest of its stack.",
                name=name,
                expected=f"{first[0] if first else 'one axis or more'}",
                found=f"shape {stack[name].shape}",
                where=user_line(),
            )
    return int(first[0])


def _joined(rest: dict[str, Any], added: dict[str, Any], into: str) -> Tree:
    both = [name for name in added if name in rest]
    if both:
        raise InvalidArgumentError(
            f"{both[0]} exists already.",
            name=join(split(both[0])),
            where=user_line(),
            remedy=f"Choose another name than into={into!r}.",
        )
    return from_flat({**rest, **added})
