"""What one abstract run of a model has created: the only mutable object.

While `jax.eval_shape` runs a model, every scope carries a `Record`. `get_variable`
notes a `VariableSpec` in it and gets a placeholder in return. Nothing else leaves the
trace, and the record is closed when the run ends.

Each time a scope is flattened, on its way into a JAX transform, it gets a fresh
`Entry`. Fresh entries are unequal to those that a cache has kept, so `jit` runs the
body of every call. Whether a name is shared by accident is decided in `ledger.py`.
"""

from __future__ import annotations

import contextlib
import itertools
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from .._base.errors import ScopeUsageError
from .._base.keys import named_key
from .._base.lines import Step, innermost_line, user_line
from .._base.missing import does_not_exist
from .._base.names import Path, join
from .._base.trees import both_kinds
from .._jax.surroundings import trace_state
from .._spec.spec import VariableSpec
from .ledger import Creation, Ledger
from .rounds import Round
from .within import Within

Expect = Callable[[VariableSpec], None]
"""Is told of a variable as soon as it is created."""


class Entry:
    """One passage of a scope through a pytree boundary while a model is recorded.

    Two entries match if no scope came out of a boundary between the two. So
    `jax.tree.map` and `jax.jvp` can hold two scopes against each other, yet a cache of
    `jit` never takes a new call for an old one, since the old one's function has run
    with its scope. An entry matches its direct child too: that is what a scope in a
    loop's carry becomes.

    Attributes:
      parent: the one that it was flattened under.
      trace: the one that was current.
      barred: where JAX takes values of the state alone, and the scope came in; or "".
      apart: of which scope the state is set aside; see `trained`.
    """

    __slots__ = (
        "_epoch", "_record", "apart", "barred", "held_against", "parent", "trace",
    )  # fmt: skip

    def __init__(
        self, record: Record, parent: Entry | None = None, barred: str = ""
    ) -> None:
        self._record = weakref.ref(record)
        self.barred: str = barred or (parent.barred if parent else "")
        self.apart: Path | None = parent.apart if parent else None
        self.parent = parent
        self.trace = trace_state()
        self._epoch = record.epoch
        # Pairs of this scope's place and that of a counterpart; see `rounds`.
        self.held_against: list[tuple[Any, Any]] = []

    def enter(self) -> None:
        """Notes that a scope with this entry came out of a boundary."""
        record = self._record()
        if record is not None:
            record.epoch += 1

    def record(self, name: str) -> Record:
        """The record, while the model runs; `name` is that of the scope that asks."""
        record = self._record()
        if record is None or record.closed:
            raise _closed(name)
        return record

    def matches(self, other: Entry) -> bool:
        """Whether two scopes that carry these may stand for each other."""
        if not self.is_of_one_run(other):
            return False
        if self is other or self.parent is other or other.parent is self:
            return True
        return self._epoch == other._epoch

    def visits(self) -> list[Any]:
        """The traces in which a scope was made, was on the way here, and is used."""
        traces: list[Any] = [trace_state()]
        entry: Entry | None = self
        while entry is not None:
            traces.append(entry.trace)
            entry = entry.parent
        return traces[::-1]

    def is_of_one_run(self, other: Entry) -> bool:
        """Whether both are of one model that is being recorded."""
        return self._record() is other._record()


def came_back(entry: Entry) -> bool:
    """Whether a scope was in an inner trace and left it: a transform returned it."""
    visits = [trace for trace, _ in itertools.groupby(entry.visits())]
    return any(trace in visits[:i] for i, trace in enumerate(visits))


