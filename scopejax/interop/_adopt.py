"""A module of another library, called with variables of a scope."""

from __future__ import annotations

from typing import Any, Literal

import jax

from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.names import join
from .._scope.scope import Scope
from ._draw import is_key, typed
from ._foreign import Foreign
from ._libraries import require_scope
from ._structure import structure_of
from ._trace import apart
from ._variables import variables

Init = Literal["path"] | jax.Array
"""How variables start: by their own names, or as the library's init of a key."""


def adopt(
    scope: Scope,
    foreign: Foreign,
    init: Init,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Runs a module on variables of a scope, and assigns what it has written."""
    require_scope(scope, foreign.library)
    key = None if isinstance(init, str) and init == "path" else _module_key(init, scope)
    arguments, rest = apart((args, kwargs))
    kind = _kind_of_key(scope)
    structure = structure_of(foreign, rest, kind, arguments)
    with scope.named():
        arrays = variables(scope, structure, key, list(arguments.values()))
        call = structure.call(arrays, kind, arguments)
        keys = [typed(scope.key(stream)) for stream in call.streams]
        results = call.program(*arrays, *keys, *arguments.values())
        for i in call.written:
            scope.assign(join(structure.paths[i]), results[i])
        out = dict(zip(call.numbers, results[len(arrays) :], strict=True))
        return call.out.having(out)


def _module_key(init: Any, scope: Scope) -> jax.Array:
    """The key that all of a module's values are drawn from."""
    if isinstance(init, jax.Array) and not isinstance(init, jax.core.Tracer):
        key = init if is_key(init) else _wrapped(init)
        if key is not None and key.shape == ():
            return key
    raise InvalidArgumentError(
        f"init must be 'path' or one JAX random key that exists, but received: {init}",
        name=scope.name,
        where=user_line(),
        remedy="Make the key outside of the model, where it is not traced."
        if isinstance(init, jax.core.Tracer)
        else "init='path' draws each variable by its full name.",
    )


def _wrapped(raw: jax.Array) -> jax.Array | None:
    try:
        with jax.ensure_compile_time_eval():
            return typed(raw)
    except (TypeError, ValueError):
        return None


def _kind_of_key(scope: Scope) -> Any:
    """An abstract key of the kind that the scope's random keys have."""
    key = scope._source.root_key(scope._place)
    if key is None or not is_key(key):
        return jax.eval_shape(lambda: jax.random.key(0))
    return jax.ShapeDtypeStruct((), key.dtype)  # type: ignore[no-untyped-call]
