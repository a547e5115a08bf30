"""What one abstract run of a model has created: the only mutable object.

While `jax.eval_shape` runs a model, every scope carries a `Record`. `get_variable`
notes a `VariableSpec` in it and gets a placeholder in return. Nothing else leaves the
trace, and the record is closed when the run ends.

**Sharing or re-trace?** JAX may run one Python function twice for one call in the
user's program (a `scan` whose carry turns out to be weakly typed), and it may skip the
second of two calls (the cache of `jit`). So a second creation of a name is no proof of
sharing by accident, and no creation is no proof of its absence. Three facts decide:

1. *Entries.* Each time a scope is flattened, on its way into a JAX transform, it gets
   a fresh `Entry`, which knows the entry it was flattened under and the trace that was
   current. Fresh entries are unequal to those that a cache has kept, so `jit` runs the
   body of every call. A creation has the chain of entries from the root to its scope,
   each with a trace. Where the chains of two creations of a name part, equal traces
   mean that the user's code did both things in one run: sharing. Unequal traces under
   one entry mean that one function ran twice.
2. *The outermost JAX call.* A scope that is closed over is not flattened, so two calls
   of `vmap` look like the above. They differ in the frame of the first JAX function
   that the model called; frames are compared by identity, so they are kept until the
   recording ends (any longer, and `jax.checking_leaks` would object).
3. *The steps.* A re-trace takes the same steps through the user's code; the branches of
   one `cond` do not.

What this leaves open is stated in the docs: a jitted function that closes over a scope
and is called twice (JAX does not run it again), and a Python loop, inside of one
transform, around calls that close over one scope.
"""

from __future__ import annotations

import contextlib
import dataclasses
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from .._base.errors import ScopeUsageError, VariableExistsError
from .._base.keys import named_key
from .._base.lines import CallPath, Step, call_path, innermost_line, user_line
from .._base.missing import does_not_exist
from .._base.names import Path, join
from .._base.trees import both_kinds
from .._jax.surroundings import trace_state
from .._spec.spec import VariableSpec

Expect = Callable[[VariableSpec], None]
"""Is told of a variable as soon as it is created."""


class Entry:
    """One passage of a scope through a pytree boundary while a model is recorded.

    Two entries match if no scope came out of a boundary between the two. So
    `jax.tree.map` and `jax.jvp` can hold two scopes against each other, yet a cache of
    `jit` never takes a new call for an old one, since the old one's function has run
    with its scope. An entry matches its direct child too: that is what a scope in a
    loop's carry becomes.
    """

    __slots__ = ("_epoch", "_record", "parent", "trace")

    def __init__(self, record: Record, parent: Entry | None = None) -> None:
        self._record = weakref.ref(record)
        self.parent = parent
        self.trace = trace_state()
        self._epoch = record.epoch

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
        if self._record() is not other._record():
            return False
        if self is other or self.parent is other or other.parent is self:
            return True
        return self._epoch == other._epoch

    def chain(self) -> list[tuple[Entry, Any]]:
        """`(entry, trace in which it was left or used)` from the root to here."""
        chain, entry, trace = [], self, trace_state()
        while True:
            chain.append((entry, trace))
            if entry.parent is None:
                return chain[::-1]
            entry, trace = entry.parent, entry.trace


@dataclasses.dataclass(frozen=True, slots=True)
class Creation:
    """Where and how a name came into being."""

    chain: list[tuple[Entry, Any]]
    path: CallPath

    @property
    def trace(self) -> Any:
        """The trace that is current."""
        return self.chain[-1][1]

    @property
    def where(self) -> str:
        """The user's lines, for errors."""
        return str(self.path)

    def is_retrace(self, other: Creation) -> bool:
        """Whether `other` is the same creation, run again by JAX."""
        return self.path == other.path and _ran_twice(self.chain, other.chain)


def _ran_twice(one: list[tuple[Entry, Any]], two: list[tuple[Entry, Any]]) -> bool:
    for (entry, trace), (other, other_trace) in zip(one, two, strict=False):
        if entry is not other:
            return False
        if trace != other_trace:
            return True
    return False


