"""The variables of a module, asked of a scope, each with its initial value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .._base.errors import ScopeUsageError
from .._base.lines import user_line
from .._base.names import join
from .._scope.scope import Scope
from .._spec.options import no_regularizer
from ..initializers import InitialValueOf
from ._draw import compiled, jitted
from ._origins import Computed, Copy, Drawn, Given, Source
from ._program import Program
from ._structure import Structure


def variables(
    scope: Scope, structure: Structure, key: jax.Array | None, arguments: Sequence[Any]
) -> list[jax.Array]:
    """The variables of a module, in its order.

    Args:
      key: of the module, where its values are to be the library's own.
      arguments: the module's arrays.
    """
    asked = _Variables(scope, structure, key, arguments)
    return [asked.variable(leaf) for leaf in range(len(structure.paths))]


class _Variables:
    def __init__(
        self,
        scope: Scope,
        structure: Structure,
        key: jax.Array | None,
        arguments: Sequence[Any],
    ) -> None:
        self._scope, self._structure = scope, structure
        self._key, self._arguments = key, arguments
        self._is_recorded = scope._source.recording
        self._found: dict[int, jax.Array] = {}
        self._keys: list[jax.Array] | None = None

    def variable(self, leaf: int) -> jax.Array:
        """A variable; those that its initial value depends on come first."""
        if leaf not in self._found:
            self._found[leaf] = self._get(leaf, self._initializer(leaf))
        return self._found[leaf]

    def _get(self, leaf: int, initializer: Any) -> jax.Array:
        slot, aval = self._structure.slots[leaf], self._structure.avals[leaf]
        name = join(self._structure.paths[leaf])
        is_value = initializer is not None and not callable(initializer)
        dtype = aval.dtype
        if slot.trainable and self._key is None and dtype == jnp.float32:
            dtype = None  # the scope's; float32 is what the libraries take by default
        return self._scope.get_variable(
            name,
            None if is_value else aval.shape,
            None if is_value else dtype,
            initializer,
            regularizer=None if slot.trainable else no_regularizer,
            trainable=None if slot.trainable else False,
        )

    def _initializer(self, leaf: int) -> Any:
        origin = self._structure.origins.all[leaf]
        if isinstance(origin, Given):
            return origin.array
        if isinstance(origin, Copy):
            # The name is read where it is needed: reading ties a trace to the path.
            name = self._name(origin.leaf) if self._is_recorded else ""
            return InitialValueOf(name)
        if self._key is not None:
            return self._by_key(origin)
        if isinstance(origin, Drawn):
            return origin.text.draw
        if Source("key") in origin.sources:
            return _mixed
        return self._computed(origin.program, origin.sources)

    def _computed(self, program: Program, sources: Sequence[Source]) -> jax.Array:
        """A value computed in the trace that runs."""
        inputs = map(self._input, sources, program.inputs)
        return program(*inputs)[0]

    def _input(self, source: Source, var: Any) -> Any:
        if source.kind == "key":
            return self._key
        if source.kind == "argument":
            return self._arguments[source.number]
        return self.variable(source.number).astype(var.aval.dtype)

    def _by_key(self, origin: Drawn | Computed) -> Any:
        """The library's own value, or what makes it."""
        if isinstance(origin, Computed):
            if any(source.kind == "argument" for source in origin.whole_sources):
                return self._computed(origin.whole, origin.whole_sources)
        elif origin.key is None:
            return origin.text.draw
        if not self._is_recorded:
            return None  # nobody needs it
        if self._scope._place.stack:
            raise self._stacked()
        with jax.ensure_compile_time_eval():
            if isinstance(origin, Computed):
                return jitted(origin.whole)(self._key)[0]
            return compiled(origin.text)(self._own_key(origin))[0]

    def _own_key(self, drawn: Drawn) -> jax.Array:
        """The key that the library derives for a value."""
        if self._keys is None:
            # One operation after the other: compiled as one program they take longer.
            self._keys = self._structure.origins.keys(self._key)
        assert drawn.key is not None
        return self._keys[drawn.key]

    def _name(self, leaf: int) -> str:
        return join((*self._scope.path, *self._structure.paths[leaf]))

    def _stacked(self) -> ScopeUsageError:
        return ScopeUsageError(
            f"All layers of the stack {self._scope.name} would start alike: their"
            " values would be those of one key.",
            name=self._scope.name,
            where=user_line(),
            remedy="init='path' draws each layer for itself; or pass the values by"
            " given=.",
        )


def _mixed(key: Any, shape: Any, dtype: Any) -> Any:
    """The initializer of a value that has no key of its own."""
    raise TypeError(
        "it is drawn, and depends on the module's arguments or on other variables"
        " besides; init=jax.random.key(...) draws the module's variables as its library"
        " does"
    )
