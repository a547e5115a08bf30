"""What a `Session` runs: assignments, groups, ops that bring initial values back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jax

from ..._base.lines import user_steps
from ..._base.tf1_errors import tf_error
from .._graph.values import GraphValues, Stamps
from .._words.array_like import ArrayLike, Indexable
from .._words.recipes import Again, is_known


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
        return Again().value(self)

    def _again(self, run: Again) -> Any:
        """Does it, as a part of a session's run."""

    def _is_known(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}'>"


class Group(Operation):
    """Does what it is made of, in order."""

    __slots__ = ("_inputs",)

    def __init__(self, name: str, inputs: Iterable[Any]) -> None:
        super().__init__(name)
        self._inputs = list(inputs)

    def _again(self, run: Again) -> None:
        for given in self._inputs:
            run.value(given)


class InitializerOp(Operation):
    """Gives variables their initial values."""

    __slots__ = ("_variables",)

    def __init__(self, variables: Iterable[Any], name: str = "init") -> None:
        super().__init__(name)
        self._variables = list(variables)

    def _again(self, run: Again) -> None:
        """Brings the initial values back."""
        for variable in self._variables:
            wrote(run, variable)
            if variable.initial_value is not None:
                variable._write(variable.initial_value)
            variable._started = True


def wrote(run: Again, variable: Any) -> None:
    """Notes that a session's run writes a variable of a graph."""
    values = variable.graph.values
    if isinstance(values, GraphValues):
        values.runs = run.moment(values).runs + 1


class Assignment(Indexable):
    """The value of a variable after an assignment, which is done at once.

    Args:
      variable: that is assigned.
      given: a value, or a function without arguments that computes it.
      change: what of `given` makes the new value; None where it is that.

    Attributes:
      variable: that was assigned.
    """

    __slots__ = (
        *("_array", "_built", "_change", "_given", "_known", "_read", "_steps"),
        "variable",
    )

    def __init__(
        self, variable: Any, given: Any, change: Callable[[Any], Any] | None = None
    ) -> None:
        self.variable, self._given, self._change = variable, given, change
        values = variable.graph.values
        self._built: int | None = None
        if isinstance(values, GraphValues):
            self._built = values.runs
            self._known = is_function(given) or is_known(given)
            self._read: Stamps = {} if self._known else values.read()
            self._steps = user_steps(variable.graph.anchor)
        self._array = self._write(given() if is_function(given) else given)

    def _write(self, given: Any) -> jax.Array:
        change = self._change
        array: jax.Array = self.variable._write(change(given) if change else given)
        return array

    def run(self, feed_dict: Any = None, session: Any = None) -> jax.Array:
        """Assigns again, as running an op does in TF1.

        Raises:
          ValueError: the value is an array, and variables have changed since it was
            computed, perhaps from them.
        """
        del feed_dict, session
        array: jax.Array = Again().value(self)
        return array

    def _again(self, run: Again) -> jax.Array:
        array: jax.Array = run.once(self, lambda: self._assigned_again(run))
        return array

    def _assigned_again(self, run: Again) -> jax.Array:
        given, built = self._given, self._built
        if built is not None:
            now = run.moment(self.variable.graph.values)
            is_first = now.runs == built
            wrote(run, self.variable)
            if is_first and self._change is None:  # what building it has done
                given = self._array
            elif self._known:
                given = run.value(given)
            elif not (is_first or now.has(self._read)):
                raise self._stale()
        self._array = self._write(given)
        return self._array

    def _is_known(self) -> bool:
        return True

    def _stale(self) -> ValueError:
        name = self.variable.op.name
        return tf_error(
            ValueError,
            f"{name} is assigned again, but variables have changed since the array that"
            " it is assigned was computed.",
            name=name,
            first=str(self._steps),
            remedy="Pass a function, which is called at each run:"
            " tf.assign(v, lambda: jnp.add(v, 1)); and a constant as a NumPy array.",
        )

    @property
    def op(self) -> Operation:
        """Itself, as an op to run."""
        return Group(f"{self.variable.op.name}/Assign", [self])

    def value(self) -> jax.Array:
        """The value after the last run."""
        return self._array


def is_function(given: Any) -> bool:
    """Whether it is a function without arguments and no array."""
    return callable(given) and not isinstance(given, ArrayLike | jax.Array)
