"""transform: a function of a scope becomes pure functions of params, and of state."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Container, Mapping
from typing import Any

import jax
from jax.sharding import Mesh

from .._base.trees import Tree, merge
from .._manifest.manifest import Manifest
from .._scope.checks import require_tree
from .._scope.roots import running_scope
from .._scope.state import hold, release
from .foreseen import Foreseen
from .init import initialize
from .recordings import Recordings
from .transformed import Transformed as Transformed
from .transformed import TransformedWithState as TransformedWithState
from .transformed import made_by, require_model


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
    require_model(model, "transform takes a function of a scope")
    recordings = Recordings(model)

    def init(
        key: jax.Array,
        /,
        *args: Any,
        given: Mapping[str, Any] | None = None,
        mesh: Mesh | None = None,
        progress: bool = False,
        **kwargs: Any,
    ) -> Tree:
        return initialize(
            model, recordings.manifest, key, args, kwargs, given, mesh, progress
        )[1]

    def apply(
        params: Mapping[str, Any],
        /,
        *args: Any,
        key: jax.Array | None = None,
        **kwargs: Any,
    ) -> Any:
        with running_scope(params, key, sys._getframe()) as scope:
            return model(scope, *args, **kwargs)

    def manifest(*args: Any, **kwargs: Any) -> Manifest:
        return recordings.manifest(args, kwargs)

    def check(params: Mapping[str, Any], /, *args: Any, **kwargs: Any) -> None:
        manifest(*args, **kwargs).check(params)

    net: Transformed = made_by(
        transform, model, Transformed(init, apply, manifest, check)
    )
    return net


def transform_with_state(model: Callable[..., Any]) -> TransformedWithState:
    """`transform` of a model that assigns variables: moving averages, counters.

    The variables that are not trainable are the state. `Scope.assign` writes them, also
    within JAX's `jit`, `scan`, `cond`, `while_loop` and `grad`, and `apply` returns the
    state as it is at its end, in the structure, shapes and dtypes that it came in. No
    gradient flows through state.

    Args:
      model: as of `transform`.

    Returns:
      A `TransformedWithState`.

    Raises:
      InvalidArgumentError: `model` is not callable.

    >>> import jax, jax.numpy as jnp, scopejax as sj
    >>> def running_mean(scope, x):
    ...     mean = scope.get_variable("mean", x.shape, trainable=False)
    ...     scope.assign("mean", 0.9 * mean + 0.1 * x)
    ...     return x - mean
    >>> net = sj.transform_with_state(running_mean)
    >>> zeros = {"mean": jnp.zeros(2)}
    >>> params, state = net.init(jax.random.key(0), jnp.ones(2), given=zeros)
    >>> out, state = jax.jit(net.apply)(params, state, jnp.ones(2))
    >>> params, state
    ({}, {'mean': Array([0.1, 0.1], dtype=float32)})
    """
    require_model(model, "transform takes a function of a scope")
    recordings = Recordings(model, stateful=True)

    def shared(*args: Any, **kwargs: Any) -> frozenset[str]:
        with contextlib.suppress(Exception):  # some run on what they cannot create
            return recordings.manifest(args, kwargs)._shared
        return frozenset()

    foreseen = Foreseen(shared)

    def init(
        key: jax.Array,
        /,
        *args: Any,
        given: Mapping[str, Any] | None = None,
        mesh: Mesh | None = None,
        progress: bool = False,
        **kwargs: Any,
    ) -> tuple[Tree, Tree]:
        specs, variables = initialize(
            model,
            recordings.manifest,
            key,
            args,
            kwargs,
            given,
            mesh,
            progress,
            stateful=True,
        )
        foreseen.add(args, kwargs, specs._shared)
        return specs.select(trainable=True).partition(variables)

    def apply(
        params: Mapping[str, Any],
        state: Mapping[str, Any],
        /,
        *args: Any,
        key: jax.Array | None = None,
        **kwargs: Any,
    ) -> tuple[Any, Any]:
        require_tree(params, "params")
        anchor = sys._getframe()

        def run(shared: Container[str]) -> tuple[Any, Any]:
            held = hold(state, shared)
            with running_scope(merge(params, held), key, anchor) as scope:
                out = model(scope, *args, **kwargs)
            return out, release(held, state)

        return foreseen.run(run, args, kwargs)

    def manifest(*args: Any, **kwargs: Any) -> Manifest:
        specs = recordings.manifest(args, kwargs)
        foreseen.add(args, kwargs, specs._shared)
        return specs

    def check(
        params: Mapping[str, Any],
        state: Mapping[str, Any],
        /,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        require_tree(params, "params")
        require_tree(state, "state")
        manifest(*args, **kwargs).check(merge(params, state))

    net: TransformedWithState = made_by(
        transform_with_state, model, TransformedWithState(init, apply, manifest, check)
    )
    return net
