"""State: variables that are written while a model runs.

`apply` holds each array of the state in a `StateCell`. As long as the code runs in the
very trace that `apply` began in, a cell is a Python variable: reading and writing cost
nothing, and the program is that of a model which passes its state on by hand. Into
another trace, the body of a `scan`, a branch, a jitted function, JAX takes its present
value, as it would take it from a dict.

Only a variable that the model *writes* there needs more: it becomes a reference,
`jax.new_ref`, which such bodies read and write in place, and which is frozen at the
end. So does one that is written after a function in another trace has read it by
closure, since `jit` calls that again without running it. `apply` has to know which
these are before it takes the first one into a trace. A cell that is not among them
refuses to be written there, by `Unforeseen`, and the model runs once more;
`_model/foreseen.py` has the details. And where JAX takes a value but no reference, the
carry of a loop for one, the reference is read on the way in, and cannot be written
behind.

**No gradient flows through state**, as in TF1: what is written is a value, and what is
read is a constant. So an assignment does the same under `grad` of the whole model,
under `grad` of a part of it, and without. JAX's references have a kind for just that,
which is not written a second time where `jax.checkpoint` runs a body again.

`tests/laws/test_state_law.py` proves it; `reach.py` lists where JAX can't follow so
far.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .._base.dtypes import as_array
from .._base.names import join
from .._base.trees import Tree, insert, leaves, lookup
from .._jax.mapped import is_mapped, outermost, require_axis
from .._jax.reach import is_in_reach, is_under_vmap, place_inside, unreachable
from .._jax.surroundings import current_trace, surroundings, within_trace
from .._spec.spec import Combining
from .refusals import came_as_a_value, elsewhere_mapped, one_for_all
from .replicas import as_assigned, replica_axes, require_varying_state

_NOTHING = Combining()


class Unforeseen(BaseException):
    """A variable is written within a transform that was to be a value there.

    It is for `apply` alone, and passes what catches errors on the way.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"Variable {name} is assigned after its apply has ended.")
        self.name = name


class _Static(NamedTuple):
    """What a cell takes along into a transform, beside its child.

    Attributes:
      is_ref: whether the child is a reference.
      outside: how many letters the surroundings had where the state was taken in.
      in_reach: whether JAX can follow. A branch that it has traced where it can, and
        keeps in its cache, is traced anew, and refused, where it cannot.
      combining: how replicas are combined, as the last lookup said.
      barred: where the cell came in as a value for want of references; "" elsewhere.
    """

    is_ref: bool
    outside: int
    in_reach: bool
    combining: Combining
    barred: str


