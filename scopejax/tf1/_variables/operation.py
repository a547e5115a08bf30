"""What a `Session` runs: assignments, and the ops that bring initial values back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jax

from .._words.array_like import Indexable


class Operation:
    """Something with a name that a `Session` can run.

    >>> Operation("no_op").run() is None
    True
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, feed_dict: Any = None, session: Any = None) -> Any:
        """Does it; the result is what `Session.run` returns."""
        del feed_dict, session

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}'>"


class InitializerOp(Operation):
    """Gives variables their initial values."""

    __slots__ = ("_variables",)

    def __init__(self, variables: Iterable[Any], name: str = "init") -> None:
        super().__init__(name)
        self._variables = list(variables)

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Brings the initial values back."""
        for variable in self._variables:
            if variable.initial_value is not None:
                variable.assign(variable.initial_value)
            variable._started = True


class Assignment(Indexable):
    """The value of a variable after an assignment, which is done at once.

    Attributes:
      variable: that was assigned.
    """

    __slots__ = ("_array", "_update", "variable")

    def __init__(self, variable: Any, update: Callable[[], Any]) -> None:
        self.variable = variable
        self._update = update
        self.run()

    def run(self, feed_dict: Any = None, session: Any = None) -> jax.Array:
        """Assigns again, as running an op does in TF1."""
        del feed_dict, session
        array: jax.Array = self.variable._write(self._update())
        self._array = array
        return array

    @property
    def op(self) -> Operation:
        """Itself, as an op to run."""
        return _Again(self)

    def value(self) -> jax.Array:
        """The value after the last run."""
        return self._array


class _Again(Operation):
    __slots__ = ("_assignment",)

    def __init__(self, assignment: Assignment) -> None:
        super().__init__(f"{assignment.variable.op.name}/Assign")
        self._assignment = assignment

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Assigns again."""
        self._assignment.run()
