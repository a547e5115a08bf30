"""What one run of a model has asked for, and whether it asks for something twice.

**Sharing, or run again?** JAX may run one Python function several times for one call in
the user's program, so a second creation of a name is no proof of sharing by accident. A
creation knows the JAX functions that control came through, each with the run of the
user's function that JAX has called (`_jax/runs.py`). Where the ways of two creations
part decides:

1. *Nowhere.* The user's code did both things in one run: sharing.
2. *At two calls.* The user's code has called JAX twice: sharing. But a rule of
   `custom_vjp` belongs to the call that JAX has traced before, wherever it runs.
3. *At two runs of one function in one call.* JAX ran it again: it is the same creation.
   The later one replaces it, since the user's code may do more than JAX repeats.
4. *At two functions of one call.* Custom rules stand for one another, and a function
   that was handed over may come back in another one: `jax.lax.custom_linear_solve` runs
   the product with a matrix by itself, and within the solver. Others share: the
   branches of one `cond`.

A run of a model that does not record has a ledger too. The scopes of that run refer to
it weakly, JAX's caches being full of scopes; it counts only on the thread and below the
frame of its own `apply`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

from .._base.errors import VariableExistsError
from .._base.lines import CallPath, Step, steps_without_jax, user_steps
from .._jax.runs import Run, calls, run_of


class Creation(NamedTuple):
    """Where and how a name came into being.

    Attributes:
      runs: the calls of JAX that control came through, the outermost first.
      steps: the user's functions, the innermost first.
    """

    runs: tuple[Run, ...]
    steps: tuple[Step, ...]

    @property
    def path(self) -> CallPath:
        """The user's lines."""
        return CallPath(self.steps)

    def is_repeated(self, again: Creation) -> bool:
        """Whether JAX has run a function of this creation again."""
        parting = self._parting(again)
        return parting is not None and parting[0].is_again(parting[1])

    def is_same(self, other: Creation) -> bool:
        """Whether functions that were handed to JAX as one have led to both."""
        if any(run.in_solver for run in self.runs if run in other.runs):
            return True
        parting = self._parting(other)
        if parting is None:
            return False
        one, two = parting
        roles = one.role, two.role
        if one.call is not two.call:
            return "rule" in roles
        return one.in_solver or two.in_solver or any(roles)

    def _parting(self, other: Creation) -> tuple[Run, Run] | None:
        """Where the ways of the two part; None where one of them ends before."""
        for one, two in zip(self.runs, other.runs, strict=False):
            if one.run is not two.run:
                return one, two
        return None


Exists = Callable[[str, CallPath, CallPath], VariableExistsError]
"""The error for a full name that was created before: the lines now and first."""


class Names:
    """Names of one kind, each with its creation."""

    __slots__ = ("_exists", "_made")

    def __init__(self, exists: Exists) -> None:
        self._exists = exists
        self._made: dict[str, Creation] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._made

    def admitted(self, name: str, creation: Creation | None) -> Creation | None:
        """The creation if it is to be noted: the first, or one that JAX repeats.

        Raises:
          VariableExistsError: it is another one than the first.
        """
        first = self._made.get(name)
        if first is None or creation is None or first.is_repeated(creation):
            return creation
        if not first.is_same(creation):
            raise self._exists(name, creation.path, first.path)
        return None

    def add(self, name: str, creation: Creation) -> None:
        """Notes a creation."""
        self._made[name] = creation

    def clear(self) -> None:
        """Forgets all."""
        self._made = {}


class Ledger:
    """The variables and keys that one run of a model has asked for.

    Args:
      anchor: the frame that calls the model.
      recording: whether the model is recorded; threads of its own count then, too.
    """

    __slots__ = ("__weakref__", "_anchor", "_recording", "keys", "values", "variables")

    def __init__(self, anchor: FrameType, recording: bool = False) -> None:
        self._anchor: FrameType | None = anchor
        self._recording = recording
        self.variables = Names(already_exists)
        self.keys = Names(key_exists)
        self.values = Names(value_exists)

    @property
    def closed(self) -> bool:
        """Whether the model has ended."""
        return self._anchor is None

    def close(self) -> None:
        """Forgets everything: the model has ended."""
        self._anchor = None
        self.variables.clear()
        self.keys.clear()
        self.values.clear()

    def creation(self) -> Creation | None:
        """How control came to the call that is running; None if that does not count."""
        anchor = self._anchor
        steps = steps_without_jax(anchor)
        if steps is not None:
            return Creation((), steps)
        around = tuple(calls(anchor))
        if around[-1:] == (None,) and not self._recording:
            return None  # on another thread, or of another run
        runs = tuple(run_of(call) for call in around[::-1] if call is not None)
        return Creation(runs, user_steps(anchor).steps)

    def creation_of(self, name: str, reuse: Any) -> Creation | None:
        """The creation of a variable, to be noted if nothing fails; None if it is none.

        Raises:
          VariableExistsError: it was created before, and `reuse` does not allow that.
        """
        if reuse is True or (reuse and name in self.variables):
            return None
        return self.variables.admitted(name, self.creation())

    def draw(self, name: str, reuse: Any) -> None:
        """Notes that a random key is drawn.

        Raises:
          VariableExistsError: it was drawn before, and `reuse` does not allow that.
        """
        self._note(self.keys, name, reuse)

    def keep(self, name: str, reuse: Any) -> None:
        """Notes that an intermediate value is recorded.

        Raises:
          VariableExistsError: it was recorded before, and `reuse` does not allow that.
        """
        self._note(self.values, name, reuse)

    def _note(self, names: Names, name: str, reuse: Any) -> None:
        if reuse and name in names:
            return
        creation = names.admitted(name, self.creation())
        if creation is not None:
            names.add(name, creation)


def already_exists(name: str, where: CallPath, first: CallPath) -> VariableExistsError:
    """TF1's error for sharing by accident."""
    again = str(where) == str(first)
    return VariableExistsError(
        f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or"
        " reuse=AUTO_REUSE in its scope?",
        name=name,
        found=_ONE_LINE if again else None,
        where=str(where),
        first=str(first),
        remedy="To share it, pass scope.with_options(reuse=sj.AUTO_REUSE), which makes"
        " it the first time; to make another each time, pass scopes of other names."
        if again
        else "To share it, pass scope.with_options(reuse=True); to make another,"
        " pass a scope of another name.",
    )


def key_exists(name: str, where: CallPath, first: CallPath) -> VariableExistsError:
    """The error for drawing the same random numbers twice by accident."""
    return VariableExistsError(
        f"Random key {name} was asked for already: it would give the same numbers.",
        name=name,
        found=_ONE_LINE if str(where) == str(first) else None,
        where=str(where),
        first=str(first),
        remedy="Use another name or an index, scope.key(name, i); to have the same"
        " numbers on purpose, scope.with_options(reuse=True).",
    )


def value_exists(name: str, where: CallPath, first: CallPath) -> VariableExistsError:
    """The error for two values under one name."""
    return VariableExistsError(
        f"The value {name} was recorded already: one of the two would be lost.",
        name=name,
        found=_ONE_LINE if str(where) == str(first) else None,
        where=str(where),
        first=str(first),
        remedy="Use another name; scope.with_options(reuse=True) keeps the last one.",
    )


_ONE_LINE = "one line that runs twice: in a loop, or in a function called several times"