class StateCell:
    """One variable of the state: a pytree with its value or reference as the child.

    Attributes:
      shared: whether it is written within transforms, so that it has a reference there.
      outside: how many letters the surroundings had where the state was taken in.
      combining: how its replicas are combined, as the last lookup said.
    """

    __slots__ = (
        "_axes", "_barred", "_held", "_home", "_lent", "_ref", "combining", "outside",
        "shared",
    )  # fmt: skip

    def __init__(
        self,
        outside: int,
        *,
        shared: bool,
        held: Any = None,
        home: Any = None,
        ref: Any = None,
        combining: Combining = _NOTHING,
        barred: str = "",
    ) -> None:
        self.shared, self.outside, self.combining = shared, outside, combining
        self._ref = ref
        self._held = held
        self._home = home  # the trace in which the value is held
        self._barred = barred
        self._lent = False  # whether a function in another trace closes over the value
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
    def array(self) -> Any:
        """The value held, or the reference, as it is."""
        return self._held if self._ref is None else self._ref

    @property
    def shape(self) -> tuple[int, ...]:
        """The variable's shape; within a `scan` or `vmap` that slices, of its item."""
        return tuple(self.array.shape)

    @property
    def dtype(self) -> Any:
        """The variable's dtype."""
        return self.array.dtype

    def _is_home(self) -> bool:
        return self._home is not None and self._home is current_trace()

    def read(self, name: str) -> jax.Array:
        """The present value.

        Raises:
          ScopeUsageError: JAX cannot read it here.
        """
        if self._is_home() or (self._home is not None and not self.shared):
            self._lend()
            value: jax.Array = self._held
            return value
        if self.shared:
            self._require_reach(name, place_inside(self.outside), "read")
        return self._present()

    def _lend(self) -> None:
        """Notes that the value may be part of what `jit` keeps, and calls again."""
        self._lent = self._lent or not self._is_home()

    def _present(self) -> jax.Array:
        held = self.ref[...] if self.shared else self._held
        constant: jax.Array = jax.lax.stop_gradient(held)
        return constant

    def write(self, name: str, value: jax.Array) -> None:
        """The value from here on; of the same shape and dtype.

        Raises:
          ScopeUsageError: JAX cannot write it here.
          Unforeseen: it is not shared.
        """
        if self._is_home():
            if self._lent and not self.shared:
                raise Unforeseen(name)
            value = as_assigned(name, value, self._held, self.combining)
            self._held = jax.lax.stop_gradient(value)
            return
        if self._barred:
            raise came_as_a_value(name, self._barred)
        if not self.shared:
            raise Unforeseen(name)
        place = place_inside(self.outside)
        self._require_reach(name, place, "assigned")
        if self._axes:
            present = self.ref[...]
            value = as_assigned(name, value, present, self.combining)
            require_varying_state(name, value, present)
        constant = jax.lax.stop_gradient(value)
        trace = outermost(constant, self.ref)
        with within_trace(trace):
            if is_under_vmap(place) and is_mapped(trace):
                require_axis(constant, self._present(), one_for_all(name))
            self.ref[...] = constant

    def _require_reach(self, name: str, place: str, what: str) -> None:
        """Refuses what JAX's references cannot do here."""
        error = unreachable(name, place, what)
        error = error or elsewhere_mapped(name, self._axes, what)
        if error is not None:
            raise error

    def as_value(self, where: str) -> StateCell:
        """A copy that goes into a transform that takes no reference."""
        if not self.shared:
            return self
        held = self._held if self._is_home() else self._present()
        return StateCell(
            self.outside,
            shared=False,
            held=held,
            combining=self.combining,
            barred=where,
        )

    def last(self) -> jax.Array:
        """The value at the end; the cell is of no use from here on."""
        held, home, self._held, self._home = self._held, self._home, None, None
        return held if home is not None else jax.freeze(self._ref)

    def flatten(self) -> tuple[tuple[Any], _Static]:
        """Its child, and what is static."""
        self._lend()
        reach = not self.shared or is_in_reach(place_inside(self.outside))
        static = _Static(self.shared, self.outside, reach, self.combining, self._barred)
        return (self.ref if self.shared else self._held,), static


def _unflatten(static: _Static, children: Any) -> StateCell:
    (child,) = children
    return StateCell(
        static.outside,
        shared=static.is_ref,
        held=None if static.is_ref else child,
        ref=child if static.is_ref else None,
        combining=static.combining,
        barred=static.barred,
    )


jax.tree_util.register_pytree_node(StateCell, StateCell.flatten, _unflatten)


def _is_cell(leaf: Any) -> bool:
    return isinstance(leaf, StateCell)


def references(variables: Any) -> list[StateCell]:
    """The cells among the variables that pass into a transform as references."""
    cells = jax.tree.leaves(variables, is_leaf=_is_cell)
    return [cell for cell in cells if _is_cell(cell) and cell.shared]


def without_references(variables: Any, where: str) -> Any:
    """The variables for a transform that takes no reference, which `where` names."""

    def as_value(leaf: Any) -> Any:
        return leaf.as_value(where) if _is_cell(leaf) else leaf

    return jax.tree.map(as_value, variables, is_leaf=_is_cell)


def cells_of(values: Iterable[jax.Array], shared: Iterable[bool]) -> list[StateCell]:
    """Cells of the current trace that hold these values, without their tangents."""
    outside, home = len(surroundings()), current_trace()
    return [
        StateCell(outside, shared=is_shared, held=value, home=home)
        for value, is_shared in zip(_constants(*values), shared, strict=True)
    ]


def hold(state: Mapping[str, Any], shared: Container[str]) -> Tree:
    """The nested dict with a cell for each array of `state`.

    Args:
      shared: full names of the variables that are written within transforms.
    """
    found = {p: as_array(leaf, join(p)) for p, leaf in leaves(state, "state")}
    held: Tree = {}
    cells = cells_of(found.values(), [join(path) in shared for path in found])
    for path, cell in zip(found, cells, strict=True):
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
