"""transform: a function of a scope becomes pure functions of params."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import jax

from ._errors import InvalidArgumentError
from ._keys import require_key
from ._manifest import Manifest
from ._pytree import Scope, recording_scope
from ._record import Record
from ._spec import VariableSpec
from ._tree import Tree, is_array
from ._where import user_line


class InitFn(Protocol):
    """Makes the variables; see `Transformed`."""

    def __call__(
        self,
        key: jax.Array,
        /,
        *args: Any,
        given: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> Tree: ...


class ApplyFn(Protocol):
    """Runs the model; see `Transformed`."""

    def __call__(
        self,
        params: Mapping[str, Any],
        /,
        *args: Any,
        key: jax.Array | None = None,
        **kwargs: Any,
    ) -> Any: ...


class Transformed(NamedTuple):
    """Four pure functions. `args` are the model's own, without its scope.

    Attributes:
      init: ``init(key, *args, given=None) -> params``, a nested dict of arrays. The
        model runs once, abstractly; then the variables are made outside of that run. It
        needs no `jax.jit` and is faster without. `given` is checked and kept.
      apply: ``apply(params, *args, key=None) -> out``. `key` serves `Scope.key`.
      manifest: ``manifest(*args) -> Manifest``: the variables, with no computation.
      check: ``check(params, *args)``: raises, listing every difference between
        `params` and what the model asks for.

    Arrays among `args` may be `jax.ShapeDtypeStruct` in all but `apply`. They are
    abstract while the model is recorded; everything else (``training=True``) is passed
    as it is. Keywords go to the model, except for `given` and `key`.
    """

    init: InitFn
    apply: ApplyFn
    manifest: Callable[..., Manifest]
    check: Callable[..., None]


def transform(model: Callable[..., Any]) -> Transformed:
    """Makes pure functions of a model that takes a `Scope` as its first argument.

    Args:
      model: ``model(scope, *args, **kwargs) -> out``. It must do the same for the same
        arguments and take no decision in Python on the values of arrays.

    Returns:
      A `Transformed`.

    Raises:
      InvalidArgumentError: `model` is not callable.

    >>> import jax, jax.numpy as jnp, scopejax as sj
    >>> def dense(scope, x, features):
    ...     return x @ scope.get_variable("kernel", (x.shape[-1], features))
    >>> net = sj.transform(dense)
    >>> params = net.init(jax.random.key(0), jnp.ones((4, 2)), 3)
    >>> jax.tree.map(jnp.shape, params)
    {'kernel': (2, 3)}
    >>> net.apply(params, jnp.ones((4, 2)), 3).shape
    (4, 3)
    """
    if not callable(model):
        raise InvalidArgumentError(
            f"transform takes a function of a scope, but received: {model!r}",
            expected="a function model(scope, *args)",
            found=type(model).__name__,
            where=user_line(),
        )

    def init(
        key: jax.Array,
        /,
        *args: Any,
        given: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> Tree:
        require_key(key)
        return _record(model, key, args, kwargs).initialize(key, given)

    def apply(
        params: Mapping[str, Any],
        /,
        *args: Any,
        key: jax.Array | None = None,
        **kwargs: Any,
    ) -> Any:
        return model(Scope(params, key=key), *args, **kwargs)

    def manifest(*args: Any, **kwargs: Any) -> Manifest:
        key = jax.eval_shape(lambda: jax.random.key(0))
        return _record(model, key, args, kwargs)

    def check(params: Mapping[str, Any], /, *args: Any, **kwargs: Any) -> None:
        manifest(*args, **kwargs).check(params)

    return Transformed(init, apply, manifest, check)


def _record(
    model: Callable[..., Any], key: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Manifest:
    """The manifest of one abstract run of the model."""
    leaves, structure = jax.tree.flatten((args, kwargs))
    arrays = {i: leaf for i, leaf in enumerate(leaves) if is_array(leaf)}
    specs: list[VariableSpec] = []

    def run(key: jax.Array, arrays: dict[int, Any]) -> None:
        abstract = [arrays.get(i, leaf) for i, leaf in enumerate(leaves)]
        args, kwargs = jax.tree.unflatten(structure, abstract)
        with Record.running(key, sys._getframe()) as record:
            model(recording_scope(record), *args, **kwargs)
            specs.extend(record.specs.values())

    jax.eval_shape(run, key, arrays)
    return Manifest(specs)
