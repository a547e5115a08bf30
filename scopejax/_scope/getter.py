"""What a custom getter calls: variables by full name, past all getters."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax

from .._base.names import split
from .._spec.options import Getter, Options
from .request import complete


@dataclasses.dataclass(frozen=True)
class VariableGetter:
    """The first argument of a custom getter.

    A custom getter is called as ``custom_getter(getter, name, **arguments)`` in place
    of `Scope.get_variable`. All names are full names. The scope's defaults have been
    filled into the arguments before; None is none here, as in TF1.

    Attributes:
      scope: the scope that was asked.
      getters: those that are still to run, the outermost last.

    >>> import jax.numpy as jnp, scopejax as sj
    >>> def doubled(getter, name, **arguments):
    ...     return 2 * getter(name, **arguments)
    >>> scope = sj.Scope({"a": {"w": jnp.ones(2)}}).with_options(custom_getter=doubled)
    >>> (scope / "a").get_variable("w", (2,)).tolist()
    [2.0, 2.0]
    """

    scope: Any
    getters: tuple[Getter, ...] = ()

    def __call__(self, *args: Any, **arguments: Any) -> jax.Array:
        """The variable of a name; arguments as of `Scope.get_variable`."""
        if not self.getters:
            return self._true(*args, **arguments)
        first, *rest = self.getters
        inner = dataclasses.replace(self, getters=tuple(rest))
        got: jax.Array = first(inner, *args, **arguments)
        return got

    def _true(
        self,
        name: str,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        **arguments: Any,
    ) -> jax.Array:
        request = complete(
            split(name),
            Options(),
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            **arguments,
        )
        value: jax.Array = self.scope._source.get(request, self.scope._place)
        return value

    def around(self, outer: Getter) -> VariableGetter:
        """The getter that a custom getter calls to have `outer` run next."""
        return dataclasses.replace(self, getters=(outer, *self.getters))

    def assign(self, name: str, value: Any) -> None:
        """Writes a variable that is not trainable; see `Scope.assign`."""
        self.scope._assign(split(name), value)

    def key(self, name: str, index: Any = None) -> jax.Array:
        """A random key of that name; see `Scope.key`."""
        key: jax.Array = self.scope._random_key(split(name), index)
        return key
