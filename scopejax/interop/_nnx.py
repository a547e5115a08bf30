"""flax.nnx: a module as a part of a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._base.names import Path, join
from .._scope.scope import Scope
from ._adopt import Init, adopt
from ._draw import is_key
from ._foreign import Args, Foreign, Kwargs, Made, Ran, after, bound
from ._libraries import library, makes, refused, require_scope
from ._names import PARAMS, Slot, path_of


def nnx(
    scope: Scope,
    module: Any,
    /,
    *args: Any,
    init: Init = "path",
    training: bool | None = None,
    method: Any = None,
    **kwargs: Any,
) -> Any:
    """Runs a `flax.nnx` module on the variables of a scope.

    They lie below the scope under the names of the module's attributes,
    ``layers/0/kernel``. Those of type `nnx.Param` are trainable, the others are state.
    Random streams are no variables: each has a key of the scope by its name,
    ``scope.key("dropout/rngs")``.

    Args:
      scope: holds the variables, and gives the keys that the module draws from.
      module: a function ``rngs -> nnx.Module``; or a module, whose values are the
        initial ones and which is left as it is.
      args, kwargs: of the module's call.
      init: ``"path"`` draws each variable by its full name, from nnx's own initializer;
        a JAX random key gives the values of ``module(nnx.Rngs(key))``.
      training: calls ``module.train()`` or ``module.eval()`` before.
      method: what to call in place of ``__call__``: a function of the module and the
        arguments, or a name.

    Returns:
      What the module returns. What it changes of its variables is assigned.

    Raises:
      InvalidArgumentError: `module` is no such thing, or decides in Python on the
        values of arrays.
      ScopeUsageError: a key is needed and there is none, or state is written where
        there is none.
      VariableExistsError: the scope holds the variables already, and does not reuse.
      InitializerError: with ``"path"``, an initial value is drawn and depends on other
        variables too.
      ImportError: flax is not installed.

    >>> from flax import nnx as flax_nnx
    >>> import jax, jax.numpy as jnp, scopejax as sj
    >>> def linear(rngs):
    ...     return flax_nnx.Linear(2, 3, rngs=rngs)
    >>> model = sj.transform(lambda scope, x: nnx(scope / "first", linear, x))
    >>> params = model.init(jax.random.key(0), jnp.ones((4, 2)))
    >>> jax.tree.map(jnp.shape, params)
    {'first': {'bias': (3,), 'kernel': (2, 3)}}
    """
    require_scope(scope, "nnx")
    return adopt(scope, nnx_module(module, training, method), init, args, kwargs)


class Random(NamedTuple):
    """A part of the state of nnx's random streams.

    Attributes:
      stream: the name of its key; none where it is a counter.
      shape, dtype: of its array.
    """

    stream: str
    shape: tuple[int, ...]
    dtype: Any

    def value(self, keys: Mapping[str, Any]) -> jax.Array:
        """Its value at the start of a run: counters start at zero."""
        if not self.stream:
            return jnp.zeros(self.shape, self.dtype)
        key: jax.Array = keys[self.stream]
        return jax.random.split(key, self.shape) if self.shape else key


class Leaf(NamedTuple):
    """An array of nnx's state, with its variable's kind."""

    kind: str
    path: Path
    array: Any
    is_random: bool

    @property
    def slot(self) -> Slot:
        return Slot(self.kind, self.path)

    def random(self) -> Random:
        """Keys have the name of their stream: ``dropout/rngs``."""
        stream = join(self.path[:-1] or self.path) if is_key(self.array) else ""
        return Random(stream, self.array.shape, self.array.dtype)


def _leaves(state: Any) -> Iterator[Leaf]:
    """The arrays of a state, in its order."""
    flax, with_path = library("nnx"), jax.tree_util.tree_flatten_with_path

    def is_variable(node: Any) -> bool:
        return isinstance(node, flax.Variable)

    for keys, variable in with_path(state, is_leaf=is_variable)[0]:
        kind = PARAMS if isinstance(variable, flax.Param) else type(variable).__name__
        is_random = isinstance(variable, flax.RngState)
        for inner, array in with_path(variable)[0]:
            path = path_of((*keys, *inner[1:]))  # the first step is `value`
            yield Leaf(kind, path, array, is_random)


class Shell(NamedTuple):
    """A module without its variables.

    Attributes:
      graph: nnx's own description of it.
      state: the structure of its state.
      random: in the order of the state, what is no variable.
    """

    graph: Any
    state: Any
    random: tuple[Random | None, ...]

    def filled(self, arrays: Any, keys: Mapping[str, Any]) -> Any:
        """The module with these variables and random keys."""
        variables = iter(arrays)
        leaves = [next(variables) if r is None else r.value(keys) for r in self.random]
        state = jax.tree.unflatten(self.state, leaves)
        return library("nnx").merge(self.graph, state)

    @property
    def streams(self) -> list[str]:
        """Names of its random keys."""
        return [r.stream for r in self.random if r is not None and r.stream]


def taken_apart(module: Any) -> tuple[dict[Slot, Any], Shell]:
    """The variables of a module, and what is left."""
    graph, state = library("nnx").split(module)
    leaves = list(_leaves(state))
    random = tuple(leaf.random() if leaf.is_random else None for leaf in leaves)
    slots = {leaf.slot: leaf.array for leaf in leaves if not leaf.is_random}
    return slots, Shell(graph, jax.tree.structure(state), random)


def nnx_module(
    module: Any, training: bool | None = None, method: Any = None
) -> Foreign:
    """A module, or a function that makes one, as functions that JAX can trace."""
    flax = library("nnx")
    is_given = isinstance(module, flax.Module)
    expected = "a function of nnx.Rngs that makes an nnx.Module, or one"
    if not (is_given or makes(module, "nnx")):
        raise refused(module, "nnx", expected)

    def init(key: Any, args: Args, kwargs: Kwargs) -> Made:
        made = module if is_given else module(flax.Rngs(key))
        if not isinstance(made, flax.Module):
            raise refused(made, "nnx", expected)
        slots, shell = taken_apart(made)
        return Made(list(slots), list(slots.values()), shell, shell.streams)

    def run(shell: Shell, arrays: Any, keys: Any, args: Args, kwargs: Kwargs) -> Ran:
        filled = shell.filled(arrays, keys)
        before, _ = taken_apart(filled)
        if training is not None:
            (filled.train if training else filled.eval)()
        out = bound(filled, method)(*args, **kwargs)
        written, _ = taken_apart(filled)
        return Ran(out, after(list(before), arrays, written, _stays))

    made = type(module).__name__ if is_given else getattr(module, "__name__", "")
    return Foreign("nnx", made, (module, training, method), init, run)


def _stays(slot: Slot) -> bool:
    """Whether a variable outlives a run; what a module sows does not."""
    return slot.collection != "Intermediate"
