"""What a custom getter calls: variables by full name, past all getters."""

from __future__ import annotations

import dataclasses
import operator
from typing import Any

import jax

from .._base.names import split
from .._spec.options import Getter, Options
from .request import Request, complete

_PASSED_ON = Request._fields[2:-1]  # what follows the name in `Request.arguments`


def _completed(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    **arguments: Any,
) -> Request:
    """What a getter asks for, by itself."""
    return complete(
        split(name),
        Options(),
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        **arguments,
    )


@dataclasses.dataclass(frozen=True)
class VariableGetter:
    """The first argument of a custom getter.

    A custom getter is called as ``custom_getter(getter, name, **arguments)`` in place
    of `Scope.get_variable`. All names are full names. The scope's defaults have been
    filled into the arguments before; None is none here, as in TF1.

    Attributes:
      scope: the scope that was asked.
      getters: those that are still to run, the outermost last.
      request: what was asked for, when the first of the getters was called.

    >>> import jax.numpy as jnp, scopejax as sj
    >>> def doubled(getter, name, **arguments):
    ...     return 2 * getter(name, **arguments)
    >>> scope = sj.Scope({"a": {"w": jnp.ones(2)}}).with_options(custom_getter=doubled)
    >>> (scope / "a").get_variable("w", (2,)).tolist()
    [2.0, 2.0]
    """

    scope: Any
    getters: tuple[Getter, ...] = ()
    request: Request | None = dataclasses.field(default=None, repr=False)

    def __call__(self, *args: Any, **arguments: Any) -> jax.Array:
        """The variable of a name; arguments as of `Scope.get_variable`."""
        if not self.getters:
            request = self._same(args, arguments) or _completed(*args, **arguments)
            value: jax.Array = self.scope._source.get(request, self.scope._place)
            return value
        first, *rest = self.getters
        inner = VariableGetter(self.scope, tuple(rest), self.request)
        got: jax.Array = first(inner, *args, **arguments)
        return got

    def _same(self, args: Any, arguments: dict[str, Any]) -> Request | None:
        """What was asked for, if the getters have passed on just that."""
        asked = self.request
        if asked is None or len(args) != 1 or args[0] != asked.name:
            return None
        if tuple(arguments) != _PASSED_ON:
            return None
        passed_on = map(operator.is_, arguments.values(), asked[2:-1])
        return asked if all(passed_on) else None

    def around(self, outer: Getter) -> VariableGetter:
        """The getter that a custom getter calls to have `outer` run next."""
        return VariableGetter(self.scope, (outer, *self.getters), self.request)

    def assign(self, name: str, value: Any) -> None:
        """Writes a variable that is not trainable; see `Scope.assign`."""
        self.scope._assign(split(name), value)

    def key(self, name: str, index: Any = None) -> jax.Array:
        """A random key of that name; see `Scope.key`."""
        key: jax.Array = self.scope._random_key(split(name), index)
        return key
