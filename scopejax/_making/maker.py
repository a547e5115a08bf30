"""Specs and a key -> arrays: which way each variable is made.

All ways give the same bits: `Plain`, a program for each kind of variable; `Fused`, one
for all kinds that are drawn alike; `Sharded` and `HandedOut`, onto a mesh; `Grouped`,
within a trace that init is part of. Each is told of a kind as soon as the model asks
for it, so that it compiles while the model is still being traced. All run outside of
that trace.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp

from .._base.errors import InitializerError
from .._base.names import nearest
from .._jax.mesh import AnyMesh, compiling_alone, require_devices, running_alone
from .._spec.partition import as_partition
from .._spec.spec import VariableSpec, abstract
from .._text.progress import Making
from ..initializers import InitialValueOf
from .fused import Fused, serves
from .in_trace import Grouped
from .kind import BadResult, Kind, Kinds
from .plain import Plain
from .put import place
from .sharded import HandedOut, Sharded
from .way import Prepared, Wanted, Way


class Maker:
    """Makes the variables of one call of `init`.

    Args:
      key: the root key.
      given: full names that need not be made.
      mesh: where they are to lie; None for one device.
      making: is told of programs and arrays, where somebody sees them.
    """

    def __init__(
        self,
        key: jax.Array,
        given: Iterable[str] = (),
        mesh: AnyMesh | None = None,
        making: Making | None = None,
    ) -> None:
        self._mesh = mesh
        self._given = frozenset(given)
        threads = ThreadPoolExecutor if making is None else making.threads
        self._threads = threads(os.cpu_count(), "scopejax")
        self._traced = isinstance(key, jax.core.Tracer)
        self._making = None if self._traced else making  # nothing is made in a trace
        self._onto = onto = None if self._traced else require_devices(mesh)
        self._kinds = Kinds(abstract(key.shape, key.dtype), onto)
        self._ways: list[Way[Any]] = []
        if self._traced:
            self._ways = [Grouped(key, self._threads, mesh)]
        elif onto is not None:
            ways = Sharded, HandedOut
            self._ways = [way(key, self._threads, onto) for way in ways]
        else:
            self._ways = [Plain(key, self._threads)]
            if serves(key):
                self._ways.insert(0, Fused(key, self._threads))
        self._expected: set[Kind] = set()
        self._chosen: dict[Kind, tuple[Way[Any], Prepared]] = {}

    def __enter__(self) -> Maker:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def expect(self, spec: VariableSpec) -> None:
        """Begins what `spec` will need. An error waits until it is made.

        What shares state with the model waits as well.
        """
        if not _is_drawn(spec) or spec.name in self._given:
            return
        kind = self._kinds.of(spec)
        if kind.is_open and kind not in self._expected:
            self._expected.add(kind)
            with contextlib.suppress(Exception), compiling_alone():
                next(way for way in self._ways if way.prepare(kind) is not None)

    def total(self, specs: Collection[VariableSpec]) -> None:
        """These are to be made, beside those before; for who looks."""
        if self._making is not None:
            self._making.expect(specs)

    def begun(self, array: jax.Array) -> jax.Array:
        """An array that is made, or under computation."""
        if self._making is not None:
            self._making.begin(array, array.nbytes)
        return array

    def make(
        self, specs: Sequence[VariableSpec], kept: Mapping[str, Any]
    ) -> dict[str, jax.Array]:
        """The arrays of `specs` by full name.

        Args:
          kept: those that exist already, which others may be copies of.

        Raises:
          InitializerError: an initializer failed, or returned another shape or dtype.
        """
        self.total(specs)
        with contextlib.nullcontext() if self._traced else running_alone():
            return self._made(specs, kept)

    def _made(
        self, specs: Sequence[VariableSpec], kept: Mapping[str, Any]
    ) -> dict[str, jax.Array]:
        for spec in specs:
            self.expect(spec)
        made = self._drawn([spec for spec in specs if _is_drawn(spec)])
        for spec in specs:
            if not callable(spec.initializer):
                made[spec.name] = self.begun(_constant(spec))
        existing = {**kept, **made}
        for spec in specs:
            if isinstance(spec.initializer, InitialValueOf):
                made[spec.name] = self.begun(_copy(spec, existing))
        drawn = filter(_is_drawn, specs)
        there = {spec.name for spec in drawn if self._is_made_in_place(spec)}
        return {
            spec.name: made[spec.name]
            if spec.name in there
            else self.place(spec, made[spec.name])
            for spec in specs
        }

    def _is_made_in_place(self, spec: VariableSpec) -> bool:
        """Whether what is drawn for it lies where the variable is to live."""
        return (
            self._onto is not None and as_partition(spec.partition).memory_kind is None
        )

    def place(self, spec: VariableSpec, array: jax.Array) -> jax.Array:
        """`array` where the variable is to live."""
        return place(spec, array, self._mesh)

    def _drawn(self, specs: Sequence[VariableSpec]) -> dict[str, jax.Array]:
        """What initializers make, each way all of its variables at once."""
        shares: dict[Way[Any], list[Wanted[Any]]] = {way: [] for way in self._ways}
        for spec in specs:
            way, prepared = self._way(spec)
            shares[way].append(Wanted(spec, prepared))
        made = {}
        for way, wanted in shares.items():
            arrays = way.make(wanted)
            for spec, _ in wanted:
                try:
                    made[spec.name] = self.begun(next(arrays))
                except Exception as error:
                    raise _failed(spec, error) from error
        return made

    def _way(self, spec: VariableSpec) -> tuple[Way[Any], Prepared]:
        """The first way that is right for the kind of `spec`, and what it prepared."""
        kind = self._kinds.of(spec)
        if kind not in self._chosen:
            try:
                self._chosen[kind] = self._first_right(kind)
            except Exception as error:
                raise _failed(spec, error) from error
        return self._chosen[kind]

    def _first_right(self, kind: Kind) -> tuple[Way[Any], Prepared]:
        for way in self._ways:
            prepared = way.prepare(kind)
            if prepared is not None and prepared.is_right():
                return way, prepared
        raise AssertionError(f"the last way makes any kind, {kind} too")


def _is_drawn(spec: VariableSpec) -> bool:
    """Whether an initializer makes it, from nothing but a key."""
    initializer = spec.initializer
    return callable(initializer) and not isinstance(initializer, InitialValueOf)


def _constant(spec: VariableSpec) -> jax.Array:
    value = jnp.array(spec.initializer, spec.dtype)  # a copy
    return jnp.broadcast_to(value, spec.shape) if spec.stack else value


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


def _failed(spec: VariableSpec, error: Exception) -> InitializerError:
    if isinstance(error, BadResult):
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
