"""Trained weights on their way from a library to a scope and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax

from .._base.errors import VariableMismatchError
from .._base.lines import user_line
from .._base.missing import not_found
from .._base.names import join
from .._base.trees import Tree, from_flat, lookup, to_flat
from . import _equinox, _nnx
from ._foreign import Foreign
from ._haiku import haiku_function, slots_of
from ._libraries import library
from ._linen import linen_module, slots_of_variables
from ._names import Slot, paths_of
from ._structure import Structure, structure_of
from ._trace import apart


def _tree(slots: Mapping[Slot, Any]) -> Tree:
    paths = paths_of(list(slots))
    return from_flat(dict(zip(map(join, paths), slots.values(), strict=True)))


def _structure(
    foreign: Foreign, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Structure:
    """The variables of a module; its arguments may be abstract."""
    arguments, rest = apart((args, kwargs), (jax.Array, jax.ShapeDtypeStruct))
    key = jax.eval_shape(lambda: jax.random.key(0))
    return structure_of(foreign, rest, key, arguments)


def _picked(structure: Structure, tree: Mapping[str, Any]) -> list[Any]:
    """The arrays of a module among those of a tree.

    Raises:
      VariableNotFoundError: one is missing.
      VariableMismatchError: one has another shape.
    """
    picked = []
    for path, aval in zip(structure.paths, structure.avals, strict=True):
        name, leaf = join(path), lookup(tree, path)
        if leaf is None or isinstance(leaf, Mapping):
            raise not_found(
                f"Variable {name} of the module is not in the tree.",
                name,
                to_flat(tree),
                remedy="Pass the tree of the module's own scope, and with state"
                " scopejax.merge(params, state).",
            )
        if jax.numpy.shape(leaf) != aval.shape:
            raise VariableMismatchError(
                f"Variable {name} has another shape in the tree than in the module.",
                name=name,
                expected=str(aval.shape),
                found=str(jax.numpy.shape(leaf)),
                where=user_line(),
            )
        picked.append(leaf)
    return picked


def from_linen(variables: Mapping[str, Any]) -> Tree:
    """The variables of a `flax.linen` module as the tree of a scope.

    Args:
      variables: ``{"params": ..., "batch_stats": ...}``.

    Returns:
      One nested dict of all of them: what `interop.linen` looks up in its scope.

    >>> from_linen({"params": {"bn": {"scale": 1}}, "batch_stats": {"bn": {"mean": 2}}})
    {'bn': {'mean': 2, 'scale': 1}}
    """
    return _tree(slots_of_variables(library("linen").unbox(variables)))


def to_linen_variables(
    tree: Mapping[str, Any],
    module: Any,
    *args: Any,
    method: Any = None,
    init_kwargs: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> Any:
    """The tree of a scope as the variables of a `flax.linen` module.

    Args:
      tree: nested dict of the module's scope; with state ``merge(params, state)``.
      module: the module.
      args, kwargs, method, init_kwargs: as of `interop.linen`; arrays may be abstract.

    Returns:
      ``{"params": ..., ...}`` for ``module.apply``.

    Raises:
      VariableNotFoundError: a variable of the module is not in the tree.
      VariableMismatchError: it has another shape.

    >>> import flax.linen as nn, jax, jax.numpy as jnp
    >>> tree = {"kernel": jnp.ones((2, 1)), "bias": jnp.zeros(1)}
    >>> variables = to_linen_variables(tree, nn.Dense(1), jnp.ones((4, 2)))
    >>> nn.Dense(1).apply(variables, jnp.ones((1, 2))).item()
    2.0
    """
    foreign = linen_module(module, method=method, init_kwargs=init_kwargs)
    structure = _structure(foreign, ({}, *args), kwargs)
    return jax.tree.unflatten(structure.rest, _picked(structure, tree))


def from_haiku(
    params: Mapping[str, Any], state: Mapping[str, Any] | None = None
) -> Tree:
    """The parameters and state of a haiku function as the tree of a scope.

    Returns:
      One nested dict of both: what `interop.haiku` looks up in its scope.

    >>> from_haiku({"mlp/~/linear_0": {"w": 1}}, {"bn/~/mean_ema": {"average": 2}})
    {'mlp': {'linear_0': {'w': 1}}, 'bn': {'mean_ema': {'average': 2}}}
    """
    return _tree(slots_of(params, state or {}))


def to_haiku_variables(
    tree: Mapping[str, Any],
    transformed: Any,
    *args: Any,
    init_kwargs: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> tuple[Tree, Tree]:
    """The tree of a scope as the parameters and state of a haiku function.

    Args:
      tree: nested dict of the function's scope; with state ``merge(params, state)``.
      transformed: what ``hk.transform`` or ``hk.transform_with_state`` returned.
      args, kwargs, init_kwargs: as of `interop.haiku`; arrays may be abstract.

    Returns:
      ``(params, state)``; the state of a function without any is empty.

    Raises:
      VariableNotFoundError: a variable of the function is not in the tree.
      VariableMismatchError: it has another shape.

    >>> import haiku as hk, jax.numpy as jnp
    >>> net = hk.transform(lambda x: hk.nets.MLP([1])(x))
    >>> tree = {"mlp": {"linear_0": {"w": jnp.ones((2, 1)), "b": jnp.zeros(1)}}}
    >>> list(to_haiku_variables(tree, net, jnp.ones((4, 2)))[0])
    ['mlp/~/linear_0']
    """
    structure = _structure(haiku_function(transformed, init_kwargs), args, kwargs)
    params, state = structure.rest.filled(_picked(structure, tree))
    return params, state


def from_nnx(module: Any) -> Tree:
    """The variables of a `flax.nnx` module as the tree of a scope.

    Args:
      module: an `nnx.Module`.

    Returns:
      What `interop.nnx` looks up in its scope: all but the random streams.

    >>> from flax import nnx
    >>> sorted(from_nnx(nnx.Linear(2, 3, rngs=nnx.Rngs(0))))
    ['bias', 'kernel']
    """
    return _tree(_nnx.taken_apart(module)[0])


def to_nnx_module(
    tree: Mapping[str, Any], module: Any, *, key: jax.Array | None = None
) -> Any:
    """The tree of a scope as a `flax.nnx` module.

    Args:
      tree: nested dict of the module's scope; with state ``merge(params, state)``.
      module: a function ``rngs -> nnx.Module``, or a module of the same variables.
      key: of its random streams; ``jax.random.key(0)`` by default.

    Returns:
      A new module.

    Raises:
      VariableNotFoundError: a variable of the module is not in the tree.
      VariableMismatchError: it has another shape.

    >>> from flax import nnx
    >>> import jax.numpy as jnp
    >>> tree = {"kernel": jnp.ones((2, 1)), "bias": jnp.zeros(1)}
    >>> linear = to_nnx_module(tree, lambda rngs: nnx.Linear(2, 1, rngs=rngs))
    >>> linear(jnp.ones(2)).item()
    2.0
    """
    structure = _structure(_nnx.nnx_module(module), (), {})
    key = jax.random.key(0) if key is None else key
    streams = structure.rest.streams
    keys = {name: jax.random.fold_in(key, i) for i, name in enumerate(streams)}
    return structure.rest.filled(_picked(structure, tree), keys)


def from_equinox(module: Any, state: Any = None) -> Tree:
    """The arrays of an equinox module, and its state, as the tree of a scope.

    Args:
      module: an `equinox.Module`.
      state: its `equinox.nn.State`, where it has one.

    Returns:
      What `interop.equinox` looks up in its scope.

    >>> import equinox as eqx, jax
    >>> sorted(from_equinox(eqx.nn.Linear(2, 3, key=jax.random.key(0))))
    ['bias', 'weight']
    """
    return _tree(_equinox.taken_apart(module, state)[0])


def to_equinox_module(tree: Mapping[str, Any], make: Any) -> Any:
    """The tree of a scope as an equinox module.

    Args:
      tree: nested dict of the module's scope; with state ``merge(params, state)``.
      make: a function ``key -> equinox.Module``, or a module of the same arrays.

    Returns:
      A new module; ``(module, state)`` where it has state.

    Raises:
      VariableNotFoundError: an array of the module is not in the tree.
      VariableMismatchError: it has another shape.

    >>> import equinox as eqx, jax.numpy as jnp
    >>> tree = {"weight": jnp.ones((1, 2)), "bias": jnp.zeros(1)}
    >>> linear = to_equinox_module(tree, lambda key: eqx.nn.Linear(2, 1, key=key))
    >>> linear(jnp.ones(2)).item()
    2.0
    """
    structure = _structure(_equinox.equinox_module(make), (), {})
    module, state = structure.rest.filled(_picked(structure, tree))
    return (module, state) if structure.rest.state.num_leaves else module
