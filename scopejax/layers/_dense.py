"""Dense layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.nn.initializers import zeros

from .._scope.scope import Scope
from ..initializers import Initializer
from ._base import as_float, bias_of, by_fans, layer, require, scaled, traced_once


@layer
def dense(
    scope: Scope,
    x: jax.Array,
    features: int | Sequence[int],
    *,
    axes: int = 1,
    use_bias: bool = True,
    dtype: Any = None,
    kernel_initializer: Initializer | None = None,
    bias_initializer: Initializer = zeros,
) -> jax.Array:
    """``x @ kernel + bias``, over one axis or several.

    With several axes the kernel starts as a matrix from all that come in to all that go
    out, whatever the initializer: `(8, 3, 2, 4)` has the numbers that `(8, 24)` would
    have.

    Args:
      scope: holds ``kernel`` `(in, features)` and ``bias`` `(features,)`.
      x: `(..., in)`, where `in` stands for the last `axes` axes.
      features: size of the result's last axis, or sizes of its last axes.
      axes: how many of the last axes of `x` are summed over.
      use_bias: whether there is a bias.
      dtype: of the computation; `x`'s by default.
      kernel_initializer: the scope's by default, which is Glorot uniform by default.
      bias_initializer: zeros by default.

    Returns:
      `(..., features)`, in `dtype`.

    Raises:
      InvalidArgumentError: `x` has fewer than `axes` axes.

    >>> import jax, scopejax as sj
    >>> net = sj.transform(lambda scope, x: dense(scope / "head", x, 3))
    >>> params = net.init(jax.random.key(0), jnp.ones((4, 2)))
    >>> net.apply(params, jnp.ones((4, 2))).shape
    (4, 3)
    """
    x = as_float(x, dtype)
    require(x.ndim > 0, "dense takes an array with its features last, not a scalar")
    require(
        x.ndim >= axes > 0,
        f"dense over {axes} axes takes an array with these last, not one of shape"
        f" {x.shape}",
    )
    into, out = x.shape[x.ndim - axes :], _sizes(features)
    initializer: Any = kernel_initializer
    if len(into) + len(out) > 2:
        initializer = by_fans(scope, kernel_initializer, axes)
    kernel = scope.get_variable("kernel", (*into, *out), initializer=initializer)
    return _affine(x, kernel, bias_of(scope, out, use_bias, bias_initializer), axes)


def _sizes(features: int | Sequence[int]) -> tuple[int, ...]:
    return tuple(features) if isinstance(features, Sequence) else (features,)


@traced_once("axes", inline=True)
def _affine(
    x: jax.Array, kernel: jax.Array, bias: jax.Array | None, axes: int
) -> jax.Array:
    kernel = kernel.astype(x.dtype)
    y = x @ kernel if kernel.ndim == 2 else jnp.tensordot(x, kernel, axes)
    return scaled(y, None, bias)


@layer
def einsum(
    scope: Scope,
    x: jax.Array,
    equation: str,
    shape: Sequence[int],
    *,
    use_bias: bool = True,
    dtype: Any = None,
    kernel_initializer: Initializer | None = None,
    bias_initializer: Initializer = zeros,
) -> jax.Array:
    """``jnp.einsum(equation, x, kernel) + bias``: a dense layer over axes by letters.

    Axes of the kernel that are not in the result are its inputs. Those that `x` and the
    result have too, such as experts, count for neither: each has a matrix of its own.

    Args:
      scope: holds ``kernel`` of `shape`, and ``bias`` of those of its axes that are in
        the result.
      x: any shape that the equation takes.
      equation: of `x` and the kernel, with letters for all of the kernel's axes:
        ``"...d,dhk->...hk"``. The axes of the bias have to be at the end of the result
        in the kernel's order where there is a bias.
      shape: the kernel's.
      use_bias, dtype, kernel_initializer, bias_initializer: as in `dense`.

    Returns:
      The result of the equation, in `dtype`.

    Raises:
      InvalidArgumentError: the equation is not one of two arrays with an arrow, or does
        not fit `shape`, or the bias does not fit the result.

    >>> import jax, scopejax as sj
    >>> def experts(scope, x):
    ...     return einsum(scope, x, "ebd,edf->ebf", (4, 8, 16), use_bias=False)
    >>> net, x = sj.transform(experts), jnp.ones((4, 2, 8))
    >>> net.apply(net.init(jax.random.key(0), x), x).shape
    (4, 2, 16)
    """
    x = as_float(x, dtype)
    letters, result = _kernel_letters(equation, shape)
    source = equation.partition(",")[0]
    inputs = [i for i, letter in enumerate(letters) if letter not in result]
    shared = [i for i, c in enumerate(letters) if c in result and c in source]
    initializer = by_fans(scope, kernel_initializer, tuple(inputs), tuple(shared))
    kernel = scope.get_variable("kernel", tuple(shape), initializer=initializer)
    y = jnp.einsum(equation, x, kernel.astype(x.dtype))
    if not use_bias:
        return y
    kept = "".join(letter for letter in letters if letter in result)
    require(
        result.endswith(kept),
        f"einsum adds a bias over the axes {kept!r}, which the result {result!r} does"
        " not end with; use_bias=False leaves it out",
    )
    sizes = tuple(shape[letters.index(letter)] for letter in kept)
    return scaled(y, None, bias_of(scope, sizes, True, bias_initializer))


def _kernel_letters(equation: str, shape: Sequence[int]) -> tuple[str, str]:
    """The letters of the kernel's axes, and those of the result."""
    operands, arrow, result = equation.replace(" ", "").partition("->")
    _, comma, letters = operands.partition(",")
    require(
        bool(arrow and comma) and letters.isalpha() and len(letters) == len(shape),
        "einsum takes an equation such as '...d,dhk->...hk', with a letter for each"
        f" axis of a kernel of shape {tuple(shape)}, not {equation!r}",
    )
    return letters, result


@layer
def mlp(
    scope: Scope,
    x: jax.Array,
    features: Sequence[int],
    *,
    activation: Callable[[jax.Array], jax.Array] = jax.nn.relu,
    activate_last: bool = False,
    use_bias: bool = True,
    dtype: Any = None,
    kernel_initializer: Initializer | None = None,
) -> jax.Array:
    """Dense layers with an activation between them.

    Args:
      scope: holds the dense layers ``layer0``, ``layer1``, ...
      x: `(..., in)`.
      features: of each layer.
      activation: any function of an array, elementwise.
      activate_last: whether it follows the last layer too.
      use_bias, dtype, kernel_initializer: as in `dense`, for all layers.

    Returns:
      `(..., features[-1])`, in `dtype`.

    >>> import jax, scopejax as sj
    >>> net = sj.transform(lambda scope, x: mlp(scope / "mlp", x, (32, 32, 1)))
    >>> net.apply(net.init(jax.random.key(0), jnp.ones((4, 2))), jnp.ones((4, 2))).shape
    (4, 1)
    """
    x, last = as_float(x, dtype), len(features) - 1
    for i, size in enumerate(features):
        x = dense(
            scope / f"layer{i}",
            x,
            size,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
        )
        if i < last or activate_last:
            x = activation(x)
    return x
