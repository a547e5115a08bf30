"""init: the model runs once, abstractly, and then its variables are made."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import jax

from ._arguments import Arguments
from ._keys import require_key
from ._manifest import Manifest
from ._pending import no_axis, pending_in, require_inputs
from ._pytree import Scope, recording_scope
from ._record import Record
from ._spec import VariableSpec
from ._state import hold
from ._tree import Tree, from_flat, merge, to_flat

Model = Callable[..., Any]


def record(
    model: Model,
    key: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    stateful: bool = False,
) -> Manifest:
    """The manifest of one abstract run of the model.

    Args:
      key: the root key; None for an abstract one.
      stateful: whether the model may assign variables.
    """
    arguments = Arguments(args, kwargs)
    specs: list[VariableSpec] = []

    def run(key: jax.Array, arrays: dict[int, Any]) -> None:
        args, kwargs = arguments.having(arrays)
        with Record.running(key, sys._getframe(), stateful) as record:
            model(recording_scope(record), *args, **kwargs)
            specs.extend(record.specs.values())

    if key is None:
        key = jax.eval_shape(lambda: jax.random.key(0))
    jax.eval_shape(run, key, arguments.arrays)
    return Manifest(specs)


def initialize(
    model: Model,
    key: jax.Array,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    given: Mapping[str, Any] | None,
    *,
    stateful: bool = False,
) -> tuple[Manifest, Tree]:
    """The manifest and the arrays; those in `given` are checked and kept."""
    require_key(key)
    manifest = record(model, key, args, kwargs, stateful=stateful)
    known = {} if given is None else to_flat(given)
    pending = pending_in(manifest, known, stateful=stateful)
    if not pending:
        return manifest, manifest.initialize(key, given)
    rest = Manifest(spec for name, spec in manifest.items() if name not in pending)
    made = rest.initialize(key, given)
    state, params = rest.select(trainable=False).partition(made)
    arguments = Arguments(args, kwargs)
    require_inputs(pending, arguments.leaves)

    def run(key: jax.Array, arrays: Any, params: Tree, state: Tree) -> Tree:
        held = hold(state) if stateful else state
        scope = Scope(merge(params, held, from_flat(pending)), key=key)
        args, kwargs = arguments.having(arrays)
        try:
            model(scope, *args, **kwargs)
            return from_flat({name: place.initial for name, place in pending.items()})
        except NameError as error:
            raise no_axis(next(iter(pending)), error) from error
        finally:
            for place in pending.values():
                place.forget()

    offered = jax.jit(run)(key, arguments.arrays, params, state)
    return manifest, manifest.initialize(key, merge(made, offered))
