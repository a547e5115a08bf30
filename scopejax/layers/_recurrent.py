"""Cells for `jax.lax.scan`."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from .._scope.scope import Scope
from ..initializers import orthogonal
from ._base import layer
from ._linear import dense


@layer
def lstm(
    scope: Scope,
    carry: tuple[jax.Array, jax.Array],
    x: jax.Array,
    *,
    forget_bias: float = 1.0,
) -> tuple[tuple[jax.Array, jax.Array], jax.Array]:
    """One step of an LSTM (Hochreiter and Schmidhuber, 1997), for `jax.lax.scan`.

    Args:
      scope: holds the dense layers ``input`` `(in, 4 * features)` with a bias and
        ``hidden`` `(features, 4 * features)` without; the gates in the order input,
        forget, cell, output.
      carry: the cell's and the hidden state, each `(..., features)`; zeros at first.
      x: `(..., in)`.
      forget_bias: added to the forget gate (Jozefowicz et al., 2015).

    Returns:
      The next carry, and the hidden state `(..., features)`.

    >>> import jax, scopejax as sj
    >>> def model(scope, xs):
    ...     zero = jnp.zeros((2, 8))
    ...     return jax.lax.scan(lambda c, x: lstm(scope, c, x), (zero, zero), xs)
    >>> net, xs = sj.transform(model), jnp.ones((5, 2, 3))
    >>> net.apply(net.init(jax.random.key(0), xs), xs)[1].shape
    (5, 2, 8)
    """
    cell, hidden = carry
    wide = 4 * cell.shape[-1]
    gates = dense(scope / "input", x, wide) + dense(
        scope / "hidden",
        hidden,
        wide,
        use_bias=False,
        kernel_initializer=orthogonal,
    )
    i, f, g, o = jnp.split(gates, 4, axis=-1)
    kept = cell * jax.nn.sigmoid(f + jnp.asarray(forget_bias, f.dtype))
    cell = kept + jax.nn.sigmoid(i) * jnp.tanh(g)
    hidden = jax.nn.sigmoid(o) * jnp.tanh(cell)
    return (cell, hidden), hidden


@layer
def gru(scope: Scope, hidden: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """One step of a GRU (Cho et al., 2014), for `jax.lax.scan`.

    Args:
      scope: holds the dense layers ``input`` `(in, 3 * features)` and ``hidden``
        `(features, 3 * features)`, both with a bias; the gates in the order reset,
        update, new.
      hidden: `(..., features)`; zeros at first.
      x: `(..., in)`.

    Returns:
      The next hidden state, twice: as the carry and as the output.

    >>> import jax, scopejax as sj
    >>> def model(scope, xs):
    ...     return jax.lax.scan(lambda h, x: gru(scope, h, x), jnp.zeros((2, 8)), xs)
    >>> net, xs = sj.transform(model), jnp.ones((5, 2, 3))
    >>> net.apply(net.init(jax.random.key(0), xs), xs)[1].shape
    (5, 2, 8)
    """
    wide = 3 * hidden.shape[-1]
    from_x = jnp.split(dense(scope / "input", x, wide), 3, axis=-1)
    recurrent = dense(scope / "hidden", hidden, wide, kernel_initializer=orthogonal)
    from_hidden = jnp.split(recurrent, 3, axis=-1)
    reset = jax.nn.sigmoid(from_x[0] + from_hidden[0])
    update = jax.nn.sigmoid(from_x[1] + from_hidden[1])
    new = jnp.tanh(from_x[2] + reset * from_hidden[2])
    hidden = (1 - update) * new + update * hidden
    return hidden, hidden
