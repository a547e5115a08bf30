"""transform: a function in TF1's style becomes pure functions of params.

Each run of the function gets a graph of its own, so that names, counters and
collections begin anew; its variables are those of the core's scope. What the core does
with a function of a scope holds for these too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax

from .._errors import InvalidArgumentError
from .._manifest import Manifest
from .._scope import Scope
from .._transform import Transformed
from .._transform import transform as core_transform
from .._tree import from_flat, merge, to_flat
from .._where import user_line
from ._array_like import ArrayLike
from ._caches import fresh_mark
from ._graph import ModelGraph
from ._values import ParamValues


class _Run(NamedTuple):
    """How the core's transform runs the function: a model of a scope.

    Attributes:
      function: in TF1's style.
      stateful: whether what is not trainable may be assigned.
      refs: place -> mutable array, while it is applied with state.
      seen: gets the values of the run.
    """

    function: Callable[..., Any]
    stateful: bool = False
    refs: Mapping[str, Any] | None = None
    seen: Callable[[ParamValues], Any] | None = None

    def model(self, scope: Scope, /, *args: Any, **kwargs: Any) -> Any:
        """The function, run in a graph whose variables are those of `scope`."""
        values = ParamValues(scope, self.refs, self.stateful)
        if self.seen is not None:
            self.seen(values)
        graph = ModelGraph(values, sys._getframe())
        try:
            with fresh_mark(), graph.as_default():
                return _arrays(self.function(*args, **kwargs))
        finally:
            graph.close()


def _arrays(result: Any) -> Any:
    """What a function returns, variables as their values."""

    def is_like(leaf: Any) -> bool:
        return isinstance(leaf, ArrayLike)

    return jax.tree.map(
        lambda leaf: leaf.value() if is_like(leaf) else leaf, result, is_leaf=is_like
    )


def transform(function: Callable[..., Any]) -> Transformed:
    """Makes pure functions of a function in TF1's style.

    Args:
      function: ``function(*args, **kwargs) -> out``, which calls `get_variable`,
        `variable_scope` and the like. It must do the same for the same arguments.

    Returns:
      A `scopejax.Transformed`: ``init(key, *args) -> params``, ``apply(params, *args,
      key=None) -> out``, `manifest` and `check`. The params are a nested dict by op
      name: ``params["foo"]["v"]`` for ``foo/v:0``.

    Raises:
      InvalidArgumentError: `function` is not callable.

    >>> import jax, jax.numpy as jnp
    >>> from scopejax import tf1
    >>> def dense(x):
    ...     with tf1.variable_scope("dense"):
    ...         return x @ tf1.get_variable("kernel", [x.shape[-1], 3])
    >>> net = tf1.transform(dense)
    >>> params = net.init(jax.random.key(0), jnp.ones((4, 2)))
    >>> jax.tree.map(jnp.shape, params)
    {'dense': {'kernel': (2, 3)}}
    >>> jax.jit(net.apply)(params, jnp.ones((4, 2))).shape
    (4, 3)
    """
    _require_callable(function)
    net = core_transform(_Run(function).model)

    def init(
        key: jax.Array,
        /,
        *args: Any,
        given: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        _, params = _initialized(_Run(function), key, args, kwargs, given)
        return params

    return Transformed(init, net.apply, net.manifest, net.check)


def _require_callable(function: Any) -> None:
    if not callable(function):
        raise InvalidArgumentError(
            f"transform takes a function in TF1's style, but received: {function!r}",
            where=user_line(),
        )


def _initialized(
    run: _Run,
    key: jax.Array,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    given: Mapping[str, Any] | None,
) -> tuple[Manifest, dict[str, Any]]:
    """The manifest of one abstract run, and the arrays: copied and placed."""
    runs: list[ParamValues] = []
    model = core_transform(run._replace(seen=runs.append).model)
    manifest = model.manifest(*args, **kwargs)
    values = runs[-1]
    copies = {k: v for k, v in values.copies.items() if k not in to_flat(given or {})}
    drawn = Manifest(s for s in manifest.values() if s.name not in copies)
    flat = to_flat(drawn.initialize(key, given))
    for place, source in copies.items():  # in the order of creation
        flat[place] = jax.numpy.array(flat[source])
    for place, device in values.devices.items():
        flat[place] = jax.device_put(flat[place], device)
    return manifest, from_flat({name: flat[name] for name in manifest})


class TransformedWithState(NamedTuple):
    """Four pure functions of params and state.

    Attributes:
      init: ``init(key, *args, given=None) -> (params, state)``.
      apply: ``apply(params, state, *args, key=None) -> (out, state)``.
      manifest: ``manifest(*args) -> Manifest``, of all variables.
      check: ``check(params, state, *args)``: raises, listing every difference.
    """

    init: Callable[..., tuple[dict[str, Any], dict[str, Any]]]
    apply: Callable[..., tuple[Any, dict[str, Any]]]
    manifest: Callable[..., Manifest]
    check: Callable[..., None]


def transform_with_state(function: Callable[..., Any]) -> TransformedWithState:
    """`transform` of a function that assigns variables: moving averages, a step.

    The variables that are not trainable are the state: `assign` and its kin change it,
    also inside of `jit`, `scan`, `cond` and `while_loop`, and `apply` returns what it
    is at the end.

    Args:
      function: as of `transform`.

    Returns:
      A `TransformedWithState`.

    Raises:
      ScopeUsageError: within `apply`, a trainable variable was assigned.

    >>> import jax
    >>> from scopejax import tf1
    >>> def count():
    ...     step = tf1.get_variable("step", [], dtype="int32", trainable=False)
    ...     return step.assign_add(1)
    >>> net = tf1.transform_with_state(count)
    >>> params, state = net.init(jax.random.key(0))
    >>> out, state = net.apply(params, state)
    >>> out, state
    (Array(1, dtype=int32), {'step': Array(1, dtype=int32)})
    """
    _require_callable(function)
    run = _Run(function, stateful=True)
    net = core_transform(run.model)

    def init(
        key: jax.Array,
        /,
        *args: Any,
        given: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        manifest, tree = _initialized(run, key, args, kwargs, given)
        return manifest.select(trainable=True).partition(tree)

    def apply(
        params: Mapping[str, Any],
        state: Mapping[str, Any],
        /,
        *args: Any,
        key: jax.Array | None = None,
        **kwargs: Any,
    ) -> tuple[Any, dict[str, Any]]:
        refs = {name: jax.new_ref(leaf) for name, leaf in to_flat(state).items()}
        model = core_transform(run._replace(refs=refs).model)
        out = model.apply(merge(params, state), *args, key=key, **kwargs)
        return out, from_flat({name: jax.freeze(ref) for name, ref in refs.items()})

    def check(
        params: Mapping[str, Any],
        state: Mapping[str, Any],
        /,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        net.check(merge(params, state), *args, **kwargs)

    return TransformedWithState(init, apply, net.manifest, check)
