"""remat: `jax.checkpoint` for functions of scopes with state.

The one transform of its own that scopejax has, until JAX passes references through its
checkpoint under `grad`. The state goes in as values, is written in references that the
checkpoint makes for itself, and comes out as values again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import jax

from ._pytree import Scope as Scope
from ._state import StateCell, is_cell
from ._tree import is_array

P = ParamSpec("P")
R = TypeVar("R")


def remat(
    function: Callable[P, R], *, policy: Any = None, prevent_cse: bool = True
) -> Callable[P, R]:
    """`jax.checkpoint` of a function that gets its scopes as arguments.

    Use it where the function reads or assigns state; elsewhere `jax.checkpoint` does
    the same. Arguments that are no arrays (``training=True``) are passed as they are.

    Args:
      function: ``function(*args, **kwargs)`` with scopes and arrays among the
        arguments.
      policy, prevent_cse: as of `jax.checkpoint`.

    Returns:
      A function of the same arguments, which recomputes what its gradient needs.

    >>> import jax, jax.numpy as jnp, scopejax as sj
    >>> def count(scope, x):
    ...     calls = scope.get_variable("calls", (), "int32", trainable=False)
    ...     scope.assign("calls", calls + 1)
    ...     return jnp.sin(x)
    >>> net = sj.transform_with_state(lambda scope, x: sj.remat(count)(scope, x))
    >>> params, state = net.init(jax.random.key(0), 1.0)
    >>> grad = jax.grad(lambda x: net.apply(params, state, x), has_aux=True)
    >>> grad(0.0)
    (Array(1., dtype=float32, weak_type=True), {'calls': Array(1, dtype=int32)})
    """

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        leaves, structure = jax.tree.flatten((args, kwargs), is_leaf=is_cell)
        cells = {i: leaf for i, leaf in enumerate(leaves) if is_cell(leaf)}
        arrays = {i: leaf for i, leaf in enumerate(leaves) if _is_traceable(leaf)}

        def run(arrays: dict[int, Any], values: dict[int, Any]) -> tuple[R, Any]:
            inner = {i: StateCell.holding(value) for i, value in values.items()}
            inside = [inner.get(i, arrays.get(i, x)) for i, x in enumerate(leaves)]
            args, kwargs = jax.tree.unflatten(structure, inside)
            out = function(*args, **kwargs)
            return out, {i: cell.frozen() for i, cell in inner.items()}

        checkpointed = jax.checkpoint(run, policy=policy, prevent_cse=prevent_cse)
        values = {i: cell.value() for i, cell in cells.items()}
        out: R
        out, values = checkpointed(arrays, values)
        for i, cell in cells.items():
            cell.put(values[i])
        return out

    return wrapped


def _is_traceable(leaf: Any) -> bool:
    return is_array(leaf) and not is_cell(leaf)
