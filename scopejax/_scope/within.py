"""What a model that is recorded does with its state inside of JAX's transforms.

`init` asks here, so that what `apply` cannot do is refused before there are variables,
and so that `apply` knows which variables need a reference.
"""

from __future__ import annotations

from collections.abc import Iterable

import jax
import jax.numpy as jnp

from .._base.errors import ScopeUsageError
from .._base.lines import user_line
from .._base.names import Path
from .._jax.mapped import outermost, require_axis
from .._jax.reach import is_under_vmap, place_inside, unreachable
from .._jax.surroundings import surroundings, within_trace
from .._spec.spec import VariableSpec
from .refusals import (
    came_as_a_value,
    elsewhere_mapped,
    no_gradient,
    one_for_all,
)
from .replicas import replica_axes


class Within:
    """The state of one recording.

    Attributes:
      shared: full names of the variables that are assigned within transforms, or after
        one has read them by closure.
    """

    def __init__(self) -> None:
        self.shared: set[str] = set()
        self._lent: set[str] = set()
        self._gradients: list[tuple[Path, str]] = []
        self._refused: dict[str, ScopeUsageError] = {}
        self._outside = len(surroundings())
        self._axes = replica_axes()

    def read(self, name: str, barred: str, by_closure: bool) -> None:
        """Notes that a variable is read within a transform.

        Args:
          name: its full name.
          barred: as of `assigned`.
          by_closure: whether the scope came into the transform of the model's own trace
            by closure.
        """
        if by_closure:
            self._lent.add(name)
        error = None if barred else self._unreachable(name, self._place(), "read")
        if error is not None:
            self._refused.setdefault(name, error)

    def assigned_at_top(self, name: str) -> None:
        """Notes that a variable is assigned in the model's own trace."""
        if name in self._lent:
            self.shared.add(name)

    def assigned(
        self, name: str, value: jax.Array, unsliced: jax.Array | None, barred: str
    ) -> None:
        """Notes that a variable is assigned within a transform.

        Args:
          name: its full name.
          value: of a trace within that of the model.
          unsliced: of the recorded scope that assigns: mapped as the variable will be.
          barred: where the scope came in, if JAX takes values alone there; else "".

        Raises:
          ScopeUsageError: JAX cannot write it there.
        """
        self.shared.add(name)
        place = self._place()
        error = self._unreachable(name, place, "assigned")
        if barred:
            error = came_as_a_value(name, barred)
        if error is not None:
            raise error
        if is_under_vmap(place):
            state = jnp.zeros(()) if unsliced is None else unsliced
            value, state = map(jax.lax.stop_gradient, (value, state))
            with within_trace(outermost(value, state)):
                require_axis(value, state, one_for_all(name))

    def _place(self) -> str:
        return place_inside(self._outside, alone=True)

    def _unreachable(self, name: str, place: str, what: str) -> ScopeUsageError | None:
        error = unreachable(name, place, what)
        return error or elsewhere_mapped(name, self._axes, what)

    def differentiated(self, path: Path) -> None:
        """Notes that a gradient is taken with respect to the scope at `path`."""
        self._gradients.append((path, user_line()))

    def end(self, specs: Iterable[VariableSpec], stateful: bool) -> None:
        """The model has ended.

        Args:
          specs: of its variables.
          stateful: whether those that are not trainable are state.

        Raises:
          ScopeUsageError: a variable that needs a reference is read where JAX takes
            none; or one that has no gradient is below a scope that is differentiated.
        """
        for name, error in self._refused.items():
            if name in self.shared:
                raise error
        for spec in specs if self._gradients else ():
            floats = jnp.issubdtype(spec.dtype, jnp.inexact)
            if not floats or (stateful and not spec.trainable):
                self._require_no_gradient(spec)

    def _require_no_gradient(self, spec: VariableSpec) -> None:
        for path, where in self._gradients:
            if spec.path[: len(path)] == path:
                raise no_gradient(path, spec.name, where)
