"""Cells for `jax.lax.scan`, and the scan over a sequence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .._scope.scope import Scope
from ..initializers import orthogonal
from ._base import layer, require
from ._dense import dense

Cell = Callable[[Scope, Any, jax.Array], tuple[Any, jax.Array]]
"""``(scope, carry, x) -> (carry, y)``: `lstm`, `gru`, or a function of one's own."""


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


@layer
def rnn(
    scope: Scope,
    cell: Cell,
    carry: Any,
    x: jax.Array,
    *,
    lengths: Any = None,
    reverse: bool = False,
) -> tuple[Any, jax.Array]:
    """A cell over the steps of a sequence, by `jax.lax.scan`.

    Args:
      scope: is passed to the cell, and holds its variables.
      cell: ``(scope, carry, x) -> (carry, y)``: `lstm`, `gru`, or your own function.
      carry: what the cell starts with; arrays of shape `(batch, features)`.
      x: `(batch, time, in)`.
      lengths: whole numbers `(batch,)`: the steps from there on are padding, and leave
        the carry as it is and the outputs zero.
      reverse: whether it runs from the last step to the first.

    Returns:
      As `jax.lax.scan`: the last carry, and the outputs `(batch, time, features)`, in
      the order of `x`.

    Raises:
      InvalidArgumentError: `x` has no axis of time.

    >>> import jax, scopejax as sj
    >>> net = sj.transform(lambda s, x: rnn(s / "gru", gru, jnp.zeros((2, 8)), x)[1])
    >>> x = jnp.ones((2, 5, 3))
    >>> net.apply(net.init(jax.random.key(0), x), x).shape
    (2, 5, 8)
    """
    x = jnp.asarray(x)
    require(
        x.ndim == 3, f"rnn takes (batch, time, in), not an array of shape {x.shape}"
    )
    lengths = None if lengths is None else jnp.asarray(lengths)

    def step(carry: Any, at: tuple[jax.Array, jax.Array]) -> tuple[Any, jax.Array]:
        time, now = at
        new, y = cell(scope, carry, now)
        if lengths is None:
            return new, y
        within = time < lengths

        def kept(new: jax.Array, old: Any) -> jax.Array:
            return jnp.where(jnp.expand_dims(within, range(1, new.ndim)), new, old)

        return jax.tree.map(kept, new, carry), kept(y, jnp.zeros_like(y))

    steps = (jnp.arange(x.shape[1]), jnp.moveaxis(x, 1, 0))
    carry, ys = jax.lax.scan(step, carry, steps, reverse=reverse)
    return carry, jnp.moveaxis(ys, 0, 1)


@layer
def bidirectional(
    scope: Scope, cell: Cell, carry: Any, x: jax.Array, *, lengths: Any = None
) -> tuple[tuple[Any, Any], jax.Array]:
    """Two `rnn`, one from each end (Schuster and Paliwal, 1997).

    Args:
      scope: holds the cell's variables twice, in ``forward`` and in ``backward``.
      cell, x, lengths: as in `rnn`. Backwards it starts at the last step within
        `lengths`.
      carry: what both start with.

    Returns:
      The last carry of each, and the outputs of both side by side,
      `(batch, time, 2 * features)`.

    >>> import jax, scopejax as sj
    >>> def model(scope, x):
    ...     return bidirectional(scope / "rnn", gru, jnp.zeros((2, 8)), x)[1]
    >>> net, x = sj.transform(model), jnp.ones((2, 5, 3))
    >>> net.apply(net.init(jax.random.key(0), x), x).shape
    (2, 5, 16)
    """
    ahead, ys = rnn(scope / "forward", cell, carry, x, lengths=lengths)
    back, zs = rnn(scope / "backward", cell, carry, x, lengths=lengths, reverse=True)
    return (ahead, back), jnp.concatenate((ys, zs), -1)
