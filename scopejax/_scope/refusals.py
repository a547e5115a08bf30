"""Where state cannot be read or written: the errors, for `apply` and for `init`.

Those for places that JAX's references do not reach are in `_jax/reach.py`.
"""

from __future__ import annotations

from typing import Any

from .._base.errors import ScopeUsageError
from .._base.lines import user_line
from .._base.names import Path, join
from .._jax.mapped import Refusal
from .replicas import replica_axes


def elsewhere_mapped(
    name: str, axes: tuple[Any, ...], what: str
) -> ScopeUsageError | None:
    """The error for state in a `shard_map` of the model, if the code runs in one.

    Args:
      name: full name of the variable.
      axes: those that the program was mapped over where the state was taken in.
      what: is done: ``"read"`` or ``"assigned"``.
    """
    if axes == replica_axes():
        return None
    return ScopeUsageError(
        f"Variable {name} is state and cannot be {what} in a shard_map within the"
        " model: JAX does not pass its references through.",
        name=name,
        where=user_line(),
        remedy="Read it before and pass the value; return the new one, and assign it"
        " after. Or put shard_map around apply.",
    )


def came_as_a_value(name: str, where: str) -> ScopeUsageError:
    """The error for a variable behind `where`, through which no reference goes."""
    return ScopeUsageError(
        f"Variable {name} cannot be assigned here: its scope came in {where}, where JAX"
        " takes values alone.",
        name=name,
        where=user_line(),
        remedy="Return the new value, and assign it outside.",
    )


def one_for_all(name: str) -> Refusal:
    """Makes the error for a value of each member of a `vmap`, of one variable."""
    where = user_line()
    return lambda: ScopeUsageError(
        f"Variable {name} cannot be assigned here: the code is mapped by vmap (or by"
        " jacfwd or hessian, which use it), and the variable is one for all members.",
        name=name,
        where=where,
        remedy="Return the value, and assign it outside; or, outside of loops and"
        " jitted functions, assign one for all: a mean over the members, or"
        " batch_norm(axis_name=...). Under vmap each member has a variable of its own"
        " if scope.stack(n) is a mapped argument.",
    )


def no_gradient(path: Path, name: str = "", where: str = "") -> ScopeUsageError:
    """The error for the gradient with respect to what has none.

    Args:
      path: of the scope.
      name: the full name of a variable below it that is not trained; "" for a key.
      where: the user's line; this one if it is "".
    """
    found = f"variable {name}, which is not trained" if name else "a random key"
    return ScopeUsageError(
        f"The gradient with respect to the scope {join(path)!r} is asked for, and it"
        f" has {found}.",
        name=name or join(path),
        where=where or user_line(),
        remedy="Differentiate with respect to scope.trainable(); the rest goes along.",
    )