class Record:
    """The variables and keys that a model has asked for so far.

    Attributes:
      specs: full name -> spec, in the order of creation.
      stateful: whether what is not trainable may be assigned.
      key: the abstract root key.
      epoch: how often a scope has come out of a pytree boundary.
    """

    def __init__(
        self,
        key: jax.Array,
        anchor: FrameType,
        stateful: bool,
        expect: Expect | None = None,
    ) -> None:
        self.specs: dict[str, VariableSpec] = {}
        self.stateful = stateful
        self.key: jax.Array | None = key
        self.epoch = 0
        self._anchor: FrameType | None = anchor
        self._expect = expect
        self._trace = trace_state()
        self._scopes: dict[Path, str] = {}
        self._variables: dict[str, Creation] = {}
        self._keys: dict[str, Creation] = {}
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
    ) -> Iterator[Record]:
        """A record for the body of the `with`, closed at its end.

        Args:
          key: the abstract root key.
          anchor: the frame that calls the model.
          stateful: whether what is not trainable may be assigned.
          expect: is told of what is created in the model's own trace.
        """
        record = cls(key, anchor, stateful, expect)
        try:
            yield record
        finally:
            record._close()

    def _close(self) -> None:
        self.key = self._anchor = self._expect = None
        self._variables, self._keys, self._placeholders = {}, {}, {}

    @property
    def closed(self) -> bool:
        """Whether the model has ended."""
        return self._anchor is None

    def creation(self, entry: Entry) -> Creation:
        """How and where control came to the call that is running."""
        assert self._anchor is not None  # not closed
        return Creation(entry.chain(), call_path(self._anchor))

    def line(self, creation: Creation) -> str:
        """The user's innermost line, for the table."""
        step = creation.path.steps[:1]
        if step not in self._lines:
            self._lines[step] = innermost_line(creation.path)
        return self._lines[step]

    def known(self, name: str, creation: Creation, reuse: Any) -> VariableSpec | None:
        """The spec that a call shares or runs again, or None: it is to be made."""
        spec = self.specs.get(name)
        if spec is None:
            if reuse is True:
                raise does_not_exist(name, self.specs)
            return None
        first = self._variables[name]
        if not reuse and not first.is_retrace(creation):
            raise already_exists(name, creation.where, first.where)
        return spec

    def add(self, spec: VariableSpec, creation: Creation) -> None:
        """Notes a new variable."""
        path = spec.path
        if path in self._scopes:
            raise both_kinds(spec.name, self._scopes[path])
        if path[:-1] not in self._scopes:
            self._add_scopes(path, spec.name)
        self._variables[spec.name] = creation
        self.specs[spec.name] = spec
        if self._expect is not None and self.is_at_top(creation.trace):
            self._expect(spec)

    def _add_scopes(self, path: Path, name: str) -> None:
        above = [path[:depth] for depth in range(1, len(path))]
        for scope in above:
            if join(scope) in self.specs:
                raise both_kinds(join(scope), name)
        for scope in above:
            self._scopes.setdefault(scope, name)

    def random_key(self, path: Path, entry: Entry, reuse: Any, index: Any) -> jax.Array:
        """A placeholder for the key of full name `path`."""
        if index is None:
            name, creation = join(path), self.creation(entry)
            first = self._keys.setdefault(name, creation)
            if not (first is creation or reuse or first.is_retrace(creation)):
                raise key_exists(name, creation.where, first.where)
        assert self.key is not None  # not closed
        return named_key(self.key, path, index)

    def is_at_top(self, trace: Any) -> bool:
        """Whether a trace is the model's own, not one within it."""
        return bool(trace == self._trace)

    def placeholder(
        self, shape: tuple[int, ...], dtype: np.dtype, split: PartitionSpec | None
    ) -> jax.Array:
        """Zeros in the current trace, shared where that is the model's own.

        Args:
          split: how they lie on a mesh whose axes are part of JAX's types.
        """
        if not self.is_at_top(trace_state()):
            return jnp.zeros(shape, dtype, out_sharding=split)
        like = shape, dtype, split
        known = self._placeholders.get(like)
        if known is None:
            known = jnp.zeros(shape, dtype, out_sharding=split)
            self._placeholders[like] = known
        return known


def already_exists(name: str, where: str, first: str) -> VariableExistsError:
    """TF1's error for sharing by accident."""
    return VariableExistsError(
        f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or"
        " reuse=AUTO_REUSE in its scope?",
        name=name,
        where=where,
        first=first,
        remedy="To share it, pass scope.with_options(reuse=True); to make another,"
        " pass a scope of another name.",
    )


def key_exists(name: str, where: str, first: str) -> VariableExistsError:
    """The error for drawing the same random numbers twice by accident."""
    return VariableExistsError(
        f"Random key {name} was asked for already: it would give the same numbers.",
        name=name,
        where=where,
        first=first,
        remedy="Use another name or an index, scope.key(name, i); to have the same"
        " numbers on purpose, scope.with_options(reuse=True).",
    )


def _closed(name: str) -> ScopeUsageError:
    return ScopeUsageError(
        f"The scope {name!r} is used outside of the transform it belongs to.",
        name=name,
        where=user_line(),
        remedy="Use a scope only inside of the call that passed it; over params that"
        " exist, make one with scopejax.Scope(params).",
    )