class Record:
    """The variables and keys that a model has asked for so far.

    Attributes:
      specs: full name -> spec, in the order of creation.
      stateful: whether what is not trainable may be assigned.
      intermediates: full name -> shape and dtype of what `Scope.record` was given.
      key: the abstract root key.
      epoch: how often a scope has come out of a pytree boundary.
      within: what the model does with its state inside of transforms.
      round: what is known of the model before it runs.
    """

    def __init__(
        self,
        key: jax.Array,
        anchor: FrameType,
        stateful: bool,
        expect: Expect | None = None,
        round: Round | None = None,
    ) -> None:
        self.round = Round() if round is None else round
        self.specs: dict[str, VariableSpec] = {}
        self.round.specs = self.specs
        self.intermediates: dict[str, jax.ShapeDtypeStruct] = {}
        self.stateful = stateful
        self.key: jax.Array | None = key
        self.epoch = 0
        self.within = Within()
        self.ledger = Ledger(anchor, recording=True)
        self._expect = expect
        self._trace = trace_state()
        self._scopes: dict[Path, str] = {}
        self._lines: dict[tuple[Step, ...], str] = {}
        self._placeholders: dict[tuple[Any, ...], jax.Array] = {}

    @classmethod
    @contextlib.contextmanager
    def running(
        cls,
        key: jax.Array,
        anchor: FrameType,
        stateful: bool,
        expect: Expect | None = None,
        round: Round | None = None,
    ) -> Iterator[Record]:
        """A record for the body of the `with`, closed at its end.

        Args:
          key: the abstract root key.
          anchor: the frame that calls the model.
          stateful: whether what is not trainable may be assigned.
          expect: is told of what is created in the model's own trace.
          round: what is known of the model before it runs.
        """
        record = cls(key, anchor, stateful, expect, round)
        try:
            yield record
        finally:
            record._close()

    def _close(self) -> None:
        self.ledger.close()
        self.key = self._expect = None
        self._placeholders = {}

    @property
    def closed(self) -> bool:
        """Whether the model has ended."""
        return self.ledger.closed

    def creation(self) -> Creation:
        """How and where control came to the call that is running."""
        creation = self.ledger.creation()
        assert creation is not None  # not closed
        return creation

    def line(self, creation: Creation) -> str:
        """The user's innermost line, for the table."""
        step = creation.steps[:1]
        if step not in self._lines:
            self._lines[step] = innermost_line(creation.path)
        return self._lines[step]

    def known(self, name: str, creation: Creation, reuse: Any) -> VariableSpec | None:
        """The spec that a call shares or runs again, or None: it is to be made."""
        spec = self.specs.get(name)
        if spec is None:
            if reuse and name in self.round.implied:
                return self.round.implied[name]
            if reuse is True:
                raise does_not_exist(name, self.specs)
            return None
        if not reuse and self.ledger.variables.admitted(name, creation):
            self.ledger.variables.add(name, creation)
        return spec

    def add(self, spec: VariableSpec, creation: Creation) -> None:
        """Notes a new variable."""
        path = spec.path
        if path in self._scopes:
            raise both_kinds(spec.name, self._scopes[path])
        if path[:-1] not in self._scopes:
            self._add_scopes(path, spec.name)
        self.ledger.variables.add(spec.name, creation)
        self.specs[spec.name] = spec
        if self._expect is not None and self.is_at_top():
            self._expect(spec)

    def _add_scopes(self, path: Path, name: str) -> None:
        above = [path[:depth] for depth in range(1, len(path))]
        for scope in above:
            if join(scope) in self.specs:
                raise both_kinds(join(scope), name)
        for scope in above:
            self._scopes.setdefault(scope, name)

    def random_key(self, path: Path, reuse: Any, index: Any) -> jax.Array:
        """A placeholder for the key of full name `path`."""
        if index is None:
            self.ledger.draw(join(path), reuse)
        assert self.key is not None  # not closed
        return named_key(self.key, path, index)

    def intermediate(self, name: str, reuse: Any, like: jax.ShapeDtypeStruct) -> None:
        """Notes an intermediate value."""
        self.ledger.keep(name, reuse)
        self.intermediates[name] = like

    def is_at_top(self, trace: Any = None) -> bool:
        """Whether a trace, or the current one, is the model's own, none within it."""
        return bool((trace_state() if trace is None else trace) == self._trace)

    def placeholder(
        self, shape: tuple[int, ...], dtype: np.dtype, split: PartitionSpec | None
    ) -> jax.Array:
        """Zeros in the current trace, shared where that is the model's own.

        Args:
          split: how they lie on a mesh whose axes are part of JAX's types.
        """
        if not self.is_at_top():
            return jnp.zeros(shape, dtype, out_sharding=split)
        like = shape, dtype, split
        known = self._placeholders.get(like)
        if known is None:
            known = jnp.zeros(shape, dtype, out_sharding=split)
            self._placeholders[like] = known
        return known


def _closed(name: str) -> ScopeUsageError:
    return ScopeUsageError(
        f"The scope {name!r} is used outside of the transform it belongs to.",
        name=name,
        where=user_line(),
        remedy="Use a scope only inside of the call that passed it; over params that"
        " exist, make one with scopejax.Scope(params).",
    )
