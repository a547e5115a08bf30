"""haiku: a transformed function as a part of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .._base.names import Path
from .._base.trees import Tree
from .._scope.scope import Scope
from ._adopt import Init, adopt
from ._foreign import Args, Foreign, Kwargs, Made, Ran, after
from ._libraries import library, refused, require_scope
from ._names import PARAMS, Slot

_STREAM = "rng"


def haiku(
    scope: Scope,
    transformed: Any,
    /,
    *args: Any,
    init: Init = "path",
    init_kwargs: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> Any:
    """Runs a haiku function on the variables of a scope.

    Parameters and state lie below the scope under haiku's names without its marks:
    ``w`` of ``mlp/~/linear_0`` is ``mlp/linear_0/w``. State is not trainable. Where two
    modules would have one name, the one with marks keeps them; where a state has the
    name of a parameter, it lies below ``@state``.

    Args:
      scope: holds the variables, and gives the key that ``hk.next_rng_key`` draws
        from, ``scope.key("rng")``, where the function asks for one.
      transformed: what ``hk.transform`` or ``hk.transform_with_state`` returned.
      args, kwargs: of the function.
      init: ``"path"`` draws each variable by its full name, from haiku's own
        initializer; a JAX random key gives the values of ``transformed.init``.
      init_kwargs: keywords in place of those among `kwargs`, for haiku's init, which
        runs at apply too, abstractly, to find the names. ``hk.BatchNorm`` has to be
        initialized with ``is_training=True``.

    Returns:
      What the function returns, without the state: what changed of it is assigned.

    Raises:
      InvalidArgumentError: `transformed` is no such thing, or the function decides in
        Python on the values of arrays.
      ScopeUsageError: a key is needed and there is none, or state is written where
        there is none.
      VariableExistsError: the scope holds the variables already, and does not reuse.
      InitializerError: with ``"path"``, an initial value is drawn and depends on the
        arguments too.
      ImportError: haiku is not installed.

    >>> import haiku as hk, jax, jax.numpy as jnp, scopejax as sj
    >>> net = hk.transform(lambda x: hk.nets.MLP([3])(x))
    >>> model = sj.transform(lambda scope, x: haiku(scope / "net", net, x))
    >>> params = model.init(jax.random.key(0), jnp.ones((4, 2)))
    >>> jax.tree.map(jnp.shape, params)
    {'net': {'mlp': {'linear_0': {'b': (3,), 'w': (2, 3)}}}}
    """
    require_scope(scope, "haiku")
    return adopt(scope, haiku_function(transformed, init_kwargs), init, args, kwargs)


Trees = tuple[Mapping[str, Any], Mapping[str, Any]]
"""Parameters and state, each ``{module: {name: array}}``."""


def slots_of(params: Mapping[str, Any], state: Mapping[str, Any]) -> dict[Slot, Any]:
    """The arrays of the two trees, in their order."""
    paths = module_paths([*params, *state])
    return {
        Slot(collection, (*paths[module], name)): leaf
        for collection, tree in ((PARAMS, params), ("state", state))
        for module, leaves in tree.items()
        for name, leaf in leaves.items()
    }


def module_paths(modules: Iterable[str]) -> dict[str, Path]:
    """Where haiku's modules lie: by their names, without the marks.

    haiku marks what a module makes in its constructor by ``~``, and what it makes in
    another method by ``~`` and the method's name. The marks go. Where the name that is
    left is taken, by one without marks or earlier in the alphabet, they stay.

    >>> module_paths(["mlp/~/linear_0", "vae/~encode/linear", "~"])
    {'mlp/~/linear_0': ('mlp', 'linear_0'),
     'vae/~encode/linear': ('vae', 'encode', 'linear'), '~': ()}
    """
    found: dict[str, Path] = {}
    for module in sorted(set(modules), key=lambda name: ("~" in name, name)):
        parts = tuple(module.split("/"))
        path = tuple(filter(None, (part.removeprefix("~") for part in parts)))
        found[module] = parts if path in found.values() else path
    return found


class Shell(NamedTuple):
    """The names in the two trees of a function."""

    params: tuple[tuple[str, tuple[str, ...]], ...]
    state: tuple[tuple[str, tuple[str, ...]], ...]

    def filled(self, arrays: Any) -> tuple[Tree, Tree]:
        """The two trees with these arrays."""
        rest = iter(arrays)
        params, state = (
            {module: {name: next(rest) for name in names} for module, names in tree}
            for tree in self
        )
        return params, state


def haiku_function(
    transformed: Any, init_kwargs: Mapping[str, Any] | None = None
) -> Foreign:
    """A transformed function, as functions that JAX can trace."""
    hk = library("haiku")
    is_stateful = isinstance(transformed, hk.TransformedWithState)
    if not (is_stateful or isinstance(transformed, hk.Transformed)):
        expected = "what hk.transform or hk.transform_with_state returns"
        raise refused(transformed, "haiku", expected)
    init_kwargs = dict(init_kwargs or {})

    def init(key: Any, args: Args, kwargs: Kwargs) -> Made:
        try:
            made = transformed.init(key, *args, **{**kwargs, **init_kwargs})
        except Exception as error:
            error.add_note(
                "interop.haiku runs haiku's init to find the names, at apply too;"
                " init_kwargs={'is_training': True} runs it in training."
            )
            raise
        trees: Trees = made if is_stateful else (made, {})
        slots = slots_of(*trees)
        names = (tuple((m, tuple(leaves)) for m, leaves in t.items()) for t in trees)
        return Made(list(slots), list(slots.values()), Shell(*names), (_STREAM,))

    def run(shell: Shell, arrays: Any, keys: Any, args: Args, kwargs: Kwargs) -> Ran:
        params, state = shell.filled(arrays)
        key, slots = keys[_STREAM], list(slots_of(params, state))
        if not is_stateful:
            return Ran(transformed.apply(params, key, *args, **kwargs), arrays)
        out, state = transformed.apply(params, state, key, *args, **kwargs)
        return Ran(out, after(slots, arrays, slots_of(params, state)))

    facts = (*transformed, init_kwargs)
    return Foreign("haiku", "function", facts, init, run)
