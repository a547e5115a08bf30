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

from ._errors import InitializerError, InvalidArgumentError
from ._request import Request
from ._spec import FROM_INPUTS, VariableSpec
from ._tree import is_array
from ._where import user_line


class Pending:
    """A place in the tree of variables whose value is still to come.

    Attributes:
      value: it, once the model has offered it.
    """

    __slots__ = ("_spec", "value")

    def __init__(self, spec: VariableSpec) -> None:
        self._spec = spec
        self.value: jax.Array | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that was recorded."""
        return self._spec.shape

    def read(self, request: Request) -> jax.Array:
        """The value; at the first time the one that `request` offers."""
        if self.value is None:
            self.value = jnp.asarray(request.initializer, self._spec.dtype)
        return self.value


# It passes into a transform as part of what is static.
jax.tree_util.register_pytree_node(
    Pending, lambda pending: ((), pending), lambda pending, _: pending
)


def pending_in(
    specs: Mapping[str, VariableSpec], given: Mapping[str, Any]
) -> dict[str, Pending]:
    """A place for each of `specs` that the model computes and `given` has not."""
    return {
        name: Pending(spec)
        for name, spec in specs.items()
        if spec.initializer is FROM_INPUTS and name not in given
    }


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


def no_inputs(spec: VariableSpec) -> InitializerError:
    """The error for a manifest that is to make such a value: it has no model."""
    return InitializerError(
        f"The initial value of {spec.name} is computed from the model's inputs, which a"
        " manifest does not have.",
        name=spec.name,
        where=spec.where,
        remedy="Use init of the transformed model, or pass the value by given=.",
    )
