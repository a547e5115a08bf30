"""remat: `jax.checkpoint` for functions that also take what is no array."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import jax

from .._base.answers import checking
from .._base.arguments import Arguments

P = ParamSpec("P")
R = TypeVar("R")


@checking
def remat(
    function: Callable[P, R], *, policy: Any = None, prevent_cse: bool = True
) -> Callable[P, R]:
    """`jax.checkpoint` of a function of scopes, arrays, and whatever else.

    Arguments that are no arrays (``is_training=True``, a function) are passed as they
    are, as by `scopejax.transform`. Scopes come with their variables, keys and state:
    `jax.checkpoint` itself takes those too.

    Args:
      function: ``function(*args, **kwargs)``.
      policy, prevent_cse: as of `jax.checkpoint`.

    Returns:
      A function of the same arguments, which recomputes what its gradient needs.

    >>> import jax, jax.numpy as jnp, scopejax as sj
    >>> def block(scope, x, is_training):
    ...     return sj.layers.batch_norm(scope, jnp.sin(x), is_training=is_training)
    >>> net = sj.transform_with_state(lambda s, x: sj.remat(block)(s / "bn", x, True))
    >>> params, state = net.init(jax.random.key(0), jnp.ones((2, 3)))
    >>> def loss(params):
    ...     out, new = net.apply(params, state, jnp.ones((2, 3)))
    ...     return out.sum(), new
    >>> grads, state = jax.grad(loss, has_aux=True)(params)
    >>> state["bn"]["moving_mean"].shape
    (3,)
    """

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        arguments = Arguments(args, kwargs)

        def run(arrays: dict[int, Any]) -> R:
            args, kwargs = arguments.having(arrays)
            return function(*args, **kwargs)

        checkpointed = jax.checkpoint(run, policy=policy, prevent_cse=prevent_cse)
        out: R = checkpointed(arguments.arrays)
        return out

    return wrapped
