"""What every layer does: take a scope, enter its name, compute in a dtype."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.nn.initializers import ones

from .._base.answers import answering
from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.texts import brief
from .._scope.scope import Scope
from .._spec.options import no_regularizer
from ..initializers import Initializer

P = ParamSpec("P")
R = TypeVar("R")


def layer(
    function: Callable[Concatenate[Scope, P], R],
) -> Callable[Concatenate[Scope, P], R]:
    """Enters the scope's name around `function`, which must get a scope."""

    @answering
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
    array = as_numbers(x)
    if dtype is None:
        floating = jnp.issubdtype(array.dtype, jnp.inexact)
        dtype = array.dtype if floating else jnp.float32
    return array.astype(dtype)


def as_numbers(x: Any, what: str = "x") -> jax.Array:
    """`x` as an array.

    Raises:
      InvalidArgumentError: it is none, such as a dict, None or a string.
    """
    try:
        array = jnp.asarray(x)
        if not jnp.issubdtype(array.dtype, jnp.number) and array.dtype != bool:
            raise TypeError(f"dtype {array.dtype} holds no numbers")
        return array
    except jax.errors.JAXTypeError:
        raise
    except Exception as error:  # a TypeError as a rule; or that of its __repr__
        raise InvalidArgumentError(
            f"{what} must be an array of numbers, but received: {brief(x)}",
            expected="an array",
            found=type(x).__name__,
            where=user_line(),
            remedy="apply takes the params once, and then the model's own arguments."
            if isinstance(x, Mapping)
            else None,
        ) from error


def is_share(value: Any) -> bool:
    """Whether it is a number from 0 to 1 that is known."""
    is_number = isinstance(value, int | float | np.number | np.ndarray | jax.Array)
    if not is_number or isinstance(value, jax.core.Tracer) or np.ndim(value):
        return False
    return bool(0.0 <= value <= 1.0)


def require_bool(function: str, what: str, value: Any) -> None:
    """Refuses a flag that Python cannot decide on."""
    require(
        isinstance(value, bool | np.bool_),
        f"{function}'s {what} must be True or False, but is {brief(value)}; under"
        " jax.jit pass it by static_argnames or functools.partial",
    )


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
