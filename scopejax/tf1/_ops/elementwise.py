"""What is done number by number: three tables, and what stands in none."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy import special

from .._tensors.calls import made, op
from .._tensors.convert import as_array, beside
from .._tensors.tensor import quotient_part

_ALONE: dict[str, Callable[[Any], Any]] = {
    "abs": jnp.abs,
    "acos": jnp.arccos,
    "acosh": jnp.arccosh,
    "angle": jnp.angle,
    "asin": jnp.arcsin,
    "asinh": jnp.arcsinh,
    "atan": jnp.arctan,
    "atanh": jnp.arctanh,
    "ceil": jnp.ceil,
    "conj": jnp.conj,
    "cos": jnp.cos,
    "cosh": jnp.cosh,
    "digamma": special.digamma,
    "erf": special.erf,
    "erfc": special.erfc,
    "exp": jnp.exp,
    "expm1": jnp.expm1,
    "floor": jnp.floor,
    "imag": jnp.imag,
    "is_finite": jnp.isfinite,
    "is_inf": jnp.isinf,
    "is_nan": jnp.isnan,
    "lgamma": special.gammaln,
    "log": jnp.log,
    "log1p": jnp.log1p,
    "log_sigmoid": jax.nn.log_sigmoid,
    "logical_not": jnp.logical_not,
    "negative": jnp.negative,
    "real": jnp.real,
    "reciprocal": jnp.reciprocal,
    "rint": jnp.rint,
    "round": jnp.round,
    "rsqrt": jax.lax.rsqrt,
    "sigmoid": jax.nn.sigmoid,
    "sign": jnp.sign,
    "sin": jnp.sin,
    "sinh": jnp.sinh,
    "sqrt": jnp.sqrt,
    "square": jnp.square,
    "tan": jnp.tan,
    "tanh": jnp.tanh,
}
_FEATURES: dict[str, Callable[[Any], Any]] = {
    "elu": jax.nn.elu,
    "relu": jax.nn.relu,
    "relu6": jax.nn.relu6,
    "selu": jax.nn.selu,
    "softplus": jax.nn.softplus,
    "softsign": jax.nn.soft_sign,
    "swish": jax.nn.silu,
}
_PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    "add": jnp.add,
    "atan2": jnp.arctan2,
    "equal": jnp.equal,
    "floor_div": jnp.floor_divide,
    "floordiv": jnp.floor_divide,
    "floormod": jnp.mod,
    "greater": jnp.greater,
    "greater_equal": jnp.greater_equal,
    "less": jnp.less,
    "less_equal": jnp.less_equal,
    "logical_and": jnp.logical_and,
    "logical_or": jnp.logical_or,
    "logical_xor": jnp.logical_xor,
    "maximum": jnp.maximum,
    "minimum": jnp.minimum,
    "mod": jnp.mod,
    "multiply": jnp.multiply,
    "not_equal": jnp.not_equal,
    "pow": jnp.power,
    "realdiv": jnp.divide,
    "subtract": jnp.subtract,
    "truncatemod": jnp.fmod,
}
_ACCUMULATED = {"cumsum": jnp.cumsum, "cumprod": jnp.cumprod}


def _of_one(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: function(as_array(x))


def _of_two(name: str, function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def call(x: Any, y: Any) -> Any:
        return function(*beside([x, y], name))

    return call


def _table() -> dict[str, Any]:
    ops: dict[str, Any] = {}
    for name, one in _ALONE.items():
        ops[name] = made(name, "x", _of_one(one), f"`{one.__name__}` of each number.")
    for name, one in _FEATURES.items():
        text = f"`jax.nn.{one.__name__}` of each number."
        ops[name] = made(name, "features", _of_one(one), text)
    for name, two in _PAIRS.items():
        text = f"`{two.__name__}` of each pair of numbers."
        ops[name] = made(name, "x y", _of_two(name, two), text)
    return ops


OPS = _table()
"""Name -> op, of those in a table."""


@op
def pow_(x: Any, y: Any, name: str | None = None) -> Any:
    """`x` to the power of `y`; a whole number as `y` is multiplied out."""
    x, y = beside([x, y], "Pow")
    return operator.pow(x, y)


@op
def div(x: Any, y: Any, name: str | None = None) -> Any:
    """A quotient; of integers it is rounded down."""
    x, y = beside([x, y], "Div")
    whole = jnp.issubdtype(jnp.result_type(x), jnp.integer)
    return jnp.floor_divide(x, y) if whole else jnp.divide(x, y)


@op
def truediv(x: Any, y: Any, name: str | None = None) -> Any:
    """A quotient; of integers it is a float."""
    x, y = (quotient_part(part) for part in beside([x, y], "RealDiv"))
    return jnp.true_divide(x, y)


divide = truediv


@op
def div_no_nan(x: Any, y: Any, name: str | None = None) -> Any:
    """A quotient, and 0 where it would be of 0."""
    x, y = beside([x, y], "DivNoNan")
    zero = jnp.equal(y, 0)
    return jnp.where(zero, 0, jnp.divide(x, jnp.where(zero, 1, y)))


@op
def squared_difference(x: Any, y: Any, name: str | None = None) -> Any:
    """The square of ``x - y``."""
    x, y = beside([x, y], "SquaredDifference")
    return jnp.square(jnp.subtract(x, y))


@op
def add_n(inputs: Any, name: str | None = None) -> Any:
    """The sum of all arrays of a list.

    Raises:
      ValueError: the list is empty.
    """
    if not isinstance(inputs, list | tuple):
        return as_array(inputs)
    if not inputs:
        raise ValueError(
            "inputs must be an iterable of at least one Tensor/IndexedSlices with the"
            " same dtype and shape"
        )
    first, *rest = beside(list(inputs), "AddN")
    for array in rest:
        first = jnp.add(first, array)
    return first


@op
def leaky_relu(features: Any, alpha: Any = 0.2, name: str | None = None) -> Any:
    """``max(x, alpha * x)``."""
    features = as_array(features)
    return jnp.maximum(jnp.multiply(alpha, features), features)


@op
def crelu(features: Any, name: str | None = None, axis: int = -1) -> Any:
    """relu of `features` and of their negatives, joined."""
    x = as_array(features)
    return jax.nn.relu(jnp.concatenate([x, -x], axis=axis))


def _accumulated(function: Callable[..., Any]) -> Any:
    @op
    def call(
        x: Any,
        axis: Any = 0,
        exclusive: bool = False,
        reverse: bool = False,
        name: str | None = None,
    ) -> Any:
        """Accumulated along an axis; `exclusive` leaves out the number itself."""
        x = as_array(x)
        x = jnp.flip(x, axis) if reverse else x
        if exclusive:
            x = (
                jnp.roll(x, 1, axis)
                .at[(slice(None),) * (axis % x.ndim) + (0,)]
                .set(0 if function is jnp.cumsum else 1)
            )
        found = function(x, axis=axis)
        return jnp.flip(found, axis) if reverse else found

    call.__name__ = function.__name__
    return call


OPS |= {name: _accumulated(function) for name, function in _ACCUMULATED.items()}
