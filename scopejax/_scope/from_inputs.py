"""Initial values that the model computes from its inputs.

While a model is recorded such a value is abstract. So `init` makes all other variables
first and runs the model once more on them, with a `Pending` in each of these places: it
takes the value that the model offers and stands for it from there on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._base.errors import InitializerError, InvalidArgumentError
from .._base.lines import user_line
from .._base.trees import is_array
from .._spec.spec import FROM_INPUTS, VariableSpec
from ..initializers import InitialValueOf
from .request import Request
from .state import StateCell, cells_of


class Pending:
    """A place in the tree of variables whose value is still to come.

    Attributes:
      initial: it, once the model has offered it.
    """

    __slots__ = ("_cell", "_is_state", "_source", "_spec", "initial")

    def __init__(
        self, spec: VariableSpec, source: Pending | None, *, is_state: bool
    ) -> None:
        self._spec, self._source, self._is_state = spec, source, is_state
        self._cell: StateCell | None = None
        self.initial: jax.Array | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that was recorded."""
        return self._spec.shape

    @property
    def dtype(self) -> np.dtype:
        """The dtype that was recorded."""
        return self._spec.dtype

    def read(self, request: Request) -> jax.Array:
        """The present value; at the first time the one that `request` offers."""
        if self.initial is None:
            source = self._source
            offered = request.initializer if source is None else source.initial
            self.initial = jnp.asarray(offered, self.dtype)
            if self._is_state:
                (self._cell,) = cells_of([self.initial], [True])
                self._cell.combining = self._spec.combining
        return self.initial if self._cell is None else self._cell.read(request.name)

    def write(self, name: str, value: jax.Array) -> None:
        """Another value from here on; what was offered stays the initial one."""
        assert self._cell is not None  # read before, and state: the record has seen it
        self._cell.write(name, value)

    def forget(self) -> None:
        """Drops the values, which belong to a trace that ends."""
        self.initial = self._cell = None


# It passes into a transform as part of what is static.
jax.tree_util.register_pytree_node(
    Pending, lambda pending: ((), pending), lambda pending, _: pending
)


def pending_in(
    specs: Mapping[str, VariableSpec], given: Mapping[str, Any], *, stateful: bool
) -> dict[str, Pending]:
    """A place for each of `specs` that the model computes and `given` has not.

    Copies of such variables are among them.
    """
    pending: dict[str, Pending] = {}
    for name, spec in specs.items():
        source = pending.get(_copied(spec))
        if name not in given and (spec.initializer is FROM_INPUTS or source):
            is_state = stateful and not spec.trainable
            pending[name] = Pending(spec, source, is_state=is_state)
    return pending


def _copied(spec: VariableSpec) -> str:
    """The full name of the variable that it is a copy of."""
    copies = isinstance(spec.initializer, InitialValueOf)
    return spec.initializer.name if copies else ""


def require_inputs(pending: Mapping[str, Pending], inputs: list[Any]) -> None:
    """Refuses inputs without numbers where initial values are computed from them."""
    if any(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in inputs if is_array(leaf)):
        name = next(iter(pending))
        raise InvalidArgumentError(
            f"The initial value of {name} is computed from the model's inputs, but init"
            " was given shapes.",
            name=name,
            where=user_line(),
            remedy="Pass arrays to init, or the value itself by given=.",
        )


def no_axis(name: str, error: NameError) -> InitializerError:
    """The error for a name, most likely of a mapped axis, that init does not know."""
    return InitializerError(
        f"The initial value of {name} is computed from the model's inputs, by running"
        f" the model, which failed: {error}",
        name=name,
        found=type(error).__name__,
        where=user_line(),
        remedy="Where it is a mapped axis, call init under the vmap or shard_map that"
        " names it; or pass the value by given=.",
    )
