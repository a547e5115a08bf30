"""Scope: an immutable place in a tree of variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import jax

from .._base.answers import answering
from .._base.keys import require_key
from .._base.names import Path, join, split
from .._jax.surroundings import loops
from .._spec.options import (
    Constraint,
    Getter,
    Options,
    Partitioner,
    Regularizer,
    Reuse,
    check_option,
)
from .._spec.spec import VariableAggregation, VariableSynchronization
from .checks import require_size, require_tree
from .fields import Fields, fill, make
from .getter import VariableGetter
from .named import entered
from .place import Place
from .pytree import registered
from .request import complete
from .sources import HeldArrays
from .trained import trained

_AUTO = VariableSynchronization.AUTO
_NONE = VariableAggregation.NONE


@registered
class Scope(Fields):
    """A place in a tree of variables, with the defaults that hold there. Immutable.

    A model is a function that gets a scope, asks it for variables and passes scopes
    below it on. Over a nested dict that exists a scope needs no transform at all; a
    scope that `scopejax.transform` passes looks its variables up or notes that they
    are to be made.

    A scope is a pytree: its children are the variables below it and its random key. So
    it goes through every JAX transform, as an argument or by closure.

    Args:
      variables: nested dict of arrays with names as keys.
      key: a JAX random key, typed or raw, for `Scope.key`; None where none is needed.

    Raises:
      InvalidArgumentError: `variables` is no nested dict with names as keys.

    >>> import jax.numpy as jnp
    >>> scope = Scope({"tower": {"kernel": jnp.ones((2, 3))}})
    >>> (scope / "tower").get_variable("kernel", (2, 3)).shape
    (2, 3)
    >>> scope / "tower" / "a/b"
    Scope('tower/a/b')
    """

    __slots__ = ()

    def __init__(
        self, variables: Mapping[str, Any], *, key: jax.Array | None = None
    ) -> None:
        require_tree(variables)
        if key is not None:
            require_key(key)
        around = 0 if key is None else loops()
        fill(self, HeldArrays(variables, key), Place((), Options(), loops=around))

    # Where it is

    @property
    def path(self) -> Path:
        """The components of the name: ``("encoder", "h0")``; ``()`` for the root."""
        self._place.mark.set()
        return self._place.path

    @property
    def name(self) -> str:
        """The full name: ``"encoder/h0"``; ``""`` for the root."""
        return join(self.path)

    def __truediv__(self, name: str) -> Scope:
        """The scope `name` below this one; ``scope / "a/b"`` is two levels down."""
        place = self._place
        return self._at(place.child(split(name, place.path)))

    # What it passes down

    @answering
    def with_options(
        self,
        *,
        reuse: Reuse = None,
        initializer: Any = None,
        regularizer: Regularizer | None = None,
        constraint: Constraint | None = None,
        dtype: Any = None,
        partitioner: Partitioner | None = None,
        custom_getter: Getter | None = None,
        caching_device: Any = None,
        trainable: bool | None = None,
    ) -> Scope:
        """The same place with other defaults, for it and all scopes below it.

        Args:
          reuse: True: variables must exist; `AUTO_REUSE`: they are made if missing;
            None and False inherit.
          initializer, regularizer, constraint: the default of `get_variable`'s
            argument; None inherits.
          dtype, partitioner, caching_device, trainable: likewise.
          custom_getter: called as ``custom_getter(getter, name, **arguments)`` in place
            of `get_variable`; it runs before those of the scopes around.

        Raises:
          InvalidArgumentError: an option has a value it cannot have.

        >>> scope = Scope({}).with_options(dtype="bfloat16", trainable=False)
        >>> scope.with_options(reuse=True) / "head"
        Scope('head')
        """
        options = self._place.options.override(
            join(self._place.path),
            reuse=reuse,
            initializer=initializer,
            regularizer=regularizer,
            constraint=constraint,
            dtype=dtype,
            partitioner=partitioner,
            custom_getter=custom_getter,
            caching_device=caching_device,
            trainable=trainable,
        )
        return self._at(self._place.with_options(options))

    # Variables and keys

    def get_variable(
        self,
        name: str,
        shape: Sequence[int] | int | None = None,
        dtype: Any = None,
        initializer: Any = None,
        *,
        regularizer: Regularizer | None = None,
        constraint: Constraint | None = None,
        trainable: bool | None = None,
        collections: Sequence[str] | None = None,
        partitioner: Partitioner | None = None,
        caching_device: Any = None,
        custom_getter: Getter | None = None,
        synchronization: VariableSynchronization = _AUTO,
        aggregation: VariableAggregation = _NONE,
        axes: Sequence[str | None] | None = None,
    ) -> jax.Array:
        """The variable `name` of this scope: looked up, or made by `init`.

        Args and the order of their checks are those of `tf.compat.v1.get_variable`.

        Args:
          name: its name here; ``"a/b"`` is ``b`` in the scope ``a``.
          shape: sizes of its axes; left out where `initializer` is a value, or to take
            what exists.
          dtype: of the stored array; the scope's, else float32, or that of what exists
            where no shape and initializer are given either.
          initializer: a function ``(key, shape, dtype) -> array``, or a value. Glorot
            uniform for floats and zeros for integers and bools where nothing is given.
          regularizer: ``array -> scalar``, summed by `Manifest.regularization_loss`.
          constraint: ``array -> array``, applied by `Manifest.project`.
          trainable: False keeps it from optimizers; default True, unless `ON_READ`.
          collections: names to select it by; ``["variables"]`` by default.
          partitioner: ``(shape=, dtype=) -> a PartitionSpec``, or TF1's number of
            parts for each axis: how it is split where a mesh is in force. See
            `scopejax.partitioners`.
          caching_device: where it is brought to be read, once for each trace: a kind of
            memory, ``"device"`` or ``"pinned_host"``; a `jax.sharding.Sharding`; or a
            `jax.Device`, which a compiled program does not heed.
          custom_getter: replaces those of the scopes.
          synchronization, aggregation: how the values of several devices are brought
            together inside of `jax.shard_map`; see `VariableSynchronization`.
          axes: logical names of its axes, for `partitioners.by_axes`:
            ``("embed", "mlp")``.

        Returns:
          The array, of `shape` and `dtype`; zeros while the model is being recorded.

        Raises:
          VariableExistsError: it was created before, and the scope does not reuse.
          VariableNotFoundError: it must exist and does not.
          VariableMismatchError: it exists with another shape or dtype.
          InvalidArgumentError: an argument is malformed.

        >>> import jax.numpy as jnp
        >>> Scope({"bias": jnp.zeros(3)}).get_variable("bias", (3,)).dtype
        dtype('float32')
        """
        place = self._place
        path = (*place.path, *split(name, place.path))
        if custom_getter is not None:
            check_option("custom_getter", custom_getter, join(path))
        request = complete(
            path,
            place.options,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            regularizer=regularizer,
            constraint=constraint,
            trainable=trainable,
            collections=collections,
            partitioner=partitioner,
            caching_device=caching_device,
            synchronization=synchronization,
            aggregation=aggregation,
            axes=axes,
        )
        getter = custom_getter or place.options.custom_getter
        if getter is None:
            return self._source.get(request, place)
        place.mark.set()
        got: jax.Array = getter(
            VariableGetter(self, (), request), **request.arguments()
        )
        return got

    @answering
    def assign(self, name: str, value: Any) -> None:
        """Writes the variable `name` of this scope, which is not trainable.

        Reading it from here on gives `value`, and `apply` of
        `scopejax.transform_with_state` returns it with the state. That holds within
        JAX's own `jit`, `scan`, `while_loop`, `cond` and `grad` too. No gradient flows
        through an assignment, as in TF1.

        Args:
          name: as in `get_variable`, which has to be called first.
          value: an array of the variable's shape and dtype, or a Python number.

        Raises:
          ScopeUsageError: it is trainable, the model has no state, or JAX cannot write
            it here.
          VariableNotFoundError: there is no such variable.
          VariableMismatchError: `value` has another shape or dtype.

        >>> import jax, scopejax as sj
        >>> def count(scope):
        ...     step = scope.get_variable("step", (), "int32", trainable=False)
        ...     scope.assign("step", step + 1)
        >>> net = sj.transform_with_state(count)
        >>> params, state = net.init(jax.random.key(0))
        >>> net.apply(params, state)
        (None, {'step': Array(1, dtype=int32)})
        """
        place = self._place
        self._assign((*place.path, *split(name, place.path)), value)

    @answering
    def record(self, name: str, value: jax.Array) -> jax.Array:
        """Names an intermediate value, for `Transformed.capture` to return.

        In `apply` it does nothing, and costs nothing. Within a `scan` or `vmap` over a
        stack each layer has its own value; in any other loop the last one counts. No
        gradient flows through what is captured.

        Args:
          name: as in `get_variable`; a variable may have the same one.
          value: an array of any shape and dtype.

        Returns:
          `value` itself.

        Raises:
          VariableExistsError: the name was recorded before, and the scope does not
            reuse, under which the last value counts.
          InvalidArgumentError: `value` is not an array of numbers.
          ScopeUsageError: the scope is a whole stack; or, in `capture`, `vmap` goes
            over the value and not over the scope.

        >>> import jax.numpy as jnp, scopejax as sj
        >>> def model(scope, x):
        ...     return scope.record("hidden", jnp.tanh(x)).sum()
        >>> net = sj.transform(model)
        >>> net.apply({}, jnp.zeros(2))
        Array(0., dtype=float32)
        >>> net.capture({}, jnp.zeros(2))
        (Array(0., dtype=float32), {'hidden': Array([0., 0.], dtype=float32)})
        """
        place = self._place
        self._source.keep((*place.path, *split(name, place.path)), value, place)
        return value

    @answering
    def key(self, name: str, index: Any = None) -> jax.Array:
        """A random key that depends on root key, path, `name` and `index` alone.

        Args:
          name: what it is for, ``"dropout"``.
          index: a whole number, which may be traced: the step of a loop.

        Returns:
          A key of the kind of the root key.

        Raises:
          ScopeUsageError: no key was passed to `apply`, the scope is a whole stack, or
            it came into a JAX loop by closure or in the carry: the key would be the
            same at each step. An index that is traced, or `reuse`, says what is meant.
          VariableExistsError: `name` was asked for before, without an index.

        >>> import jax
        >>> scope = Scope({}, key=jax.random.key(0)) / "block"
        >>> jax.random.bernoulli(scope.key("dropout"), 0.5, (2,)).shape
        (2,)
        """
        place = self._place
        return self._random_key((*place.path, *split(name, place.path)), index)

    # Layers and names

    @answering
    def stack(self, n: int) -> Scope:
        """The scope of `n` alike layers, for `lax.scan` or `vmap` to slice.

        Each variable made below it has a leading axis of `n`, and each item its own
        initial value and its own keys.

        Args:
          n: how many; needed, since nothing else tells before the variables exist.

        Returns:
          A scope to pass as `xs` to `lax.scan` or as a mapped argument to `vmap`.

        Raises:
          InvalidArgumentError: `n` is not a positive whole number.
          ScopeUsageError: the scope is a whole stack itself; stack one of its items.
          VariableMismatchError: a variable that exists has another leading axis.

        >>> import jax, jax.numpy as jnp
        >>> scope = Scope({"layers": {"scale": jnp.arange(1.0, 4.0)}})
        >>> def layer(x, scope):
        ...     return x * scope.get_variable("scale", ()), None
        >>> jax.lax.scan(layer, 1.0, (scope / "layers").stack(3))[0].item()
        6.0
        """
        place = self._place
        n = require_size(n, join(place.path))
        self._source.require_item("stack", join(place.path), place)
        parts = self._source.stack(n, place)
        return make(Scope, *parts, place.at_boundary((n,)))

    def trainable(self) -> Scope:
        """The same scope, as a pytree of what is trained alone: for `jax.grad`.

        Its leaves are the arrays of floats below it that are not state. Keys, state and
        whole numbers go along, as what a function closes over does: a model uses it as
        any other scope, and so are its gradient and what `jax.tree.map` makes of both.

        Returns:
          A scope to differentiate with respect to, to change by its gradient, or to
          carry through a loop that does so.

        Raises:
          ScopeUsageError: the scope is a whole stack; ask the scope around it, and
            stack in the function.

        >>> import jax, jax.numpy as jnp
        >>> def loss(scope):
        ...     noise = jax.random.uniform(scope.key("a"))
        ...     return (scope.get_variable("w") * noise).sum()
        >>> weights = Scope({"w": jnp.ones(2)}, key=jax.random.key(0)).trainable()
        >>> gradient = jax.grad(loss)(weights)
        >>> step = jax.tree.map(lambda w, g: w - 1e-3 * g, weights, gradient)
        >>> bool(loss(step) < loss(weights))
        True
        """
        place = self._place
        self._source.require_item("gradient", join(place.path), place)
        return trained(self)

    def named(self) -> AbstractContextManager[None]:
        """Within it, `jax.named_scope` of this path: profiles and HLO show it.

        Names that an enclosing `named` has entered are not entered again. Behind a
        `jit` that is traced once for many layers, the path from there on is entered;
        enter the layer's own name around the call.

        >>> import jax.numpy as jnp
        >>> with (Scope({}) / "encoder").named():
        ...     y = jnp.sin(1.0)
        """
        place = self._place
        return entered(place.path, self._source.named_from(place))
