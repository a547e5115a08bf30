"""init: the model runs once, abstractly, and then its variables are made."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Mapping
from typing import Any

import jax

from .._base.arguments import Arguments
from .._base.keys import require_key
from .._base.trees import Tree, from_flat, merge, to_flat
from .._jax.flags import looks_for_leaks
from .._jax.mesh import AnyMesh, in_force, mesh_in_force
from .._jax.modes import as_usual, tracing
from .._making.initialize import make_tree
from .._making.maker import Maker
from .._manifest.manifest import Manifest
from .._scope.from_inputs import Pending, no_axis, pending_in, require_inputs
from .._scope.record import Expect, Record
from .._scope.rounds import Round, settled
from .._scope.running import recording_scope
from .._scope.scope import Scope
from .._scope.state import hold
from .._text.progress import Making, making_shown

Model = Callable[..., Any]


def record(
    model: Model,
    key: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    stateful: bool = False,
    expect: Expect | None = None,
    making: Making | None = None,
) -> Manifest:
    """The manifest of one abstract run of the model.

    Args:
      key: the root key; None for an abstract one.
      stateful: whether the model may assign variables.
      expect: is told of each variable that the model's own trace creates.
      making: looks at the variables while they are recorded.
    """
    arguments = Arguments(args, kwargs)
    shared: set[str] = set()
    intermediates: dict[str, jax.ShapeDtypeStruct] = {}

    def run(round: Round, key: jax.Array, arrays: dict[int, Any]) -> None:
        args, kwargs = arguments.having(arrays)
        anchor, told = sys._getframe(), None if round.known else expect
        with Record.running(key, anchor, stateful, told, round) as record:
            if making is not None:
                making.record(record.specs)
            model(recording_scope(record), *args, **kwargs)
            record.within.end(record.specs.values(), stateful)
        shared.update(record.within.shared)
        intermediates.update(record.intermediates)
        if not looks_for_leaks():
            raise _Recorded

    if key is None:
        key = jax.eval_shape(lambda: jax.random.key(0))

    def once(round: Round) -> None:
        shared.clear()
        intermediates.clear()
        with tracing(), contextlib.suppress(_Recorded):
            jax.eval_shape(functools.partial(run, round), key, arguments.arrays)

    specs = settled(once).values()
    return Manifest(specs, shared=shared, intermediates=intermediates)


class _Recorded(Exception):
    """All is known: JAX need not make a jaxpr of the run, a seventh of its time."""


def initialize(
    model: Model,
    recorded: Callable[..., Manifest],
    key: jax.Array,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    given: Mapping[str, Any] | None,
    mesh: AnyMesh | None,
    progress: bool,
    *,
    stateful: bool = False,
) -> tuple[Manifest, Tree]:
    """The manifest and the arrays; those in `given` are checked and kept.

    Args:
      recorded: gives the manifest of the model; see `Recordings.manifest`.
    """
    require_key(key)
    known = {} if given is None else to_flat(given)
    mesh = mesh_in_force(mesh)
    with (
        as_usual(),
        making_shown(progress) as making,
        in_force(mesh, key),
        Maker(key, known, mesh, making) as maker,
    ):
        run = recorded(args, kwargs, key, maker.expect, making)
        pending = pending_in(run, known, stateful=stateful)
        maker.total([run[name] for name in pending])  # the rest follows
        rest = Manifest(spec for name, spec in run.items() if name not in pending)
        made = make_tree(maker, rest, given)
        if pending:
            arguments = Arguments(args, kwargs)
            require_inputs(pending, arguments.leaves)
            shared = run._shared if stateful else None
            offered = _offered(model, key, arguments, pending, rest, made, shared)
            jax.tree.map(maker.begun, offered)
            made = make_tree(maker, run, merge(made, offered))
        return run, made


def _offered(
    model: Model,
    key: jax.Array,
    arguments: Arguments,
    pending: Mapping[str, Pending],
    rest: Manifest,
    made: Tree,
    shared: frozenset[str] | None,
) -> Tree:
    """What the model computes from its inputs, given all `rest` as `made`.

    Args:
      shared: of the recording, if the model has state; else None.
    """
    state, params = rest.select(trainable=False).partition(made)

    def offer(key: jax.Array, arrays: Any, params: Tree, state: Tree) -> Tree:
        held = state if shared is None else hold(state, shared)
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

    offered: Tree = jax.jit(offer)(key, arguments.arrays, params, state)
    return offered
