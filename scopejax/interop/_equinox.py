"""equinox: a module as a part of a model."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._scope.scope import Scope
from ._adopt import Init, adopt
from ._foreign import Args, Foreign, Kwargs, Made, Ran, bound
from ._libraries import library, makes, refused, require_scope
from ._names import PARAMS, Slot, path_of


def equinox(
    scope: Scope,
    make: Any,
    /,
    *args: Any,
    init: Init = "path",
    inference: bool | None = None,
    method: Any = None,
    **kwargs: Any,
) -> Any:
    """Runs an equinox module on the variables of a scope.

    Its arrays lie below the scope under the names of their fields,
    ``layers/0/weight``. Those of floats are trainable; the others are state, and so is
    what `equinox.nn.State` holds, under the names of its indices. All else stays.

    Args:
      scope: holds the variables.
      make: a function ``key -> equinox.Module``; or a module, or ``(module, state)``,
        whose values are the initial ones.
      args, kwargs: of the module's call; ``key=scope.key("dropout")`` where it wants a
        key. A module with state gets its state as the last of `args`, and returns
        ``(out, state)``.
      init: ``"path"`` draws each variable by its full name, as the module draws it; a
        JAX random key gives the values of ``make(key)``.
      inference: as of `equinox.nn.inference_mode`; None leaves the module as it is.
      method: what to call in place of ``__call__``: a function of the module and the
        arguments, or a name. `jax.vmap` over a batch goes here.

    Returns:
      What the module returns, without the state: that is assigned.

    Raises:
      InvalidArgumentError: `make` is no such thing, or the module decides in Python on
        the values of arrays.
      ScopeUsageError: state is written where there is none.
      VariableExistsError: the scope holds the variables already, and does not reuse.
      InitializerError: with ``"path"``, an initial value is drawn and depends on other
        variables too.
      ImportError: equinox is not installed.

    >>> import equinox as eqx, jax, jax.numpy as jnp, scopejax as sj
    >>> def mlp(key):
    ...     return eqx.nn.MLP(2, 1, 8, depth=1, key=key)
    >>> def batched(mlp, x):
    ...     return jax.vmap(mlp)(x)
    >>> def model(scope, x):
    ...     return equinox(scope / "mlp", mlp, x, method=batched)
    >>> params = sj.transform(model).init(jax.random.key(0), jnp.ones((4, 2)))
    >>> list(sj.to_flat(params))[:2]
    ['mlp/layers/0/weight', 'mlp/layers/0/bias']
    """
    require_scope(scope, "equinox")
    return adopt(scope, equinox_module(make, inference, method), init, args, kwargs)


class Shell(NamedTuple):
    """A module and its state without their arrays.

    Attributes:
      arrays: the structure of the module's arrays.
      static: the rest of the module.
      state: the structure of the state.
    """

    arrays: Any
    static: Any
    state: Any

    def filled(self, arrays: Any) -> tuple[Any, Any]:
        """The module and the state with these arrays."""
        n = self.arrays.num_leaves
        eqx = library("equinox")
        model = eqx.combine(jax.tree.unflatten(self.arrays, arrays[:n]), self.static)
        return model, jax.tree.unflatten(self.state, arrays[n:])


def taken_apart(model: Any, state: Any) -> tuple[dict[Slot, Any], Shell]:
    """The arrays of a module and of its state, and what is left.

    State has the name of the `StateIndex` that it is found by.
    """
    eqx, with_path = library("equinox"), jax.tree_util.tree_flatten_with_path
    arrays, static = eqx.partition(model, eqx.is_array)
    slots = {Slot(_kind(x), path_of(keys)): x for keys, x in with_path(arrays)[0]}
    values, structure = jax.tree.flatten(state)
    numbered = jax.tree.unflatten(structure, range(len(values)))
    names: dict[int, Slot] = {}

    def is_index(node: Any) -> bool:
        return isinstance(node, eqx.nn.StateIndex)

    for keys, index in with_path(model, is_leaf=is_index)[0]:
        found = with_path(numbered.get(index))[0] if is_index(index) else ()
        for inner, number in found:
            names.setdefault(number, Slot("state", path_of((*keys, *inner))))
    slots |= {names[number]: value for number, value in enumerate(values)}
    return slots, Shell(jax.tree.structure(arrays), static, structure)


def _kind(array: Any) -> str:
    """An inexact array is a parameter, as it is to `equinox.filter_grad`."""
    return PARAMS if jnp.issubdtype(array.dtype, jnp.inexact) else "buffers"


def equinox_module(
    make: Any, inference: bool | None = None, method: Any = None
) -> Foreign:
    """A module, or a function that makes one, as functions that JAX can trace."""
    eqx = library("equinox")
    given = make if isinstance(make, tuple) and len(make) == 2 else (make, None)
    is_given = isinstance(given[0], eqx.Module)
    expected = "a function of a key that makes an equinox.Module, or one"
    if not (is_given or makes(make, "equinox")):
        raise refused(make, "equinox", expected)

    def init(key: Any, args: Args, kwargs: Kwargs) -> Made:
        model, state = given if is_given else eqx.nn.make_with_state(make)(key)
        if not isinstance(model, eqx.Module):
            raise refused(model, "equinox", expected)
        slots, shell = taken_apart(model, state)
        return Made(list(slots), list(slots.values()), shell)

    def run(shell: Shell, arrays: Any, keys: Any, args: Args, kwargs: Kwargs) -> Ran:
        model, state = shell.filled(arrays)
        if inference is not None:
            model = eqx.nn.inference_mode(model, value=inference)
        call = bound(model, method)
        if not shell.state.num_leaves:
            return Ran(call(*args, **kwargs), arrays)
        result = call(*args, state, **kwargs)
        *out, state = result if isinstance(result, tuple) else (None,)
        if not isinstance(state, eqx.nn.State):
            raise _no_state(result)
        arrays = [*arrays[: shell.arrays.num_leaves], *jax.tree.leaves(state)]
        return Ran(out[0] if len(out) == 1 else tuple(out), arrays)

    made = type(given[0]).__name__ if is_given else getattr(make, "__name__", "")
    return Foreign("equinox", made, (make, inference, method), init, run)


def _no_state(result: Any) -> InvalidArgumentError:
    return InvalidArgumentError(
        "An equinox module with state returns its result and the new state, but"
        f" returned: {result!r:.60}",
        expected="(out, state)",
        found=type(result).__name__,
        where=user_line(),
        remedy="method=lambda module, x, state: ..., which returns both.",
    )
