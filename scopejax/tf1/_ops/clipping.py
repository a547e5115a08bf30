"""What keeps numbers and gradients small."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from .._tensors.calls import op
from .._tensors.convert import as_array, axes, beside


@op
def clip_by_value(
    t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None
) -> Any:
    """Numbers below the one become the one, those above the other the other."""
    t, least, most = beside([as_array(t), clip_value_min, clip_value_max], "Clip")
    return jnp.clip(t, least, most)


@op
def clip_by_norm(
    t: Any, clip_norm: Any, axes: Any = None, name: str | None = None
) -> Any:
    """Scaled down where the norm over `axes` is more than this."""
    t = as_array(t)
    squares = jnp.sum(t * t, _axes(axes), keepdims=True)
    norm = jnp.where(squares > 0, jnp.sqrt(jnp.where(squares > 0, squares, 1)), squares)
    return t * clip_norm / jnp.maximum(norm, clip_norm)


_axes = axes


@op
def global_norm(t_list: Any, name: str | None = None) -> Any:
    """The norm of all arrays together; None is passed over."""
    squares = [jnp.sum(jnp.square(as_array(t))) for t in t_list if t is not None]
    return jnp.sqrt(sum(squares[1:], squares[0]))


@op
def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> Any:
    """All scaled down where their norm together is more than this, and that norm."""
    given = [None if t is None else as_array(t) for t in t_list]
    norm = _norm(given) if use_norm is None else as_array(use_norm)
    scale = clip_norm * jnp.minimum(1.0 / norm, 1.0 / clip_norm)
    return [None if t is None else t * scale for t in given], norm


def _norm(arrays: Any) -> Any:
    return global_norm(arrays).value()


@op
def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Any:
    """Scaled down where the norm for each number is more than this."""
    t = as_array(t)
    norm = jnp.sqrt(jnp.sum(t * t)) / t.size
    return t * clip_norm * jnp.minimum(1.0 / norm, 1.0 / clip_norm)
