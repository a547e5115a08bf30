"""The part of `tf.train` that is about variables: the global step, moving averages."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from .._base.tf1_errors import tf_error
from .._spec.spec import VariableAggregation
from ._graph.current import get_default_graph
from ._graph.graph import Graph
from ._running.functions import get_collection, global_variables, trainable_variables
from ._scopes.get_variable import get_variable
from ._scopes.scopes import variable_scope
from ._variables.operation import Operation, wrote
from ._variables.variable import Variable
from ._words.graph_keys import GraphKeys
from ._words.missing import lookup_of
from ._words.recipes import Again
from .initializers import zeros_initializer

_STEP = f"{GraphKeys.GLOBAL_STEP}:0"


def get_global_step(graph: Graph | None = None) -> Variable | None:
    """The global step of a graph, or None.

    It is what stands in its collection; where that is empty, the variable that is
    called ``global_step``, also one that was made by hand.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.train.get_global_step() is None
    True
    """
    graph = graph if graph is not None else get_default_graph()
    steps = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if len(steps) > 1:
        raise tf_error(TypeError, "Multiple tensors in global_step collection.")
    steps = steps or [v for v in graph.placed.values() if v.name == _STEP]
    if not steps:
        return None
    step: Variable = steps[0]
    if not jnp.issubdtype(step.dtype, np.integer):
        raise tf_error(
            TypeError,
            'Existing "global_step" does not have integer type: <dtype:'
            f" '{step.dtype.name}'>",
        )
    if step.shape:
        raise tf_error(
            TypeError, f'Existing "global_step" is not scalar: {tuple(step.shape)}'
        )
    return step


def create_global_step(graph: Graph | None = None) -> Variable:
    """A new global step: an integer that counts from 0 and is not trainable.

    It is int64 as in TF1, where 64-bit mode is on, and int32 elsewhere.

    Raises:
      ValueError: there is one.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.train.create_global_step().name
    'global_step:0'
    """
    graph = graph if graph is not None else get_default_graph()
    if get_global_step(graph) is not None:
        raise tf_error(ValueError, '"global_step" already exists.')
    with graph.as_default():
        step: Variable = get_variable(
            GraphKeys.GLOBAL_STEP,
            shape=[],
            dtype=jnp.result_type(int),
            initializer=zeros_initializer(),
            trainable=False,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
            aggregation=VariableAggregation.ONLY_FIRST_REPLICA,
        )
    return step


def get_or_create_global_step(graph: Graph | None = None) -> Variable:
    """The global step of a graph, made if there is none.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     step = tf1.train.get_or_create_global_step()
    ...     tf1.train.get_or_create_global_step() is step
    True
    """
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


class ExponentialMovingAverage:
    """Averages of variables, kept in shadow variables named as TF1 names them.

    Args:
      decay: how much of the average stays at each update.
      num_updates: a step; with it the decay is at most ``(1 + n) / (10 + n)``.
      zero_debias: without effect: averages of variables start from their values.
      name: the last component of the shadows' names.

    Source: `tf.compat.v1.train.ExponentialMovingAverage`.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     v = tf1.get_variable("v", [], initializer=tf1.ones_initializer())
    ...     ema = tf1.train.ExponentialMovingAverage(0.75)
    ...     update = ema.apply([v])
    ...     v.assign(5.0).run(), update.run()
    ...     ema.average(v).name, float(ema.average(v))
    (Array(5., dtype=float32), None)
    ('v/ExponentialMovingAverage:0', 2.0)
    """

    def __init__(
        self,
        decay: float,
        num_updates: Any = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ) -> None:
        self._decay, self._num_updates = decay, num_updates
        self._name = name

    @property
    def name(self) -> str:
        """The last component of the shadows' names."""
        return self._name

    def apply(self, var_list: Any = None) -> Operation:
        """Makes the shadows that are missing, and updates all of them.

        Args:
          var_list: variables; the trainable ones where it is None.

        Returns:
          An op that updates the averages again, for `Session.run`.

        Raises:
          TypeError: a variable is not of a floating dtype.
        """
        variables = trainable_variables() if var_list is None else list(var_list)
        graph = get_default_graph()
        for variable in variables:
            if not isinstance(variable, Variable):
                raise tf_error(
                    TypeError,
                    f"Moving averages are those of variables, but received: {variable}",
                )
            if not jnp.issubdtype(variable.dtype, np.floating):
                raise tf_error(
                    TypeError,
                    f"The variables must be half, float, or double: {variable.name}",
                )
            if self.average(variable) is None:
                graph.add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, variable)
                shadow = self._shadow(variable)
                graph.kept[self] = {**self._averages(graph), variable: shadow}
        update = _Update(self, variables)
        update.run()
        return update

    def _averages(self, graph: Graph) -> dict[Variable, Variable]:
        found: dict[Variable, Variable] = graph.kept.get(self, {})
        return found

    def _shadow(self, variable: Variable) -> Variable:
        with variable_scope(None, f"{variable.op.name}/{self._name}"):
            shadow: Variable = get_variable(
                "", initializer=variable.initial_value, trainable=False
            )
        return shadow

    def average(self, var: Variable) -> Variable | None:
        """The shadow of a variable, or None."""
        return self._averages(get_default_graph()).get(var)

    def average_name(self, var: Variable) -> str:
        """The name of a variable's shadow in a checkpoint, there or not."""
        shadow = self.average(var)
        if shadow is not None:
            return shadow.op.name
        wanted = f"{var.op.name}/{self._name}"
        return get_default_graph().unique_name(wanted, mark_as_used=False)

    def variables_to_restore(self, moving_avg_variables: Any = None) -> dict[str, Any]:
        """Name in a checkpoint -> variable, so that variables get their averages.

        Args:
          moving_avg_variables: those that have averages; by default the trainable ones
            and those that `apply` was given.
        """
        if moving_avg_variables is None:
            moving_avg_variables = trainable_variables() + moving_average_variables()
        averaged = dict.fromkeys(moving_avg_variables)
        names = {self.average_name(v): v for v in averaged}
        for variable in dict.fromkeys(global_variables()):
            if variable not in averaged and variable.op.name not in names:
                names[variable.op.name] = variable
        return names

    def _update(self, variables: list[Variable]) -> None:
        for variable in variables:
            shadow = self.average(variable)
            assert shadow is not None  # made by apply
            kept = jnp.asarray(self._present_decay(), variable.dtype)
            shadow.assign_sub((shadow.value() - variable.value()) * (1 - kept))

    def _present_decay(self) -> Any:
        if self._num_updates is None:
            return self._decay
        step = jnp.asarray(self._num_updates).astype(jnp.float32)
        return jnp.minimum(self._decay, (1 + step) / (10 + step))


class _Update(Operation):
    """Updates averages, each time it is run."""

    __slots__ = ("_average", "_variables")

    def __init__(
        self, average: ExponentialMovingAverage, variables: list[Variable]
    ) -> None:
        super().__init__(average.name)
        self._average, self._variables = average, variables

    def _again(self, run: Again) -> None:
        """Moves the averages towards the variables."""
        for variable in self._variables:
            wrote(run, variable)
        self._average._update(self._variables)


def moving_average_variables(scope: str | None = None) -> list[Any]:
    """The variables that have averages.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.moving_average_variables()
    []
    """
    return get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


__getattr__ = lookup_of("train")
