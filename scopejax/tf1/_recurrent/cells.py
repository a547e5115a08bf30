"""Cells: one step of a recurrent network, from input and state to output and state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..._base.tf1_errors import tf_error
from .._initial.fixed import zeros_initializer
from .._layers.base import Layer
from .._ops.elementwise import OPS
from .._ops.making import zeros
from .._ops.matrices import matmul
from .._ops.normalizing import bias_add
from .._ops.shapes import concat, split
from .._scopes.scope import get_variable_scope
from .._scopes.scopes import variable_scope

_SIGMOID, _TANH = OPS["sigmoid"], OPS["tanh"]


class RNNCell(Layer):
    """A cell: ``cell(inputs, state) -> output, state``.

    A class of its own has `state_size`, `output_size` and `call`, which may ask for
    variables with `get_variable`.

    >>> from scopejax import tf1
    >>> class Sum(tf1.nn.rnn_cell.RNNCell):
    ...     state_size = output_size = 3
    ...     def call(self, inputs, state):
    ...         return inputs + state, inputs + state
    >>> with tf1.Graph().as_default():
    ...     output, state = Sum()(tf1.ones([2, 3]), tf1.ones([2, 3]))
    >>> float(output[0, 0])
    2.0
    """

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        if scope is not None:
            with variable_scope(scope) as scope:
                return super().__call__(inputs, state, scope=scope)
        entered = self._state.entered
        if entered is None:
            entered = variable_scope(get_variable_scope())
            self._keep(entered=entered)
        with entered:
            return super().__call__(inputs, state)

    @property
    def state_size(self) -> Any:
        """The size of the state, or a nest of sizes."""
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        raise NotImplementedError("Abstract method")

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros in the structure of `state_size`."""
        return _zeros(self.state_size, batch_size, dtype)

    def get_initial_state(
        self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
    ) -> Any:
        """`zero_state`, of the batch and dtype of inputs.

        Raises:
          ValueError: neither inputs nor both of the others are given.
        """
        if inputs is not None:
            batch_size, dtype = inputs.shape[0], inputs.dtype
        if batch_size is None or dtype is None:
            raise tf_error(
                ValueError,
                "batch_size and dtype cannot be None while constructing initial state:"
                f" batch_size={batch_size}, dtype={dtype}",
            )
        return self.zero_state(batch_size, dtype)


def _zeros(size: Any, batch_size: Any, dtype: Any) -> Any:
    if isinstance(size, tuple) and hasattr(size, "_fields"):
        return type(size)(*[_zeros(s, batch_size, dtype) for s in size])
    if isinstance(size, tuple | list) and not hasattr(size, "as_list"):
        return type(size)(_zeros(s, batch_size, dtype) for s in size)
    sizes = size.as_list() if hasattr(size, "as_list") else [size]
    return zeros([batch_size, *sizes], dtype)


class GateCell(RNNCell):
    """A cell whose gates are parts of one product of ``[inputs, state]``."""

    def __init__(
        self,
        num_units: int,
        activation: Callable[[Any], Any] | None,
        reuse: Any,
        name: Any,
        dtype: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        self._num_units = num_units
        self._activation = activation or _TANH

    state_size = output_size = property(lambda self: self._num_units)

    def _weights(
        self,
        prefix: str,
        size: int,
        units: int,
        kernel: Any = None,
        bias: Any = zeros_initializer,
        partitioner: Any = None,
    ) -> tuple[Any, Any]:
        """Kernel and bias."""
        return (
            self.add_weight(
                f"{prefix}kernel",
                [size, units],
                initializer=kernel,
                partitioner=partitioner,
            ),
            self.add_weight(f"{prefix}bias", [units], initializer=bias),
        )

    def _product(self, inputs: Any, state: Any, kernel: Any, bias: Any) -> Any:
        return bias_add(matmul(concat([inputs, state], 1), kernel), bias)


class BasicRNNCell(GateCell):
    """``activation([inputs, state] @ kernel + bias)``.

    >>> from scopejax import tf1
    >>> tf1.nn.rnn_cell.BasicRNNCell(3).state_size
    3
    """

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Makes kernel and bias."""
        units = self._num_units
        self._kernel, self._bias = self._weights("", input_shape[-1] + units, units)
        super().build(input_shape)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        found = self._product(inputs, state, self._kernel, self._bias)
        output = self._activation(found)
        return output, output


class GRUCell(GateCell):
    """A gated recurrent unit.

    >>> from scopejax import tf1
    >>> tf1.nn.rnn_cell.GRUCell(3).output_size
    3
    """

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._initializers = kernel_initializer, bias_initializer

    def build(self, input_shape: Any) -> None:
        """Makes kernels and biases of gates and candidate."""
        from .._initial.fixed import constant_initializer

        size, units = input_shape[-1] + self._num_units, self._num_units
        kernel, bias = self._initializers
        ones = constant_initializer(1.0) if bias is None else bias
        nulls = zeros_initializer if bias is None else bias
        self._gates = self._weights("gates/", size, 2 * units, kernel, ones)
        self._candidate = self._weights("candidate/", size, units, kernel, nulls)
        super().build(input_shape)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        gates = _SIGMOID(self._product(inputs, state, *self._gates))
        reset, update = split(gates, 2, 1)
        candidate = self._product(inputs, reset * state, *self._candidate)
        new = update * state + (1 - update) * self._activation(candidate)
        return new, new


class MultiRNNCell(RNNCell):
    """Cells one above the other.

    >>> from scopejax import tf1
    >>> cells = [tf1.nn.rnn_cell.GRUCell(n) for n in (3, 4)]
    >>> tf1.nn.rnn_cell.MultiRNNCell(cells).state_size
    (3, 4)
    """

    def __init__(self, cells: Any, state_is_tuple: bool = True) -> None:
        super().__init__()
        if not cells:
            raise tf_error(
                ValueError, "Must specify at least one cell for MultiRNNCell."
            )
        if not isinstance(cells, list | tuple):
            raise tf_error(
                TypeError, f"cells must be a list or tuple, but received: {cells}."
            )
        self._cells, self._state_is_tuple = cells, state_is_tuple

    @property
    def state_size(self) -> Any:
        """The sizes of all cells, or their sum."""
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        """That of the last cell."""
        return self._cells[-1].output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros for each cell."""
        if not self._state_is_tuple:
            return super().zero_state(batch_size, dtype)
        return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step of each."""
        if not self._state_is_tuple:
            state = split(state, [cell.state_size for cell in self._cells], 1)
        found = []
        for i, (cell, now) in enumerate(zip(self._cells, state, strict=True)):
            with variable_scope(f"cell_{i}"):
                inputs, now = cell(inputs, now)
            found.append(now)
        return inputs, tuple(found) if self._state_is_tuple else concat(found, 1)
