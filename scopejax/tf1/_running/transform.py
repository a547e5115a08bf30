"""transform: a function in TF1's style becomes pure functions of params.

Each run of the function gets a graph of its own, so that names, counters and
collections begin anew; its variables are those of the core's scope. What the core does
with a function of a scope holds for these too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import Mesh

from ..._base.trees import from_flat, to_flat
from ..._model.transform import Transformed, TransformedWithState
from ..._model.transform import transform as core_transform
from ..._model.transform import transform_with_state as core_transform_with_state
from ..._model.transformed import made_by, require_model
from ..._scope.scope import Scope
from .._graph.caches import fresh_mark
from .._graph.graph import ModelGraph
from .._graph.values import ParamValues
from .._tensors.calls import wrapped
from .._words.array_like import ArrayLike, results_as


class _Run(NamedTuple):
    """How the core's transform runs the function: a model of a scope.

    Attributes:
      function: in TF1's style.
      stateful: whether what is not trainable may be assigned.
      seen: gets the values of the run.
      tensors: whether the arguments are tensors, and what operators give.
    """

    function: Callable[..., Any]
    stateful: bool = False
    seen: Callable[[ParamValues], Any] | None = None
    tensors: bool = False

    def model(self, scope: Scope, /, *args: Any, **kwargs: Any) -> Any:
        """The function, run in a graph whose variables are those of `scope`."""
        values = ParamValues(scope, self.stateful)
        if self.seen is not None:
            self.seen(values)
        graph = ModelGraph(values, sys._getframe())
        try:
            with fresh_mark(), graph.as_default(), self._results():
                if self.tensors:
                    args, kwargs = wrapped(args), wrapped(kwargs)
                return _arrays(self.function(*args, **kwargs))
        finally:
            graph.close()

    def _results(self) -> AbstractContextManager[None]:
        """Within it operators of variables give what the function works with."""
        return results_as(wrapped if self.tensors else None)


def _arrays(result: Any) -> Any:
    """What a function returns, variables and tensors as their values."""

    def is_like(leaf: Any) -> bool:
        return isinstance(leaf, ArrayLike)

    return jax.tree.map(
        lambda leaf: jnp.asarray(leaf) if is_like(leaf) else leaf,
        result,
        is_leaf=is_like,
    )


def transform(function: Callable[..., Any], *, tensors: bool = False) -> Transformed:
    """Makes pure functions of a function in TF1's style.

    Args:
      function: ``function(*args, **kwargs) -> out``, which calls `get_variable`,
        `variable_scope` and the like. It must do the same for the same arguments.
      tensors: True gives `function` its arrays as tensors, with `get_shape` and the
        like, and operators of variables make tensors. What it returns is arrays.

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
    net = core_transform(_Run(function, tensors=tensors).model)

    def init(
        key: jax.Array,
        /,
        *args: Any,
        given: Mapping[str, Any] | None = None,
        mesh: Mesh | None = None,
        progress: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        runs: list[ParamValues] = []
        run = _Run(function, seen=runs.append, tensors=tensors)
        init = core_transform(run.model).init
        params = init(key, *args, given=given, mesh=mesh, progress=progress, **kwargs)
        return _placed(params, runs[-1].devices, mesh)

    functions = Transformed(init, net.apply, net.manifest, net.check)
    pure: Transformed = made_by(transform, function, functions, scoped=False)
    return pure


def _require_callable(function: Any) -> None:
    require_model(function, "transform takes a function in TF1's style")


def _placed(
    tree: dict[str, Any], devices: Mapping[str, Any], mesh: Mesh | None
) -> dict[str, Any]:
    """The arrays, on the devices that their variables ask for, or on a mesh."""
    if mesh is not None or not jax.sharding.get_abstract_mesh().empty:
        return tree
    flat = to_flat(tree)
    moved = {n: jax.device_put(flat[n], d) for n, d in devices.items() if n in flat}
    return from_flat({**flat, **moved}) if moved else tree


def transform_with_state(
    function: Callable[..., Any], *, tensors: bool = False
) -> TransformedWithState:
    """`transform` of a function that assigns variables: moving averages, a step.

    The variables that are not trainable are the state: `assign` and its kin change it,
    also inside of `jit`, `scan`, `cond` and `while_loop`, and `apply` returns what it
    is at the end.

    Args:
      function, tensors: as of `transform`.

    Returns:
      A `scopejax.TransformedWithState`.

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
    net = core_transform_with_state(
        _Run(function, stateful=True, tensors=tensors).model
    )

    def init(
        key: jax.Array,
        /,
        *args: Any,
        given: Mapping[str, Any] | None = None,
        mesh: Mesh | None = None,
        progress: bool = False,
        **kwargs: Any,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        runs: list[ParamValues] = []
        run = _Run(function, stateful=True, seen=runs.append, tensors=tensors)
        init = core_transform_with_state(run.model).init
        params, state = init(
            key, *args, given=given, mesh=mesh, progress=progress, **kwargs
        )
        devices = runs[-1].devices
        return _placed(params, devices, mesh), _placed(state, devices, mesh)

    functions = TransformedWithState(init, net.apply, net.manifest, net.check)
    pure: TransformedWithState = made_by(
        transform_with_state, function, functions, scoped=False
    )
    return pure
