"""A model's program: the calls that made it, and its variables among the inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend import core as jex

from .._base.arguments import Arguments
from .._base.errors import ScopeUsageError
from .._base.trees import from_flat, to_flat
from .._jax.jaxprs import needed
from .._jax.modes import tracing
from .._manifest.manifest import Manifest
from ._calls import Calls, watched

Apply = Callable[..., Any]
"""``apply(variables, *args, key=key, **kwargs) -> out``, of all variables together."""


class Traced(NamedTuple):
    """What one abstract run of a model has left.

    Attributes:
      jaxpr: its equations; what nothing depends on is left out.
      consts: the values of its constants.
      manifest: the variables.
      variables: an input of the jaxpr -> the full name of its variable.
      arguments: another input -> what the user calls it; that of the random key is not
        among them.
      gradients: an output -> the full name of the variable it is a gradient of.
      calls: the calls that were given a scope.
    """

    jaxpr: jex.Jaxpr
    consts: Mapping[Any, Any]
    manifest: Manifest
    variables: dict[Any, str]
    arguments: dict[Any, str]
    gradients: dict[Any, str]
    calls: Calls


def trace(
    apply: Apply,
    manifest: Manifest,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    grad: bool = False,
) -> Traced:
    """Runs a model abstractly.

    Args:
      apply: the model, as a function of its variables.
      manifest: those.
      args, kwargs: the model's own.
      grad: whether to take the gradient of the sum of its outputs, too.
    """
    arguments = Arguments(args, kwargs)
    shapes = to_flat(manifest.shapes())
    frozen = {n: s for n, s in shapes.items() if not manifest[n].trainable}
    free = {n: s for n, s in shapes.items() if manifest[n].trainable}

    def run(free: Any, frozen: Any, arrays: Any, key: Any) -> Any:
        args, kwargs = arguments.having(arrays)
        return apply(from_flat({**free, **frozen}), *args, key=key, **kwargs)

    def loss(*inputs: Any) -> Any:
        return sum(map(_total, jax.tree.leaves(run(*inputs))), jnp.float32(0))

    function = jax.value_and_grad(loss, allow_int=True) if grad else run
    inputs = free, frozen, arguments.arrays
    try:
        closed, calls = _run(function, *inputs, None)
    except ScopeUsageError:  # it draws random numbers
        key = jax.eval_shape(lambda: jax.random.key(0))
        closed, calls = _run(function, *inputs, key)
    names = [*sorted(free), *sorted(frozen)]
    rest = _names(arguments, calls.names)
    jaxpr = needed(closed.jaxpr, all_inputs=True)
    invars, outvars = list(jaxpr.invars), list(jaxpr.outvars)
    return Traced(
        jaxpr,
        dict(zip(closed.jaxpr.constvars, closed.consts, strict=True)),
        manifest,
        dict(zip(invars, names, strict=False)),
        dict(zip(invars[len(names) :], rest, strict=False)),
        dict(zip(outvars[1:], sorted(free), strict=False)) if grad else {},
        calls,
    )


def _run(function: Any, *inputs: Any) -> tuple[jex.ClosedJaxpr, Calls]:
    with tracing(), watched() as calls:
        return jax.make_jaxpr(function)(*inputs), calls


def _total(leaf: Any) -> Any:
    """A term of the loss: nothing, where there is no gradient."""
    if not jnp.issubdtype(jnp.result_type(leaf), jnp.floating):
        return jnp.float32(0)
    return jnp.sum(leaf).astype(jnp.float32)


def _names(arguments: Arguments, parameters: tuple[str, ...]) -> list[str]:
    """What the arrays among the arguments are called."""
    tree = arguments.having({i: _Leaf(i) for i in arguments.arrays})
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    found = {leaf.i: path for path, leaf in leaves if isinstance(leaf, _Leaf)}
    return [_name(found[i], parameters) for i in arguments.arrays]


class _Leaf:
    def __init__(self, i: int) -> None:
        self.i = i


def _name(path: Any, parameters: tuple[str, ...]) -> str:
    """``(0, 1, "x")`` is the second positional argument's ``x``; ``(1, "y")`` is y."""
    kind, first, *rest = path
    name = str(getattr(first, "key", ""))
    if kind.idx == 0:
        known = first.idx < len(parameters)
        name = parameters[first.idx] if known else f"args[{first.idx}]"
    return name + jax.tree_util.keystr(tuple(rest))
