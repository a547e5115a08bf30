"""`vmap` and references: JAX writes none that has no axis of the `vmap`.

A value that is one for all members does not depend on the `vmap`, and JAX knows: it is
of an outer trace, in which it can be written. So can the primal value of something that
`jvp` or `grad` differentiates. Where the body of a loop is mapped as a whole, JAX finds
out later what is mapped; a primitive that does nothing asks it then.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from .surroundings import current_trace

Refusal = Callable[[], Exception]


@functools.cache
def _kinds() -> tuple[type, frozenset[type]]:
    """The kinds of traces around which an outer one goes on: of `vmap`, and of all."""
    kinds: list[type] = []

    def seen(x: Any) -> Any:
        kinds.append(type(current_trace()))
        return x

    one = np.ones(1, np.float32)
    jax.vmap(seen)(one)
    jax.jvp(seen, (one,), (one,))
    jax.vjp(seen, one)
    return kinds[0], frozenset(kinds)


def has_axis(value: Any) -> bool:
    """Whether a `vmap` that runs maps a value, or a reference."""
    return type(getattr(value, "_trace", None)) is _kinds()[0]


def is_mapped(trace: Any) -> bool:
    """Whether a trace is one of a `vmap`, or within one."""
    while trace is not None and type(trace) is not _kinds()[0]:
        trace = getattr(trace, "parent_trace", None)
    return trace is not None


def outermost(*values: Any) -> Any:
    """The outermost trace in which all of `values` exist, at this point of the program.

    Between it and the current one are only traces of `vmap` and of differentiation, in
    which none of the values takes part.
    """
    trace, own = current_trace(), [getattr(value, "_trace", None) for value in values]
    while type(trace) in _kinds()[1] and not any(it is trace for it in own):
        trace = trace.parent_trace
    return trace


@functools.cache
def _asked() -> Any:
    """The primitive that asks; made at its first use, as its modules load slowly."""
    core = importlib.import_module("jax.extend.core")
    batching = importlib.import_module("jax.interpreters.batching")
    mlir = importlib.import_module("jax.interpreters.mlir")
    asked = core.Primitive("has_an_axis")
    asked.multiple_results = True
    asked.def_impl(lambda *_, refusal: [])
    asked.def_abstract_eval(lambda *_, refusal: [])
    batching.fancy_primitive_batchers[asked] = _batch
    mlir.register_lowering(asked, lambda *_, refusal: [])
    return asked


def require_axis(value: jax.Array, state: jax.Array, refusal: Refusal) -> None:
    """Has JAX raise an error where a `vmap` maps the code, but not `state`.

    Args:
      value: what is to be written, a constant for gradients.
      state: the present value of a reference, or something mapped like it; likewise.
      refusal: makes the error.
    """
    _asked().bind(value, state, refusal=refusal)


def _batch(axis: Any, values: Any, axes: Any, *, refusal: Refusal) -> Any:
    if axes[1] is None:
        raise refusal()
    return _asked().bind(*values, refusal=refusal), []
