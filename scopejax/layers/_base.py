"""What every layer does: take a scope, enter its name, compute in a dtype."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
from jax.nn.initializers import ones

from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._scope.scope import Scope
from .._spec.options import no_regularizer
from ..initializers import Initializer

P = ParamSpec("P")
R = TypeVar("R")


def layer(
    function: Callable[Concatenate[Scope, P], R],
) -> Callable[Concatenate[Scope, P], R]:
    """Enters the scope's name around `function`, which must get a scope."""

    @functools.wraps(function)
    def named(scope: Scope, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with _require_scope(scope, function.__name__).named():
            return function(scope, *args, **kwargs)

    return named


def _require_scope(value: Any, function: str) -> Scope:
    """Refuses a value that stands where `function` takes its scope."""
    if isinstance(value, Scope):
        return value
    raise InvalidArgumentError(
        f"{function} takes a Scope as its first argument, but received: "
        f"{type(value).__name__}",
        expected="Scope",
        found=type(value).__name__,
        where=user_line(),
        remedy=f"{function}(scopejax.Scope(variables), ...)"
        if isinstance(value, Mapping)
        else f"{function}(scope, ...): the scope comes first.",
    )


def require(condition: bool, message: str) -> None:
    """Refuses arguments that a layer cannot be made of."""
    if not condition:
        raise InvalidArgumentError(message, where=user_line())


def as_float(x: Any, dtype: Any = None) -> jax.Array:
    """`x` in the dtype to compute in."""
    array = jnp.asarray(x)
    if dtype is None:
        floating = jnp.issubdtype(array.dtype, jnp.inexact)
        dtype = array.dtype if floating else jnp.float32
    return array.astype(dtype)


def add_bias(
    scope: Scope, x: jax.Array, use_bias: bool, initializer: Initializer
) -> jax.Array:
    if not use_bias:
        return x
    bias = scope.get_variable(
        "bias", x.shape[-1:], initializer=initializer, regularizer=no_regularizer
    )
    return x + jnp.expand_dims(bias.astype(x.dtype), range(x.ndim - 1))


def scale_by(scope: Scope, x: jax.Array) -> jax.Array:
    scale = scope.get_variable(
        "scale", x.shape[-1:], initializer=ones, regularizer=no_regularizer
    )
    return x * jnp.expand_dims(scale.astype(x.dtype), range(x.ndim - 1))
