"""flax.linen: a module as a part of a model."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import jax

from .._scope.scope import Scope
from ._adopt import Init, adopt
from ._foreign import Args, Foreign, Kwargs, Made, NeedsKey, Ran, after
from ._libraries import library, refused, require_scope
from ._names import PARAMS, Slot, path_of

Collections = bool | str | Sequence[str]


def linen(
    scope: Scope,
    module: Any,
    /,
    *args: Any,
    init: Init = "path",
    rngs: Mapping[str, jax.Array] | None = None,
    mutable: Collections | None = None,
    capture: Sequence[str] = (),
    method: Any = None,
    init_kwargs: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> Any:
    """Runs a `flax.linen` module on the variables of a scope.

    Parameters lie below the scope under linen's own names, ``Dense_0/kernel``, and so
    do the variables of other collections, which are not trainable:
    ``BatchNorm_0/mean``. Where a name is taken by a parameter, or by a variable of a
    collection that comes first in the alphabet, a variable lies below ``@`` and its
    collection: ``@stats/w``.

    Args:
      scope: holds the variables, and gives the key of each stream of random numbers
        that the module draws from: ``scope.key("dropout")``.
      module: the module; linen makes its structure from `args`, as in ``module.init``.
      args, kwargs: of the module.
      init: ``"path"`` draws each variable by its full name, from the module's own
        initializer; a JAX random key gives the values of ``module.init(key, ...)``.
      rngs: keys of streams, ``{"dropout": key}``, in place of the scope's.
      mutable: collections that the module may write; all but the parameters by
        default. What it writes is assigned: that needs `transform_with_state`.
      capture: collections that are not kept, such as ``intermediates``, to return.
      method: what to call in place of ``__call__``: a function of the module and the
        arguments, or a name.
      init_kwargs: keywords in place of those among `kwargs`, for the module's init.

    Returns:
      What the module returns; with `capture` a pair of that and a dict of collections.

    Raises:
      InvalidArgumentError: `module` is no linen module, or decides in Python on the
        values of arrays.
      ScopeUsageError: a key is needed and there is none, or state is written where
        there is none.
      VariableExistsError: the scope holds the variables already, and does not reuse.
      InitializerError: with ``"path"``, an initial value is drawn and depends on the
        arguments too.
      ImportError: flax is not installed.

    >>> import flax.linen as nn, jax, jax.numpy as jnp, scopejax as sj
    >>> def model(scope, x):
    ...     x = linen(scope / "first", nn.Dense(3), x)
    ...     return sj.layers.dense(scope / "second", nn.relu(x), 1)
    >>> params = sj.transform(model).init(jax.random.key(0), jnp.ones((4, 2)))
    >>> jax.tree.map(jnp.shape, params["first"])
    {'bias': (3,), 'kernel': (2, 3)}
    """
    require_scope(scope, "linen")
    rngs, init_kwargs = dict(rngs or {}), dict(init_kwargs or {})
    foreign = linen_module(module, mutable, tuple(capture), method, init_kwargs)
    return adopt(scope, foreign, init, (rngs, *args), kwargs)


def linen_module(
    module: Any,
    mutable: Collections | None = None,
    capture: tuple[str, ...] = (),
    method: Any = None,
    init_kwargs: Mapping[str, Any] | None = None,
) -> Foreign:
    """A module, as functions whose first argument is a dict of random keys."""
    nn = library("linen")
    if not isinstance(module, nn.Module):
        raise refused(module, "linen", "a flax.linen.Module")
    module = module.clone(parent=None, name=None)
    missing_key = importlib.import_module("flax.errors").InvalidRngError

    def init(key: Any, args: Args, kwargs: Kwargs) -> Made:
        rngs, args = args[0], args[1:]
        keys, kwargs = {**rngs, PARAMS: key}, {**kwargs, **(init_kwargs or {})}
        made = nn.unbox(module.init(keys, *args, method=method, **kwargs))
        variables = {name: made[name] for name in made if name not in capture}
        slots = slots_of_variables(variables)
        return Made(list(slots), list(slots.values()), jax.tree.structure(variables))

    def run(structure: Any, arrays: Any, keys: Any, args: Args, kwargs: Kwargs) -> Ran:
        rngs, args = args[0], args[1:]
        variables = jax.tree.unflatten(structure, arrays)
        slots = slots_of_variables(variables)
        writable = _writable(mutable, list(variables), capture)
        try:
            out = module.apply(
                variables,
                *args,
                rngs={**keys, **rngs} or None,
                mutable=writable or False,  # an empty list would return a pair
                method=method,
                **kwargs,
            )
        except missing_key as error:
            found = re.search(r'needs PRNG for "([^"]*)"', str(error))
            if found is None or found[1] in {**keys, **rngs}:
                raise
            raise NeedsKey(found[1]) from error
        if not writable:
            return Ran(out, arrays)
        out, changed = out
        caught = {name: changed.get(name, {}) for name in capture}
        written = slots_of_variables(nn.unbox(changed))
        values = after(
            list(slots), arrays, written, lambda s: s.collection in variables
        )
        return Ran((out, caught) if capture else out, values)

    facts = (module, method, mutable, capture, init_kwargs)
    return Foreign("linen", type(module).__name__, facts, init, run)


def _writable(
    mutable: Collections | None, collections: list[str], capture: tuple[str, ...]
) -> Any:
    """What linen takes as `mutable`."""
    if mutable is None:
        mutable = [name for name in collections if name != PARAMS]
    if isinstance(mutable, str):
        mutable = [mutable]
    return True if mutable is True else [*(mutable or ()), *capture]


def slots_of_variables(variables: Any) -> dict[Slot, Any]:
    """The arrays of linen's variables, in the order of its tree."""
    found = jax.tree_util.tree_flatten_with_path(variables)[0]
    paths = ((path_of(keys), leaf) for keys, leaf in found)
    return {Slot(path[0], path[1:]): leaf for path, leaf in paths}
