"""A library's function as a program: traced once, and run wherever it is called for.

The module of another library is Python code that asks JAX for one operation after the
other. Here it runs on abstract arrays, and what is left of it is a jaxpr, which is
evaluated in the trace that calls for it. So it is known before anything runs which
arrays and which random keys are used, what is written, and how each initial value
comes about; and modules that are alike are traced once.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

import jax

from .._jax.modes import tracing
from ._program import Program, program_of


class Static:
    """A pytree without leaves: what a traced function returns besides arrays."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


jax.tree_util.register_pytree_node(
    Static, lambda static: ((), static), lambda static, _: static
)


class Rest(NamedTuple):
    """A tree without its arrays.

    Attributes:
      structure: of the tree.
      leaves: its leaves, with None in place of each array.
    """

    structure: Any
    leaves: list[Any]

    def having(self, arrays: Mapping[int, Any]) -> Any:
        """The tree with these arrays in their places."""
        leaves = [arrays.get(i, leaf) for i, leaf in enumerate(self.leaves)]
        return jax.tree.unflatten(self.structure, leaves)


def apart(tree: Any, kinds: Any = jax.Array) -> tuple[dict[int, Any], Rest]:
    """The arrays among the leaves of a tree, by their numbers, and the rest of it.

    By default these are JAX's. An array of NumPy is a constant, as to the libraries.
    """
    leaves, structure = jax.tree.flatten(tree)
    arrays = {i: leaf for i, leaf in enumerate(leaves) if isinstance(leaf, kinds)}
    rest = [None if i in arrays else leaf for i, leaf in enumerate(leaves)]
    return arrays, Rest(structure, rest)


class Traced(NamedTuple):
    """A program, and what it returns.

    Attributes:
      program: its inputs are the leaves of the function's argument.
      out: the function's result, abstract.
      same: an object that all traces of equal functions have; None where there is none.
    """

    program: Program
    out: Any
    same: Any


@dataclasses.dataclass(frozen=True)
class Keyed:
    """A function, equal to others of the same `key`; with None it is equal to none."""

    key: Hashable
    function: Callable[..., Any] = dataclasses.field(compare=False)


@functools.lru_cache(maxsize=512)
def _jitted(keyed: Keyed) -> Any:
    return jax.jit(keyed.function)  # JAX keeps its traces, by shape and configuration


def trace(keyed: Keyed, argument: Any) -> Traced:
    """The program of a function of one tree of arrays, which may be abstract."""
    if keyed.key is not None:
        with tracing():
            traced = _jitted(keyed).trace(argument)
        closed = traced.jaxpr
        if len(closed.jaxpr.invars) == len(jax.tree.leaves(argument)):
            return Traced(program_of(closed), traced.out_info, closed)
    # Here what it closes over of a trace around it is a constant.
    with tracing():
        closed, out = jax.make_jaxpr(keyed.function, return_shape=True)(argument)
    return Traced(program_of(closed), out, None)
