"""Cells over time: by `jax.lax.scan`, or step by step."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ..._base.tf1_errors import tf_error
from .._ops.drawing import step
from .._ops.indexing import reverse_sequence
from .._ops.shapes import concat, reverse
from .._scopes.scopes import variable_scope
from .._tensors.calls import op, plain, wrapped
from .._tensors.convert import as_array
from .cells import RNNCell


def dynamic_rnn(
    cell: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> Any:
    """A cell over the axis of time, which is 1, or 0 where `time_major` is true.

    Args:
      cell: an RNNCell.
      inputs: an array ``[batch, time, ...]``, or a nest of them.
      sequence_length: ``[batch]``; beyond it outputs are 0, and the state stays.
      initial_state: zeros where it is None; then `dtype` is needed.
      dtype: of the state.
      parallel_iterations, swap_memory: without effect.
      time_major: whether inputs and outputs are ``[time, batch, ...]``.
      scope: a variable scope; "rnn".

    Returns:
      The outputs, and the last state.

    Raises:
      ValueError: there is neither an initial state nor a dtype.
    """
    with variable_scope(scope or "rnn"):
        xs = jax.tree.map(jnp.asarray, _plain_arrays(inputs))
        xs = xs if time_major else jax.tree.map(_turned, xs)
        steps, batch = jax.tree.leaves(xs)[0].shape[:2]
        state = _first_state(cell, initial_state, batch, dtype)
        lengths = None if sequence_length is None else as_array(plain(sequence_length))

        def once(state: Any, at: Any) -> Any:
            time, x = at
            with step(time):
                output, new = cell(wrapped(x), wrapped(state))
            new = jax.tree.map(lambda a, b: a.astype(b.dtype), _plain(new), state)
            output = _plain(output)
            if lengths is not None:
                goes = time < lengths
                output = jax.tree.map(
                    lambda a: _where(goes, a, jnp.zeros_like(a)), output
                )
                new = jax.tree.map(lambda a, b: _where(goes, a, b), new, state)
            return new, output

        state, outputs = jax.lax.scan(once, state, (jnp.arange(steps), xs))
        outputs = outputs if time_major else jax.tree.map(_turned, outputs)
        return wrapped(outputs, "outputs"), wrapped(state, "state")


def _plain(nest: Any) -> Any:
    return jax.tree.map(as_array, plain(nest))


_plain_arrays = _plain


def _turned(x: Any) -> Any:
    return jnp.swapaxes(x, 0, 1)


def _where(goes: Any, a: Any, b: Any) -> Any:
    return jnp.where(goes.reshape(-1, *(1,) * (a.ndim - 1)), a, b)


def _first_state(cell: Any, given: Any, batch: int, dtype: Any) -> Any:
    if given is None:
        if dtype is None:
            raise tf_error(
                ValueError, "If there is no initial_state, you must give a dtype."
            )
        given = cell.zero_state(batch, dtype)
    return jax.tree.map(jnp.asarray, _plain(given))


def bidirectional_dynamic_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> Any:
    """Two cells over time, the second one backwards; see `dynamic_rnn`.

    Returns:
      A pair of outputs, and a pair of last states.
    """
    axes = (0, 1) if time_major else (1, 0)

    def backwards(x: Any) -> Any:
        if sequence_length is None:
            return reverse(x, [axes[0]])
        return reverse_sequence(x, sequence_length, *axes)

    with variable_scope(scope or "bidirectional_rnn"):
        given = {"dtype": dtype, "time_major": time_major}
        with variable_scope("fw") as within:
            forth, state_fw = dynamic_rnn(
                cell_fw,
                inputs,
                sequence_length,
                initial_state_fw,
                scope=within,
                **given,
            )
        with variable_scope("bw") as within:
            back, state_bw = dynamic_rnn(
                cell_bw,
                backwards(inputs),
                sequence_length,
                initial_state_bw,
                scope=within,
                **given,
            )
    return (forth, backwards(back)), (state_fw, state_bw)


def static_rnn(
    cell: Any,
    inputs: Any,
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> Any:
    """A cell over a list of inputs, step by step.

    Args:
      cell: an RNNCell.
      inputs: a list, one ``[batch, size]`` for each step.
      initial_state, dtype, sequence_length: as of `dynamic_rnn`.
      scope: a variable scope; "rnn".

    Returns:
      The list of outputs, and the last state.

    Raises:
      TypeError: the cell is none, or the inputs no list.
      ValueError: there are no inputs.
    """
    if not isinstance(cell, RNNCell) and not callable(cell):
        raise tf_error(TypeError, f"cell must be an RNNCell, but received: {cell}")
    if not isinstance(inputs, list | tuple):
        raise tf_error(TypeError, "inputs must be a sequence")
    if not inputs:
        raise tf_error(ValueError, "inputs must not be empty")
    outputs = []
    with variable_scope(scope or "rnn") as within:
        state = wrapped(_first_state(cell, initial_state, inputs[0].shape[0], dtype))
        for time, x in enumerate(inputs):
            if time:
                within.reuse_variables()
            output, new = cell(x, state)
            if sequence_length is not None:
                output, new = _stepped(time, sequence_length, output, new, state)
            outputs.append(output)
            state = new
    return outputs, state


@op
def _stepped(time: int, lengths: Any, output: Any, new: Any, old: Any) -> Any:
    goes = time < as_array(lengths)
    output = jax.tree.map(lambda a: _where(goes, a, jnp.zeros_like(a)), output)
    return output, jax.tree.map(lambda a, b: _where(goes, a, b), new, old)


def static_bidirectional_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> Any:
    """Two cells over a list of inputs, the second one backwards.

    Returns:
      The list of joined outputs, and both last states.
    """
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as within:
            forth, state_fw = static_rnn(
                cell_fw, inputs, initial_state_fw, dtype, sequence_length, within
            )
        with variable_scope("bw") as within:
            turned = _reversed(inputs, sequence_length)
            back, state_bw = static_rnn(
                cell_bw, turned, initial_state_bw, dtype, sequence_length, within
            )
    pairs = zip(forth, _reversed(back, sequence_length), strict=True)
    return [concat([a, b], 1) for a, b in pairs], state_fw, state_bw


def _reversed(inputs: Any, lengths: Any) -> list[Any]:
    if lengths is None:
        return list(inputs)[::-1]
    from .._ops.shapes import stack, unstack

    turned: list[Any] = unstack(reverse_sequence(stack(inputs), lengths, 0, 1))
    return turned
