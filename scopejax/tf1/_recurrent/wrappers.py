"""What stands around a cell: dropout, residuals, devices; and layer normalization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from .._initial.fixed import constant_initializer
from .._ops.drawing import dropout, key_of
from .._ops.elementwise import OPS
from .._ops.matrices import matmul
from .._ops.normalizing import batch_normalization, bias_add, moments
from .._ops.shapes import concat, split
from .._running.functions import device as on_device
from .._scopes.get_variable import get_variable
from .._scopes.scopes import variable_scope
from .._tensors.calls import op
from .cells import RNNCell
from .lstm import LSTMStateTuple

_SIGMOID, _TANH = OPS["sigmoid"], OPS["tanh"]


class _Wrapper(RNNCell):
    """A cell around another, in whose scope nothing changes."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell = cell

    state_size = property(lambda self: self.cell.state_size)
    output_size = property(lambda self: self.cell.output_size)

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """That of the cell."""
        return self.cell.zero_state(batch_size, dtype)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        return self._around(inputs, state, scope)

    def _around(self, inputs: Any, state: Any, scope: Any) -> Any:
        return self._inner(inputs, state, scope)

    def _inner(self, inputs: Any, state: Any, scope: Any) -> Any:
        if scope is None:
            return self.cell(inputs, state)
        return self.cell(inputs, state, scope=scope)


class DropoutWrapper(_Wrapper):
    """A cell with dropout of inputs, outputs and state; see `tf.nn.dropout`.

    With `variational_recurrent` the same numbers are dropped in each step.

    >>> from scopejax import tf1
    >>> cell = tf1.nn.rnn_cell.GRUCell(3)
    >>> tf1.nn.rnn_cell.DropoutWrapper(cell, output_keep_prob=0.5).state_size
    3
    """

    def __init__(
        self,
        cell: Any,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: Any = None,
        seed: Any = None,
        dropout_state_filter_visitor: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell)
        self._chances = {
            "input": input_keep_prob,
            "output": output_keep_prob,
            "state": state_keep_prob,
        }
        self._filter = dropout_state_filter_visitor or _all_but_cells
        self._key = key_of("variational_dropout") if variational_recurrent else None

    def _around(self, inputs: Any, state: Any, scope: Any) -> Any:
        inputs = self._dropped("input", inputs, 0)
        output, state = self._inner(inputs, state, scope)
        return self._dropped("output", output, 1), self._state_dropped(state)

    def _dropped(self, what: str, x: Any, number: int) -> Any:
        keep = self._chances[what]
        if isinstance(keep, int | float) and keep >= 1:
            return x
        if self._key is None:
            return dropout(x, keep, name=f"{what}_dropout")
        return _fixed(x, keep, jax.random.fold_in(self._key, number))

    def _state_dropped(self, state: Any, number: int = 2) -> Any:
        keep = self._chances["state"]
        if isinstance(keep, int | float) and keep >= 1:
            return state
        return self._nested(state, self._filter(state), number)

    def _nested(self, state: Any, wanted: Any, number: int) -> Any:
        if isinstance(state, tuple):
            chosen = wanted if isinstance(wanted, tuple) else (wanted,) * len(state)
            parts = [
                self._nested(part, choice, number * 8 + i)
                for i, (part, choice) in enumerate(zip(state, chosen, strict=True))
            ]
            return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)
        return self._dropped("state", state, number) if wanted else state


def _all_but_cells(state: Any) -> Any:
    """As TF1 chooses: of an LSTM the output alone."""
    if isinstance(state, LSTMStateTuple):
        return LSTMStateTuple(False, True)
    return tuple(map(_all_but_cells, state)) if isinstance(state, tuple) else True


@op
def _fixed(x: Any, keep: Any, key: Any) -> Any:
    stays = jax.random.bernoulli(key, keep, (1, *x.shape[1:]))
    return jax.numpy.where(stays, x / keep, 0).astype(x.dtype)


class ResidualWrapper(_Wrapper):
    """A cell whose inputs are added to its outputs.

    >>> from scopejax import tf1
    >>> tf1.nn.rnn_cell.ResidualWrapper(tf1.nn.rnn_cell.GRUCell(3)).output_size
    3
    """

    def __init__(
        self, cell: Any, residual_fn: Callable[..., Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(cell)
        self._residual_fn = residual_fn

    def _around(self, inputs: Any, state: Any, scope: Any) -> Any:
        outputs, state = self._inner(inputs, state, scope)
        if self._residual_fn is not None:
            return self._residual_fn(inputs, outputs), state
        return inputs + outputs, state


class DeviceWrapper(_Wrapper):
    """A cell whose variables are made on a device.

    >>> from scopejax import tf1
    >>> cell = tf1.nn.rnn_cell.GRUCell(3)
    >>> tf1.nn.rnn_cell.DeviceWrapper(cell, "/cpu:0").output_size
    3
    """

    def __init__(self, cell: Any, device: Any, **kwargs: Any) -> None:
        super().__init__(cell)
        self._device = device

    def _around(self, inputs: Any, state: Any, scope: Any) -> Any:
        with on_device(self._device):
            return self._inner(inputs, state, scope)


class LayerNormBasicLSTMCell(RNNCell):
    """An LSTM whose gates and cell are normalized, with dropout of the candidate.

    >>> from scopejax import tf1
    >>> tf1.contrib.rnn.LayerNormBasicLSTMCell(3).state_size
    LSTMStateTuple(c=3, h=3)
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: Any = None,
        activation: Callable[[Any], Any] = _TANH,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Any = 1.0,
        dropout_prob_seed: Any = None,
        reuse: Any = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units, self._forget_bias = num_units, forget_bias
        self._activation, self._layer_norm = activation, layer_norm
        self._gain, self._shift = norm_gain, norm_shift
        self._keep_prob = dropout_keep_prob

    @property
    def state_size(self) -> Any:
        """The size of cell and output."""
        return LSTMStateTuple(self._num_units, self._num_units)

    output_size = property(lambda self: self._num_units)

    def _norm(self, x: Any, scope: str) -> Any:
        if not self._layer_norm:
            return x
        with variable_scope(scope):
            gamma, beta = (
                get_variable(
                    name,
                    x.shape[-1:],
                    x.dtype,
                    initializer=constant_initializer(start),
                )
                for name, start in (("gamma", self._gain), ("beta", self._shift))
            )
        mean, variance = moments(x, [1], keep_dims=True)
        return batch_normalization(x, mean, variance, beta, gamma, 1e-12)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c, h = state
        args = concat([inputs, h], 1)
        size = 4 * self._num_units
        kernel = get_variable("kernel", [args.shape[-1], size], args.dtype)
        gates = matmul(args, kernel)
        if not self._layer_norm:
            gates = bias_add(gates, get_variable("bias", [size], args.dtype))
        names = ("input", "transform", "forget", "output")
        parts = zip(split(gates, 4, 1), names, strict=True)
        i, j, f, o = (self._norm(part, name) for part, name in parts)
        g = self._activation(j)
        if not isinstance(self._keep_prob, float) or self._keep_prob < 1:
            g = dropout(g, self._keep_prob)
        c = c * _SIGMOID(f + self._forget_bias) + _SIGMOID(i) * g
        c = self._norm(c, "state")
        h = self._activation(c) * _SIGMOID(o)
        return h, LSTMStateTuple(c, h)
