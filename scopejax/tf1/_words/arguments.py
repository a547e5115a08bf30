"""The arguments of one `get_variable`, on their way from the scope to the store."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..._base.tf1_errors import tf_error
from ..._spec.spec import VariableAggregation, VariableSynchronization
from .dtypes import FLOAT32, as_dtype


@dataclasses.dataclass(slots=True)
class Arguments:
    """TF1's arguments; `name` is the full name once a scope has seen it."""

    name: Any
    shape: Any = None
    dtype: Any = FLOAT32
    initializer: Any = None
    regularizer: Any = None
    reuse: Any = None
    trainable: Any = None
    collections: Any = None
    caching_device: Any = None
    partitioner: Any = None
    validate_shape: bool = True
    use_resource: bool | None = None
    constraint: Any = None
    synchronization: Any = VariableSynchronization.AUTO
    aggregation: Any = VariableAggregation.NONE

    def check(self) -> None:
        """Makes the dtype NumPy's and the modes members of their enums.

        Raises:
          TypeError, ValueError: they are none.
        """
        self.dtype = as_dtype(self.dtype, self.name)
        self.synchronization, self.aggregation, self.trainable = checked_modes(
            self.synchronization, self.aggregation, self.trainable, self.name
        )

    def as_keywords(self) -> dict[str, Any]:
        """What a custom getter is called with."""
        return {name: getattr(self, name) for name in self.__slots__}


def checked_modes(
    synchronization: Any, aggregation: Any, trainable: Any, name: Any
) -> tuple[VariableSynchronization, VariableAggregation, bool]:
    """The two modes as members of their enums, and what `trainable` is by default."""
    if type(aggregation) is not VariableAggregation:
        aggregation = _member("aggregation", aggregation, VariableAggregation, name)
    if type(synchronization) is not VariableSynchronization:
        kind = VariableSynchronization
        synchronization = _member("synchronization", synchronization, kind, name)
    if trainable is None:
        trainable = synchronization is not VariableSynchronization.ON_READ
    return synchronization, aggregation, trainable


def _member(what: str, given: Any, kind: Any, name: Any) -> Any:
    try:
        return kind(given or 0)
    except ValueError:
        raise tf_error(
            ValueError, f"Invalid variable {what} mode: {given} for variable: {name}"
        ) from None
