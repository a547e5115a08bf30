"""Stacks: functions of one item, made functions of all that lie in front of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax


def per_item(
    function: Callable[[Any], Any], stack: tuple[int, ...]
) -> Callable[[Any], Any]:
    """`function` of one item of a stack, made a function of the whole stack."""
    return functools.reduce(lambda mapped, _: jax.vmap(mapped), stack, function)
