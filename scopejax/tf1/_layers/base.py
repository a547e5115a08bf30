"""Layer: what makes its variables in a scope of its own, at the first call.

What a layer knows of a graph (its scope, whether it is built, its weights) is kept by
the graph. So one layer can be called in each run of a model, and where JAX traces a
function again the layer is built again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ..._base.tf1_errors import tf_error
from ..._spec.spec import VariableAggregation, VariableSynchronization
from .._graph.current import get_default_graph
from .._running.functions import global_variables
from .._scopes.get_variable import get_variable
from .._scopes.name_scopes import name_scope
from .._scopes.scope import VariableScope, get_variable_scope
from .._scopes.scopes import variable_scope
from .._variables.losses import add_regularization
from .._words.dtypes import as_tf
from .._words.graph_keys import GraphKeys
from .._words.shape import TensorShape
from .helpers import initializer_of, parts_of, snake_case, tensors_of


class _State(NamedTuple):
    """What a layer knows of a graph."""

    scope: VariableScope | None = None
    built: bool = False
    weights: tuple[Any, ...] = ()
    entered: Any = None  # the scope of a recurrent cell


class Layer:
    """A layer: `build` makes its variables with `add_weight`, `call` computes.

    Args:
      trainable: whether its variables are.
      name: of its variable scope; that of the class, made unique, where it is None.
      dtype: of its variables; that of the first input where it is None.
      activity_regularizer: ``outputs -> loss``.
      **kwargs: `_reuse` and `_scope`, as of `variable_scope`.

    >>> from scopejax import tf1
    >>> class Scale(tf1.layers.Layer):
    ...     def build(self, input_shape):
    ...         self.scale = self.add_weight("scale", input_shape[-1:])
    ...         super().build(input_shape)
    ...     def call(self, inputs):
    ...         return inputs * self.scale
    >>> with tf1.Graph().as_default():
    ...     y = Scale()(tf1.ones([2, 3]))
    ...     [v.name for v in tf1.global_variables()]
    ['scale/scale:0']
    """

    _entered: VariableScope | None = None  # while it is called

    def __init__(
        self,
        trainable: bool = True,
        name: Any = None,
        dtype: Any = None,
        activity_regularizer: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self._reuse = kwargs.pop("_reuse", None)
        scope = kwargs.pop("_scope", None)
        kwargs.pop("input_shape", None)
        if kwargs:
            raise tf_error(
                TypeError, f"Keyword argument not understood: {next(iter(kwargs))}"
            )
        self.trainable = trainable
        self._dtype = dtype if dtype is None else as_tf(dtype)
        self._activity_regularizer = activity_regularizer
        self._base_name = snake_case(type(self).__name__)
        if isinstance(name, VariableScope):
            name, self._base_name = self._base_name, name.name
        elif name:
            self._base_name = name
        self._name = name or self._base_name
        if scope:
            with variable_scope(scope) as captured:
                self._keep(scope=captured)

    # What it knows of the graph

    @property
    def _state(self) -> _State:
        graph = get_default_graph()
        graph.asked()
        state: _State = graph.kept.get(self, _State())
        return state

    def _keep(self, **changed: Any) -> None:
        graph = get_default_graph()
        graph.kept[self] = self._state._replace(**changed)
        graph.changed()

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @property
    def dtype(self) -> Any:
        """That of its variables, once it is known."""
        return self._dtype

    @property
    def built(self) -> bool:
        """Whether it has its variables in the current graph."""
        return self._state.built

    @built.setter
    def built(self, value: bool) -> None:
        self._keep(built=value)

    @property
    def scope_name(self) -> str:
        """The name of its variable scope.

        Raises:
          ValueError: it was not called yet.
        """
        scope = self._state.scope
        if scope is None:
            raise tf_error(
                ValueError,
                f'No name available for layer scope because the layer "{self._name}"'
                " has not been used yet. The scope name is determined the first time"
                " the layer instance is called. You must therefore call the layer"
                " before querying `scope_name`.",
            )
        return str(scope.name)

    @property
    def weights(self) -> list[Any]:
        """Its variables, the trainable ones first."""
        return self.trainable_weights + self.non_trainable_weights

    @property
    def trainable_weights(self) -> list[Any]:
        """Its variables that are trained."""
        return [v for v in self._state.weights if v.trainable]

    @property
    def non_trainable_weights(self) -> list[Any]:
        """Its variables that are not trained."""
        return [v for v in self._state.weights if not v.trainable]

    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    # Its variables

    def _set_scope(self, scope: Any = None) -> None:
        if self._state.scope is not None:
            return
        if self._reuse:
            opened = variable_scope(scope if scope is not None else self._base_name)
        else:
            opened = variable_scope(scope, default_name=self._base_name)
        with opened as captured:
            self._keep(scope=captured)

    def add_weight(
        self,
        name: str,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool | None = None,
        constraint: Any = None,
        use_resource: bool | None = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
        partitioner: Any = None,
        **kwargs: Any,
    ) -> Any:
        """A variable of the layer, made or looked up, as of `get_variable`.

        Raises:
          ValueError: as of `get_variable`.
        """
        self._set_scope()
        if trainable is None:
            trainable = synchronization is not VariableSynchronization.ON_READ
        with self._its_scope() as scope:
            apart = regularizer is not None and scope.regularizer is not None
            before = set(global_variables()) if apart else set()
            variable = get_variable(
                name,
                shape=() if shape is None else tuple(shape),
                dtype=dtype or self._dtype or "float32",
                initializer=initializer_of(initializer),
                regularizer=None if apart else regularizer,
                trainable=trainable and self.trainable,
                constraint=constraint,
                partitioner=partitioner,
                use_resource=use_resource,
                synchronization=synchronization,
                aggregation=aggregation,
            )
            if apart and not before.intersection(parts_of(variable)):
                for part in parts_of(variable):
                    add_regularization(get_default_graph(), part, regularizer)
        added = [v for v in parts_of(variable) if v not in self._state.weights]
        self._keep(weights=(*self._state.weights, *added))
        return variable

    add_variable = add_weight

    @contextlib.contextmanager
    def _its_scope(self) -> Iterator[VariableScope]:
        """Within it variables are made in the layer's scope, which may be entered."""
        current = get_variable_scope()
        if current is self._entered:
            yield current
            return
        state = self._state
        reuse = state.built or self._reuse
        with (
            variable_scope(
                state.scope, reuse=reuse, auxiliary_name_scope=False
            ) as scope,
            name_scope(scope.original_name_scope),
        ):
            yield scope

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Adds losses to the regularization losses."""
        for loss in losses if isinstance(losses, list | tuple) else [losses]:
            get_default_graph().add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Adds assignments, which are done already, to UPDATE_OPS."""
        for update in updates if isinstance(updates, list | tuple) else [updates]:
            get_default_graph().add_to_collection(GraphKeys.UPDATE_OPS, update)

    # Calling it

    def build(self, input_shape: Any) -> None:
        """Makes the variables, for inputs of a shape."""
        self._keep(built=True)

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """What it computes."""
        return inputs

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        self._set_scope(kwargs.pop("scope", None))
        outer = self._entered
        with self._its_scope() as self._entered:
            try:
                return self._computed(inputs, args, kwargs)
            finally:
                self._entered = outer

    def _computed(self, inputs: Any, args: Any, kwargs: Any) -> Any:
        inputs = tensors_of(inputs)
        if not self._state.built:
            self._begin(inputs)
        outputs = self.call(inputs, *args, **kwargs)
        if self._activity_regularizer is not None:
            self.add_loss(self._activity_regularizer(outputs))
        return outputs

    def _begin(self, inputs: Any) -> None:
        first = inputs[0] if isinstance(inputs, list | tuple) else inputs
        if self._dtype is None:
            self._dtype = first.dtype
        several = isinstance(inputs, list | tuple)
        self.build([x.shape for x in inputs] if several else TensorShape(first.shape))
        self._keep(built=True)

    def apply(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The same as calling it."""
        return self(inputs, *args, **kwargs)
