"""Specs and a key -> arrays: one jitted program for each signature, outside of a trace.

The reference of the path law: the root key folded with the 64-bit hash of the full
name, and the initializer, jitted, for one variable alone. Variables of one signature
(initializer, shape, dtype, stack) share a program, so a model of a thousand layers
compiles as many programs as it has kinds of variable. Folding is a program of its own,
compiled once for all: within the others it would be a third of their compilation. Item
`i` of a stack is made from the key folded with `i`, one after the other by `lax.map`,
since `vmap` of an `rbg` key gives other numbers.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ._errors import InitializerError
from ._naming import fold_words, nearest, path_words
from ._signature import signature
from ._spec import VariableSpec, abstract
from .initializers import InitialValueOf


@dataclasses.dataclass(frozen=True, slots=True)
class _Signature:
    """All that a program depends on; `initializer` is one of those with `same`."""

    same: Hashable
    shape: tuple[int, ...]
    dtype: np.dtype
    stack: tuple[int, ...]
    key: jax.ShapeDtypeStruct
    initializer: Callable[..., Any] = dataclasses.field(compare=False)


class _Program(NamedTuple):
    """A jitted initializer, and whether it draws: zeros and ones use no key."""

    init: Callable[[jax.Array], jax.Array]
    draws: bool


class _BadResult(Exception):
    """An initializer returned something else than asked for."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


def materialize(
    specs: Iterable[VariableSpec], key: jax.Array, kept: Mapping[str, Any]
) -> dict[str, jax.Array]:
    """The arrays of `specs` by full name.

    Args:
      kept: those that exist already, which others may be copies of.

    Raises:
      InitializerError: an initializer failed, or returned another shape or dtype.
    """
    run = _Run(key, abstract(key.shape, key.dtype))
    made: dict[str, jax.Array] = {}
    copies = []
    for spec in specs:
        if isinstance(spec.initializer, InitialValueOf):
            copies.append(spec)
        else:
            made[spec.name] = _make(spec, run)
    for spec in copies:
        made[spec.name] = _copy(spec, {**kept, **made})
    return made


def _copy(spec: VariableSpec, existing: Mapping[str, Any]) -> jax.Array:
    """A copy of another variable's value, in the dtype of its own."""
    source = existing.get(spec.initializer.name)
    if source is not None and tuple(source.shape) == spec.shape:
        return jnp.array(source, spec.dtype)
    raise InitializerError(
        f"The initial value of {spec.name} is to be that of {spec.initializer.name}.",
        name=spec.name,
        expected=f"a variable of shape {spec.shape}",
        found="none of that name" if source is None else f"shape {tuple(source.shape)}",
        where=spec.where,
        nearest=nearest(spec.initializer.name, existing),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Run:
    """What all variables of one call share; opaque initializers are equal within it."""

    key: jax.Array
    shape: jax.ShapeDtypeStruct
    token: object = dataclasses.field(default_factory=object)
    same: dict[int, Hashable] = dataclasses.field(default_factory=dict)

    def signature(self, spec: VariableSpec) -> _Signature:
        """What the program of `spec` depends on."""
        initializer = spec.initializer
        if id(initializer) not in self.same:
            self.same[id(initializer)] = signature(initializer, self.token)
        return _Signature(
            same=self.same[id(initializer)],
            shape=spec.item_shape,
            dtype=spec.dtype,
            stack=spec.stack,
            key=self.shape,
            initializer=initializer,
        )


def _make(spec: VariableSpec, run: _Run) -> jax.Array:
    if not callable(spec.initializer):
        value = jnp.array(spec.initializer, spec.dtype)  # a copy
        return jnp.broadcast_to(value, spec.shape) if spec.stack else value
    kind = run.signature(spec)
    try:
        init, draws = _program(kind)
        return init(_fold(run.key, path_words(spec.path)) if draws else run.key)
    except Exception as error:
        raise _failed(spec, error) from error


_fold = jax.jit(fold_words)


@functools.lru_cache(maxsize=4096)
def _program(kind: _Signature) -> _Program:
    def init(key: jax.Array) -> jax.Array:
        return _items(kind, key, kind.stack)

    jitted = jax.jit(init)
    jaxpr = jitted.trace(kind.key).jaxpr.jaxpr
    used = {id(var) for equation in jaxpr.eqns for var in equation.invars}
    return _Program(jitted, id(jaxpr.invars[0]) in used)


def _items(kind: _Signature, key: jax.Array, stack: tuple[int, ...]) -> jax.Array:
    """One item for each index of `stack`, the axes in front."""
    if not stack:
        return _item(kind, key)

    def item(i: jax.Array) -> jax.Array:
        return _items(kind, jax.random.fold_in(key, i), stack[1:])

    items: jax.Array = jax.lax.map(item, jnp.arange(stack[0]))
    return items


def _item(kind: _Signature, key: jax.Array) -> jax.Array:
    result = kind.initializer(key, kind.shape, kind.dtype)
    if not hasattr(result, "dtype"):
        raise _BadResult("an array", _what(result))
    expected, found = (
        f"shape {tuple(shape)} and dtype {dtype}"
        for shape, dtype in ((kind.shape, kind.dtype), (result.shape, result.dtype))
    )
    if expected != found:
        raise _BadResult(expected, found)
    return jnp.asarray(result, kind.dtype)


def _what(result: Any) -> str:
    if callable(result):
        return "a function: was an initializer's factory passed, and not called?"
    return f"{result!r}, of type {type(result).__name__}"


def _failed(spec: VariableSpec, error: Exception) -> InitializerError:
    if isinstance(error, _BadResult):
        return InitializerError(
            f"The initializer of {spec.name} returned something else than asked for.",
            name=spec.name,
            expected=error.expected,
            found=error.found,
            where=spec.where,
            remedy="It is called as initializer(key, shape, dtype) and returns an array"
            " of this shape and dtype.",
        )
    if isinstance(error, jax.errors.UnexpectedTracerError):
        return InitializerError(
            f"The initializer of {spec.name} uses a value that is computed inside of"
            " the model.",
            name=spec.name,
            expected="a function (key, shape, dtype) -> array, or a value that exists",
            found="a value that JAX was tracing",
            where=spec.where,
            remedy="Compute it with NumPy, outside of the model, or in the initializer"
            " itself.",
        )
    return InitializerError(
        f"The initializer of {spec.name} failed: {error}",
        name=spec.name,
        expected=f"an array of shape {spec.item_shape} and dtype {spec.dtype} from"
        " initializer(key, shape, dtype)",
        found=type(error).__name__,
        where=spec.where,
    )


def per_item(
    function: Callable[[Any], Any], stack: tuple[int, ...]
) -> Callable[[Any], Any]:
    """`function` of one item of a stack, made a function of the whole stack."""
    return functools.reduce(lambda mapped, _: jax.vmap(mapped), stack, function)
