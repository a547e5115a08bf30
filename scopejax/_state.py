"""State: variables that are written while a model runs, in references of JAX.

`apply` puts each array of the state into a `jax.new_ref`, which JAX's own loops and
branches read and write right inside of their bodies, and freezes them at its end.

**No gradient flows through state**, as in TF1: what is written is a value, and what is
read is a constant. So an assignment does the same under `grad` of the whole model,
under `grad` of a part of it, and without.

**What JAX cannot do so far** is met here. Under `grad`, JAX 0.10 fails on references
without a tangent in `jit`, `scan` and `cond`. So what has none (whole numbers) is kept
as the bits of floats, and each write takes the old tangent along, which nothing reads.
Where nothing helps `_reach.py` has an error. `tests/test_state_law.py` proves the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._dtypes import as_array
from ._errors import ScopeUsageError
from ._naming import join
from ._reach import require_reach
from ._running import surroundings
from ._tree import Tree, insert, leaves, lookup
from ._where import user_line


class StateCell:
    """One variable of the state: a pytree with the reference as its child.

    Attributes:
      ref: the reference, in whatever trace is current; anything where JAX's functions
        on trees put their own leaves.
      dtype: of the variable.
      outside: how many letters the surroundings had where the reference was made.
    """

    __slots__ = ("dtype", "outside", "ref")

    def __init__(self, ref: Any, dtype: np.dtype, outside: int) -> None:
        self.ref, self.dtype, self.outside = ref, dtype, outside

    @classmethod
    def holding(cls, value: jax.Array) -> StateCell:
        """A new reference that holds `value`."""
        dtype = np.dtype(value.dtype)
        ref = jax.new_ref(_encoded(jax.lax.stop_gradient(value)))
        return cls(ref, dtype, len(surroundings()))

    @property
    def shape(self) -> tuple[int, ...]:
        """The variable's shape; within a `scan` or `vmap` that slices, of its item."""
        return tuple(self.ref.shape)

    def value(self) -> jax.Array:
        """The present value."""
        return _decoded(self.ref[...], self.dtype)

    def put(self, value: jax.Array) -> None:
        """The value from here on; of the same shape and dtype."""
        bits = _encoded(jax.lax.stop_gradient(value))
        self.ref[...] = _with_old_tangent(bits, self.ref[...])

    def read(self, name: str) -> jax.Array:
        """`value`, where JAX can read it.

        Raises:
          ScopeUsageError: it cannot.
        """
        require_reach(name, self.outside, write=False)
        return self.value()

    def write(self, name: str, value: jax.Array) -> None:
        """`put`, where JAX can write.

        Raises:
          ScopeUsageError: it cannot.
        """
        require_reach(name, self.outside, write=True)
        try:
            self.put(value)
        except Exception as error:
            raise ScopeUsageError(
                f"Variable {name} cannot be assigned here: {error}",
                name=name,
                where=user_line(),
                remedy="Under vmap, map over the variable too: pass scope.stack(n) as"
                " a mapped argument; or return the value and assign it outside.",
            ) from error

    def frozen(self) -> jax.Array:
        """The last value; the reference is of no use from here on."""
        return _decoded(jax.freeze(self.ref), self.dtype)


jax.tree_util.register_pytree_node(
    StateCell,
    lambda cell: ((cell.ref,), (cell.dtype, cell.outside)),
    lambda static, children: StateCell(children[0], *static),
)


def is_cell(leaf: Any) -> bool:
    """Whether a leaf is a `StateCell`: for `is_leaf`."""
    return isinstance(leaf, StateCell)


def hold(state: Mapping[str, Any]) -> Tree:
    """The nested dict with a reference for each array of `state`."""
    held: Tree = {}
    for path, leaf in leaves(state, "state"):
        insert(held, path, StateCell.holding(as_array(leaf, join(path))))
    return held


def release(held: Tree, state: Mapping[str, Any]) -> Any:
    """The last values of what `hold` made of `state`, in its very structure."""

    def last(path: Any, _: Any) -> jax.Array:
        cell: StateCell = lookup(held, tuple(entry.key for entry in path))
        return cell.frozen()

    return jax.tree_util.tree_map_with_path(last, state)


# Whole numbers as bits of floats: JAX asks for references that have a tangent.


def _is_differentiable(dtype: np.dtype) -> bool:
    return bool(jnp.issubdtype(dtype, jnp.inexact))


def _encoded(value: jax.Array) -> jax.Array:
    if _is_differentiable(value.dtype):
        return value
    wide, bits = _WORDS[value.dtype.itemsize == 8]
    return jax.lax.bitcast_convert_type(value.astype(wide), bits)


def _decoded(stored: jax.Array, dtype: np.dtype) -> jax.Array:
    stored = jax.lax.stop_gradient(stored)
    if _is_differentiable(dtype):
        return stored
    wide, _ = _WORDS[dtype.itemsize == 8]
    return jax.lax.bitcast_convert_type(stored, wide).astype(dtype)


_WORDS = {False: (jnp.uint32, jnp.float32), True: (jnp.uint64, jnp.float64)}


@jax.custom_jvp
def _with_old_tangent(value: jax.Array, old: jax.Array) -> jax.Array:
    return value


@_with_old_tangent.defjvp
def _with_old_tangent_jvp(primals: Any, tangents: Any) -> tuple[jax.Array, jax.Array]:
    return primals[0], tangents[1]
