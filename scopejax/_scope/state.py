"""State: variables that are written while a model runs.

`apply` holds each array of the state in a `StateCell`. As long as the code runs in the
very trace that `apply` began in, a cell is a Python variable: reading and writing cost
nothing, and the program is that of a model which passes its state on by hand. At the
moment that JAX takes the cell into another trace, the body of a `scan`, a branch, a
jitted function, it becomes a reference, `jax.new_ref`, which such bodies read and write
in place; at the end it is frozen.

**No gradient flows through state**, as in TF1: what is written is a value, and what is
read is a constant. So an assignment does the same under `grad` of the whole model,
under `grad` of a part of it, and without. JAX's references have a kind for just that,
which is not written a second time where `jax.checkpoint` runs a body again.

`tests/laws/test_state_law.py` proves it; `reach.py` lists where JAX can't follow so
far.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._base.dtypes import as_array
from .._base.errors import ScopeUsageError
from .._base.lines import user_line
from .._base.names import join
from .._base.trees import Tree, insert, leaves, lookup
from .._jax.reach import is_in_reach, require_reach
from .._jax.surroundings import current_trace, surroundings, within_trace
from .._spec.spec import Combining
from .replicas import as_assigned, replica_axes, require_varying_state

_NOTHING = Combining()


class StateCell:
    """One variable of the state: a pytree with its reference as the child.

    Attributes:
      outside: how many letters the surroundings had where the state was taken in.
      combining: how its replicas are combined, as the last lookup said.
    """

    __slots__ = ("_axes", "_held", "_home", "_ref", "combining", "outside")

    def __init__(
        self,
        ref: Any,
        outside: int,
        held: Any = None,
        home: Any = None,
        combining: Combining = _NOTHING,
    ) -> None:
        self.combining = combining
        self._ref = ref
        self._held = held
        self._home = home  # the trace in which the value is held
        self.outside = outside
        self._axes = replica_axes()

    @property
    def ref(self) -> Any:
        """The reference; made in the cell's own trace where there is none yet."""
        if self._home is not None:
            with within_trace(self._home):
                self._ref = jax.new_ref(self._held, kind="no_grad_no_remat")
            self._held = self._home = None
        return self._ref

    @property
    def _array(self) -> Any:
        return self._ref if self._home is None else self._held

    @property
    def shape(self) -> tuple[int, ...]:
        """The variable's shape; within a `scan` or `vmap` that slices, of its item."""
        return tuple(self._array.shape)

    @property
    def dtype(self) -> Any:
        """The variable's dtype."""
        return self._array.dtype

    def _is_home(self) -> bool:
        return self._home is not None and self._home is current_trace()

    def read(self, name: str) -> jax.Array:
        """The present value.

        Raises:
          ScopeUsageError: JAX cannot read it here.
        """
        if self._is_home():
            value: jax.Array = self._held
            return value
        self._require_reach(name, "read")
        constant: jax.Array = jax.lax.stop_gradient(self.ref[...])
        return constant

    def write(self, name: str, value: jax.Array) -> None:
        """The value from here on; of the same shape and dtype.

        Raises:
          ScopeUsageError: JAX cannot write it here.
        """
        if self._is_home():
            value = as_assigned(name, value, self._held, self.combining)
            self._held = jax.lax.stop_gradient(value)
            return
        self._require_reach(name, "assigned")
        if self._axes:
            present = self.ref[...]
            value = as_assigned(name, value, present, self.combining)
            require_varying_state(name, value, present)
        constant = jax.lax.stop_gradient(value)
        try:
            self.ref[...] = constant
        except Exception as error:
            raise ScopeUsageError(
                f"Variable {name} cannot be assigned here: {error}",
                name=name,
                where=user_line(),
                remedy="Under vmap, map over the variable too: pass scope.stack(n) as"
                " a mapped argument; or return the value and assign it outside.",
            ) from error

    def _require_reach(self, name: str, what: str) -> None:
        """Refuses what JAX's references cannot do here."""
        require_reach(name, self.outside, what)
        if self._axes != replica_axes():
            raise ScopeUsageError(
                f"Variable {name} is state and cannot be {what} in a shard_map within"
                " the model: JAX does not pass its references through.",
                name=name,
                where=user_line(),
                remedy="Read it before and pass the value; return the new one, and"
                " assign it after. Or put shard_map around apply.",
            )

    def last(self) -> jax.Array:
        """The value at the end; the cell is of no use from here on."""
        held, home, self._held, self._home = self._held, self._home, None, None
        return held if home is not None else jax.freeze(self._ref)


# That JAX can follow is static: a branch that it has traced where it can, and keeps in
# its cache, is traced anew, and refused, where it cannot.
jax.tree_util.register_pytree_node(
    StateCell,
    lambda cell: (
        (cell.ref,),
        (cell.outside, is_in_reach(cell.outside), cell.combining),
    ),
    lambda static, children: StateCell(children[0], static[0], combining=static[2]),
)


def cells_of(values: Iterable[jax.Array]) -> list[StateCell]:
    """Cells of the current trace that hold these values, without their tangents."""
    outside, home = len(surroundings()), current_trace()
    return [StateCell(None, outside, value, home) for value in _constants(*values)]


def hold(state: Mapping[str, Any]) -> Tree:
    """The nested dict with a cell for each array of `state`."""
    found = {p: as_array(leaf, join(p)) for p, leaf in leaves(state, "state")}
    held: Tree = {}
    for path, cell in zip(found, cells_of(found.values()), strict=True):
        insert(held, path, cell)
    return held


@jax.custom_jvp
def _constants(*values: jax.Array) -> tuple[jax.Array, ...]:
    """`jax.lax.stop_gradient` of many values, in one equation."""
    return values


@_constants.defjvp
def _no_tangents(primals: Any, tangents: Any) -> tuple[Any, Any]:
    return primals, tuple(map(_zero_tangent, primals))


def _zero_tangent(primal: jax.Array) -> Any:
    if jnp.issubdtype(primal.dtype, jnp.inexact):
        return jnp.zeros_like(primal)
    return np.zeros(primal.shape, jax.dtypes.float0)


def release(held: Tree, state: Mapping[str, Any]) -> Any:
    """The last values of what `hold` made of `state`, in its very structure."""

    def last(path: Any, _: Any) -> jax.Array:
        cell: StateCell = lookup(held, tuple(entry.key for entry in path))
        return cell.last()

    return jax.tree_util.tree_map_with_path(last, state)
