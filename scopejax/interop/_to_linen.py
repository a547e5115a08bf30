"""A model as a module of flax.linen."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from .._base.errors import InvalidArgumentError, ScopeUsageError
from .._base.lines import user_line
from .._base.texts import brief
from .._base.trees import merge
from .._model.transform import transform, transform_with_state
from ._libraries import library
from ._names import PARAMS


def to_linen(
    model: Callable[..., Any],
    *,
    name: str | None = None,
    collection: str = "state",
    stream: str = "dropout",
) -> Any:
    """A model as a `flax.linen` module, to run alone or within other modules.

    Its variables lie in linen's collections as they lie in our tree, below the module's
    name: those that are trainable in ``params``, the others in `collection`. They start
    by the path law, from the key that linen has for the module.

    Args:
      model: ``model(scope, *args, **kwargs) -> out``.
      name: the module's; linen gives one by default.
      collection: of what is not trainable. What the model assigns is written there
        where linen has it mutable.
      stream: of linen's random keys, whose key serves `Scope.key`.

    Returns:
      A `flax.linen.Module`, called as ``module(*args, **kwargs)``.

    Raises:
      InvalidArgumentError: `model` is not callable.
      ImportError: flax is not installed.

    >>> import jax, jax.numpy as jnp, scopejax as sj
    >>> def dense(scope, x):
    ...     return sj.layers.dense(scope / "fc", x, 3)
    >>> module = to_linen(dense)
    >>> variables = module.init(jax.random.key(0), jnp.ones((4, 2)))
    >>> jax.tree.map(jnp.shape, variables)
    {'params': {'fc': {'bias': (3,), 'kernel': (2, 3)}}}
    """
    if not callable(model):
        raise InvalidArgumentError(
            f"to_linen takes a function of a scope, but received: {brief(model)}",
            expected="a function model(scope, *args)",
            found=type(model).__name__,
            where=user_line(),
        )
    return _scope_module()(model, collection, stream, name=name)


@functools.cache
def _scope_module() -> Any:
    nn = library("linen")

    class ScopeModule(nn.Module):  # type: ignore[misc, name-defined]
        model: Callable[..., Any]
        collection: str
        stream: str

        @nn.compact  # type: ignore[untyped-decorator]
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            if self.is_initializing():
                self._make(args, kwargs)
            params, state = map(self._variables, (PARAMS, self.collection))
            has_key = self.has_rng(self.stream) or self.has_rng(PARAMS)
            key = self.make_rng(self.stream) if has_key else None
            is_written = self.is_mutable_collection(self.collection)
            try:
                if not (is_written or self.is_initializing()):
                    variables = merge(params, state)
                    run = transform(self.model).apply
                    return run(variables, *args, key=key, **kwargs)
                run_with_state = transform_with_state(self.model).apply
                out, state = run_with_state(params, state, *args, key=key, **kwargs)
            except ScopeUsageError as error:
                self._explain(error)
                raise
            if not self.is_initializing():
                for name, value in state.items():
                    self.put_variable(self.collection, name, value)
            return out

        def _make(self, args: Any, kwargs: Any) -> None:
            """Makes what is missing; a module may be called more than once."""
            given = merge(*map(self._variables, (PARAMS, self.collection)))
            init = transform_with_state(self.model).init
            params, state = init(self.make_rng(PARAMS), *args, given=given, **kwargs)
            for name, value in params.items():
                self._put(PARAMS, name, value)
            for name, value in state.items():
                self._put(self.collection, name, value)

        def _put(self, collection: str, name: str, value: Any) -> None:
            if self.has_variable(collection, name):
                self.put_variable(collection, name, value)
            elif collection == PARAMS:
                self.param(name, lambda _: value)
            else:
                self.variable(collection, name, lambda: value)

        def _variables(self, collection: str) -> Mapping[str, Any]:
            variables: Mapping[str, Any] = self.variables.get(collection, {})
            return variables

        def _explain(self, error: ScopeUsageError) -> None:
            """What the remedies mean for who calls linen."""
            error.add_note(
                f"In linen: module.apply(variables, ..., mutable=[{self.collection!r}],"
                f" rngs={{{self.stream!r}: key}})."
            )

    return ScopeModule
