"""What every layer does: take a scope, enter its name, compute in a dtype."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.nn.initializers import ones, zeros

from .._base.answers import answering
from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.texts import brief
from .._scope.scope import Scope
from .._spec.options import no_regularizer
from ..initializers import Fans, Initializer, glorot_uniform

P = ParamSpec("P")
Q = ParamSpec("Q")
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
    """`x` in the dtype to compute in; as it is where that is its own."""
    array = as_numbers(x)
    if dtype is None:
        if jnp.issubdtype(array.dtype, jnp.inexact):
            return array
        dtype = jnp.float32
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


def by_fans(
    scope: Scope,
    initializer: Initializer | None,
    inputs: int | tuple[int, ...],
    each: tuple[int, ...] = (),
) -> Any:
    """The initializer of a kernel of many axes: the layer's, the scope's, TF1's."""
    chosen: Any = initializer
    if chosen is None:
        chosen = scope._place.options.initializer
    if chosen is None:
        chosen = glorot_uniform
    if isinstance(chosen, type):
        chosen = chosen()
    return Fans(chosen, inputs, each) if callable(chosen) else chosen


def scale_of(scope: Scope, features: int, use_scale: bool) -> jax.Array | None:
    """The variable ``scale``, of ones at first; None if there is none."""
    if not use_scale:
        return None
    return scope.get_variable(
        "scale", (features,), initializer=ones, regularizer=no_regularizer
    )


def bias_of(
    scope: Scope,
    shape: tuple[int, ...],
    use_bias: bool,
    initializer: Initializer = zeros,
) -> jax.Array | None:
    """The variable ``bias``; None if there is none."""
    if not use_bias:
        return None
    return scope.get_variable(
        "bias", shape, initializer=initializer, regularizer=no_regularizer
    )


# What `inline=True` meant in JAX before there was a choice: while the model is traced.
_EARLY: Any = jax.Inline.JAX_EARLY if hasattr(jax, "Inline") else True


def traced_once(
    *static: str, inline: bool = False
) -> Callable[[Callable[Q, R]], Callable[Q, R]]:
    """For what a layer computes: `jax.jit`, so that layers alike are traced once.

    Inline, its equations are written into those of the model, as by hand. So a layer is
    traced no slower than the same by hand.
    """
    decorator: Any = functools.partial(
        jax.jit, inline=_EARLY if inline else False, static_argnames=static or None
    )
    found: Callable[[Callable[Q, R]], Callable[Q, R]] = decorator
    return found


@traced_once(inline=True)
def scaled(x: jax.Array, scale: jax.Array | None, bias: jax.Array | None) -> jax.Array:
    """``x * scale + bias`` along the last axes, in the dtype of `x`."""
    if scale is not None:
        x = x * _of_rank(scale, x)
    return x if bias is None else x + _of_rank(bias, x)


def _of_rank(last: jax.Array, x: jax.Array) -> jax.Array:
    """Numbers along the last axes, with as many axes as `x` and in its dtype."""
    return jnp.expand_dims(last.astype(x.dtype), range(x.ndim - last.ndim))
