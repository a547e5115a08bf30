"""Long short-term memories, with one kernel for all gates."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...partitioners import fixed_size_partitioner
from .._ops.clipping import clip_by_value
from .._ops.elementwise import OPS
from .._ops.matrices import matmul
from .._ops.shapes import concat, split
from .cells import GateCell

_SIGMOID = OPS["sigmoid"]


class LSTMStateTuple(NamedTuple):
    """The state of an LSTM: the cell and the output.

    >>> LSTMStateTuple(1, 2).h
    2
    """

    c: Any
    h: Any

    @property
    def dtype(self) -> Any:
        """That of both."""
        return self.c.dtype


class BasicLSTMCell(GateCell):
    """A long short-term memory.

    >>> from scopejax import tf1
    >>> tf1.nn.rnn_cell.BasicLSTMCell(3).state_size
    LSTMStateTuple(c=3, h=3)
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._forget_bias, self._state_is_tuple = forget_bias, state_is_tuple

    @property
    def state_size(self) -> Any:
        """The size of cell and output, as a pair or joined."""
        units = self._num_units
        return LSTMStateTuple(units, units) if self._state_is_tuple else 2 * units

    output_size = property(lambda self: self._num_units)

    def build(self, input_shape: Any) -> None:
        """Makes kernel and bias."""
        units = self._num_units
        self._kernel, self._bias = self._weights("", input_shape[-1] + units, 4 * units)
        super().build(input_shape)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c, h = state if self._state_is_tuple else split(state, 2, 1)
        gates = self._product(inputs, h, self._kernel, self._bias)
        i, j, f, o = split(gates, 4, 1)
        new_c = c * _SIGMOID(f + self._forget_bias) + _SIGMOID(i) * self._activation(j)
        new_h = self._activation(new_c) * _SIGMOID(o)
        return new_h, _joined(new_c, new_h, self._state_is_tuple)


def _joined(c: Any, h: Any, as_tuple: bool) -> Any:
    return LSTMStateTuple(c, h) if as_tuple else concat([c, h], 1)


class LSTMCell(GateCell):
    """A long short-term memory with peepholes, clipping and projection.

    >>> from scopejax import tf1
    >>> tf1.nn.rnn_cell.LSTMCell(3, num_proj=2).state_size
    LSTMStateTuple(c=3, h=2)
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int | None = None,
        num_proj_shards: int | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._use_peepholes, self._initializer = use_peepholes, initializer
        self._cell_clip, self._proj_clip = cell_clip, proj_clip
        self._num_proj = num_proj
        self._shards = num_unit_shards, num_proj_shards
        self._forget_bias, self._state_is_tuple = forget_bias, state_is_tuple

    @property
    def state_size(self) -> Any:
        """The size of cell and output, as a pair or joined."""
        units, out = self._num_units, self.output_size
        return LSTMStateTuple(units, out) if self._state_is_tuple else units + out

    @property
    def output_size(self) -> int:
        """That of the projection, or of the cell."""
        return self._num_proj or self._num_units

    def build(self, input_shape: Any) -> None:
        """Makes kernel and bias, peepholes and projection."""
        units, given = self._num_units, self._initializer
        partitioners = [
            None if count is None else fixed_size_partitioner(count)
            for count in self._shards
        ]
        self._kernel, self._bias = self._weights(
            "",
            input_shape[-1] + self.output_size,
            4 * units,
            given,
            partitioner=partitioners[0],
        )
        if self._use_peepholes:
            self._peepholes = [
                self.add_weight(f"w_{gate}_diag", [units], initializer=given)
                for gate in "fio"
            ]
        if self._num_proj is not None:
            self._projection = self.add_weight(
                "projection/kernel",
                [units, self._num_proj],
                initializer=given,
                partitioner=partitioners[1],
            )
        super().build(input_shape)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c, h = state if self._state_is_tuple else self._parts(state)
        gates = self._product(inputs, h, self._kernel, self._bias)
        i, j, f, o = split(gates, 4, 1)
        f = f + self._forget_bias
        if self._use_peepholes:
            f, i = f + self._peepholes[0] * c, i + self._peepholes[1] * c
        c = _clipped(
            _SIGMOID(f) * c + _SIGMOID(i) * self._activation(j), self._cell_clip
        )
        o = o + self._peepholes[2] * c if self._use_peepholes else o
        h = _SIGMOID(o) * self._activation(c)
        if self._num_proj is not None:
            h = _clipped(matmul(h, self._projection), self._proj_clip)
        return h, _joined(c, h, self._state_is_tuple)

    def _parts(self, state: Any) -> Any:
        return split(state, [self._num_units, self.output_size], 1)


def _clipped(x: Any, most: float | None) -> Any:
    return x if most is None else clip_by_value(x, -most, most)
