"""Runs of a model that need not be repeated: what it asked for is known already.

A model is a pure function of its scope and arguments. Where that can be proven (see
`_spec/signature.py`) a second run with arguments that are alike would ask for the same
variables. JAX's own cache of traces then keeps the manifest of the first one: its key
has the shapes and dtypes of arrays, and the settings and the mesh that are in force. A
model that reads what may have changed (an object, a module of the user's), that closes
over arrays, or whose initial values depend on its inputs, is run anew each time.
"""

from __future__ import annotations

import dataclasses
import itertools
import threading
from collections.abc import Callable, Hashable
from typing import Any

import jax

from .._base.arguments import Arguments
from .._jax.modes import tracing
from .._manifest.manifest import Manifest
from .._scope.record import Expect
from .._spec.signature import lasting_signature
from .._spec.spec import VariableSpec
from .._text.progress import Making
from .init import record

_KEPT = 16  # sorts of arguments, and of shapes for each
_LARGEST = 1024  # bytes of an initial value


class Recordings:
    """The manifests of one model.

    Args:
      model: a function of a scope.
      stateful: whether it may assign variables.
    """

    def __init__(self, model: Callable[..., Any], *, stateful: bool = False) -> None:
        self.model = model
        self.stateful = stateful
        self._runs: dict[Hashable, _Run] = {}

    def manifest(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        key: jax.Array | None = None,
        expect: Expect | None = None,
        making: Making | None = None,
    ) -> Manifest:
        """What the model asks for, given these arguments; see `record`."""
        arguments = Arguments(args, kwargs)
        same = self._same(arguments)
        run = self._runs.get(same)
        if run is None:
            run = _Run(self.model, arguments.without_arrays(), self.stateful)
        manifest = run.manifest(key, arguments.arrays, expect, making)
        if run.is_full or not all(map(_is_lasting, manifest.values())):
            self._runs.pop(same, None)
        elif same is not None:
            self._keep(same, run)
        return manifest

    def _same(self, arguments: Arguments) -> Hashable | None:
        """Equal for runs that do the same, but for arrays; None if that isn't known."""
        same = lasting_signature((self.model, *arguments.others))
        try:
            hash(arguments.structure)
        except (TypeError, ValueError):  # the static part of a node of the user's
            return None
        return None if same is None else (same, arguments.structure)

    def _keep(self, same: Hashable, run: _Run) -> None:
        self._runs[same] = run
        while len(self._runs) > _KEPT:
            self._runs.pop(next(iter(self._runs)))


class _Told(threading.local):
    """Who is told of variables while this thread records a model."""

    expect: Expect | None = None
    making: Making | None = None


_told = _Told()


class _Run:
    """A run of a model with arguments of one sort, as a function that JAX traces.

    The trace gives the number of a manifest, since JAX keeps what a trace gives.
    """

    def __init__(
        self, model: Callable[..., Any], arguments: Arguments, stateful: bool
    ) -> None:
        self._manifests: dict[int, Manifest] = {}
        manifests, numbers = self._manifests, itertools.count()

        def run(key: jax.Array | None, arrays: dict[int, Any]) -> _Numbered:
            args, kwargs = arguments.having(arrays)
            number = next(numbers)
            manifests[number] = record(
                model,
                key,
                args,
                kwargs,
                stateful=stateful,
                expect=_told.expect,
                making=_told.making,
            )
            return _Numbered(number)

        self._traced: Any = jax.jit(run)

    @property
    def is_full(self) -> bool:
        """Whether it has as many manifests as are kept, for as many shapes."""
        return len(self._manifests) >= _KEPT

    def manifest(
        self,
        key: jax.Array | None,
        arrays: dict[int, Any],
        expect: Expect | None,
        making: Making | None,
    ) -> Manifest:
        """That of a run now, or of the one that JAX knows."""
        before = _told.expect, _told.making
        _told.expect, _told.making = expect, making
        try:
            with tracing():
                numbered: _Numbered = self._traced.eval_shape(key, arrays)
        finally:
            _told.expect, _told.making = before
        return self._manifests[numbered.number]


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class _Numbered:
    """A number as the result of a trace: a pytree without leaves."""

    number: int = dataclasses.field(metadata={"static": True})


def _is_lasting(spec: VariableSpec) -> bool:
    """Whether a spec holds nothing that should go when `init` is done."""
    initializer = spec.initializer
    if not callable(initializer):
        return getattr(initializer, "nbytes", _LARGEST) < _LARGEST
    functions = initializer, spec.regularizer, spec.constraint
    return lasting_signature(functions) is not None
