"""What transform returns: pure functions, and ways to look at the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Protocol, TypeVar

import jax
from jax.sharding import Mesh

from .._base.answers import require_rules
from .._base.errors import InvalidArgumentError, ScopeUsageError
from .._base.lines import user_line
from .._base.texts import brief
from .._base.trees import Tree, merge
from .._manifest.manifest import Manifest
from .._scope.intermediates import cells_for, last_of
from .boundary import Boundary

if TYPE_CHECKING:
    from ..graphs._graph import Graph
    from ..graphs._profile import Profile

Made = TypeVar("Made", covariant=True)  # params, or params and state


def made_by(
    factory: Callable[..., Any],
    model: Callable[..., Any],
    net: Any,
    *,
    scoped: bool = True,
) -> Any:
    """The same, which pickles as the call that made it: where `model` does.

    A tuple has no room for that, so its functions keep it.
    """
    stateful = isinstance(net, TransformedWithState)
    given = ("params", "state") if stateful else ("params",)
    boundary, made = Boundary(model, given, scoped), (factory, (model,))
    functions: list[Any] = [boundary.around(function) for function in net]
    for function in functions:
        function._made_by = made
    return type(net)(*functions)


def _reduce(net: Any) -> Any:
    """The call that made it, where all functions are of the same."""
    made = {id(x): x for x in (getattr(f, "_made_by", None) for f in net)}
    whole = len(made) == 1 and None not in made.values()
    return next(iter(made.values())) if whole else (type(net), tuple(net))


def not_called() -> ScopeUsageError:
    """The error for calling a net."""
    return ScopeUsageError(
        "What transform returns is not a function itself.",
        where=user_line(),
        remedy="params = net.init(key, x), then net.apply(params, x).",
    )


def require_model(model: Any, what: str) -> None:
    """Refuses what cannot be transformed.

    Args:
      model: what was given.
      what: what it should be, ``"transform takes a function of a scope"``.
    """
    if callable(model) and not isinstance(model, Transformed | TransformedWithState):
        return
    raise InvalidArgumentError(
        f"{what}, but received: {brief(model)}",
        expected="a function model(scope, *args)",
        found=type(model).__name__,
        where=user_line(),
    )


class InitFn(Protocol[Made]):
    """Makes the variables; see `Transformed` and `TransformedWithState`."""

    def __call__(
        self,
        key: jax.Array,
        /,
        *args: Any,
        given: Mapping[str, Any] | None = None,
        mesh: Mesh | None = None,
        progress: bool = False,
        **kwargs: Any,
    ) -> Made: ...


class ApplyFn(Protocol):
    """Runs the model; see `Transformed`."""

    def __call__(
        self,
        params: Mapping[str, Any],
        /,
        *args: Any,
        key: jax.Array | None = None,
        **kwargs: Any,
    ) -> Any: ...


class Transformed(NamedTuple):
    """Four pure functions. `args` are the model's own, without its scope.

    Attributes:
      init: ``init(key, *args, given=None, mesh=None, progress=False) -> params``, a
        nested dict of arrays. The model runs once, abstractly; then the variables are
        made outside of that run. It needs no `jax.jit` and is faster without. `given`
        is checked and kept. On a `mesh`, or within `jax.set_mesh`, each variable is
        made in the parts that its partitioner says, and never whole; the values are the
        same. With `progress` a bar is shown, in a terminal or a notebook: see below.
      apply: ``apply(params, *args, key=None) -> out``. `key` serves `Scope.key`.
      manifest: ``manifest(*args) -> Manifest``: the variables, with no computation.
      check: ``check(params, *args)``: raises, listing every difference between
        `params` and what the model asks for.

    Arrays among `args` may be `jax.ShapeDtypeStruct` in all but `apply`. They are
    abstract while the model is recorded; everything else (``training=True``) is passed
    as it is. Keywords go to the model, except for `given`, `mesh`, `progress` and
    `key`, and for those of `graph` and `profile`.

    The bar of ``init(..., progress=True)`` stands on standard error and is gone when
    `init` is done. It says how many variables are recorded, and then how many, and how
    many bytes of them, are made: those that are there, not those that are begun, so
    that `init` waits for them. It also counts the programs that are compiled for
    initializers; what an earlier call has compiled is none. Rich draws it; where rich
    is missing it is a line of text. Where standard error is no terminal, and outside of
    notebooks, nothing is shown, and `init` does not wait. Within a `jax.jit` the bar
    shows the recording alone, since nothing is made there.
    """

    init: InitFn[Tree]
    apply: ApplyFn
    manifest: Callable[..., Manifest]
    check: Callable[..., None]

    def capture(
        self,
        params: Mapping[str, Any],
        /,
        *args: Any,
        key: jax.Array | None = None,
        **kwargs: Any,
    ) -> tuple[Any, Tree]:
        """As `apply`, and returns what the model has passed to `Scope.record` as well.

        The model is recorded for the shapes, and runs. It may be jitted; nothing is
        kept between two calls, and no gradient flows through what is captured.

        Returns:
          ``(out, captured)``: what `apply` returns, and a nested dict of arrays; zeros
          for what is recorded in a branch of a `cond` that was not taken.

        Raises:
          ScopeUsageError: a value is recorded where JAX can't bring it out; see
            `Scope.record`.

        >>> import jax, jax.numpy as jnp, scopejax as sj
        >>> def layer(x, scope):
        ...     x = scope.record("out", jnp.tanh(sj.layers.dense(scope, x, 4)))
        ...     return x, None
        >>> def model(scope, x):
        ...     return jax.lax.scan(layer, x, (scope / "layers").stack(3))[0]
        >>> net, x = sj.transform(model), jnp.ones((2, 4))
        >>> params = net.init(jax.random.key(0), x)
        >>> out, captured = net.capture(params, x)
        >>> captured["layers"]["out"].shape
        (3, 2, 4)
        """
        cells, tree = cells_for(self.manifest(*args, **kwargs)._intermediates)
        out = self.apply(merge(params, tree), *args, key=key, **kwargs)
        return out, last_of(cells)

    def __reduce__(self) -> Any:
        return _reduce(self)

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Never: a net has functions, and is none.

        Raises:
          ScopeUsageError: always.
        """
        raise not_called()

    def graph(
        self, *args: Any, depth: int | None = None, fold: bool = True, **kwargs: Any
    ) -> Graph:
        """The scopes as nested boxes, and the arrays that flow between them.

        The model runs once, abstractly. What a function that is given a scope computes
        is drawn in that scope's box, and what it computes with a variable from below,
        in the box of that. `jit`, `checkpoint` and `scan` leave no trace.

        Args:
          *args, **kwargs: the model's own; arrays may be `jax.ShapeDtypeStruct`.
          depth: how many levels of boxes are shown; what is below is drawn as one.
          fold: whether layers in a row that are alike, `h0`, `h1`, ..., are one box.

        Returns:
          A `Graph`: a picture in a notebook, an outline for `print`, and
          ``save("model.svg")``.

        >>> import jax.numpy as jnp, scopejax as sj
        >>> def tower(scope, x):
        ...     return sj.layers.dense(scope / "fc", x, 64)
        >>> def siamese(scope, left, right):
        ...     again = (scope / "tower").with_options(reuse=True)
        ...     return tower(scope / "tower", left) - tower(again, right)
        >>> x = jnp.ones((8, 16))
        >>> print(sj.transform(siamese).graph(x, x))
        siamese                                      1.09 k params · 34.3 k FLOPs
        └─ tower (shared, 2 calls)  <- left, right   1.09 k params · 2 x 16.9 k FLOPs
           └─ fc                                     1.09 k params · 16.9 k FLOPs
        """
        from ..graphs._graph import graph_of

        require_rules("graph", {"fold": fold})
        specs = self.manifest(*args, **kwargs)
        return graph_of(self.apply, specs, args, kwargs, depth=depth, fold=fold)

    def profile(
        self,
        *args: Any,
        grad: bool = False,
        time: bool = False,
        depth: int | None = None,
        **kwargs: Any,
    ) -> Profile:
        """What each scope costs: operations, bytes, and time if asked for.

        The model runs once, abstractly; see `graph` for what counts to which scope. A
        multiply and an add are two operations, any other element is one, and moving
        data is none. The body of a `scan` counts as often as it runs, a `while_loop`
        as one step (marked by ``?``), and of a `cond` the largest branch. Bytes are
        parameters read and results written, as if each operation ran by itself.

        Args:
          *args, **kwargs: the model's own; arrays may be `jax.ShapeDtypeStruct`.
          grad: whether to add the gradient of the sum of all outputs with respect to
            what is trainable.
          time: whether to measure. Each scope is compiled alone and run on made-up
            arrays, on the default device; the median of several runs, without the cost
            of a call. What XLA saves by fusing across scopes is not seen, so times of
            scopes need not add up, and below some tens of microseconds they are noise.
          depth: how many levels of scopes are shown.

        Returns:
          A `Profile`: a table for `print`, for a notebook, and ``to_markdown()``.

        >>> import jax.numpy as jnp, scopejax as sj
        >>> def model(scope, x):
        ...     x = sj.layers.dense(scope / "fc", x, 64)
        ...     return sj.layers.dense(scope / "head", x, 10)
        >>> print(sj.transform(model).profile(jnp.ones((8, 16))))
        scope  parameters   FLOPs   of all     bytes
        --------------------------------------------
        fc          1,088  16.9 k   62.1 %   8.2 KiB
        head          650  10.3 k   37.9 %   3.2 KiB
        --------------------------------------------
        total       1,738  27.2 k  100.0 %  11.4 KiB
        """
        from ..graphs._profile import profile_of

        require_rules("profile", {"grad": grad, "time": time})
        specs = self.manifest(*args, **kwargs)
        return profile_of(
            self.apply, specs, args, kwargs, grad=grad, time=time, depth=depth
        )


class StatefulApplyFn(Protocol):
    """Runs the model; see `TransformedWithState`."""

    def __call__(
        self,
        params: Mapping[str, Any],
        state: Mapping[str, Any],
        /,
        *args: Any,
        key: jax.Array | None = None,
        **kwargs: Any,
    ) -> tuple[Any, Tree]: ...


class TransformedWithState(NamedTuple):
    """Four pure functions of params and state: `Transformed`, with the state beside.

    Attributes:
      init: ``init(key, *args, given=None, mesh=None, progress=False) -> (params,
        state)``: what is trainable and what is not. `given` holds either, in one tree.
      apply: ``apply(params, state, *args, key=None) -> (out, state)``.
      manifest: ``manifest(*args) -> Manifest``, of all variables.
      check: ``check(params, state, *args)``: raises, listing every difference.
    """

    init: InitFn[tuple[Tree, Tree]]
    apply: StatefulApplyFn
    manifest: Callable[..., Manifest]
    check: Callable[..., None]

    def capture(
        self,
        params: Mapping[str, Any],
        state: Mapping[str, Any],
        /,
        *args: Any,
        key: jax.Array | None = None,
        **kwargs: Any,
    ) -> tuple[tuple[Any, Tree], Tree]:
        """``((out, state), captured)``; see `Transformed.capture`."""
        cells, tree = cells_for(self.manifest(*args, **kwargs)._intermediates)
        result = self.apply(merge(params, tree), state, *args, key=key, **kwargs)
        return result, last_of(cells)

    def __reduce__(self) -> Any:
        return _reduce(self)

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """See `Transformed`."""
        raise not_called()

    def graph(
        self, *args: Any, depth: int | None = None, fold: bool = True, **kwargs: Any
    ) -> Graph:
        """See `Transformed.graph`."""
        from ..graphs._graph import graph_of

        require_rules("graph", {"fold": fold})
        specs = self.manifest(*args, **kwargs)
        apply = self._of_all(specs)
        return graph_of(apply, specs, args, kwargs, depth=depth, fold=fold)

    def profile(
        self,
        *args: Any,
        grad: bool = False,
        time: bool = False,
        depth: int | None = None,
        **kwargs: Any,
    ) -> Profile:
        """See `Transformed.profile`."""
        from ..graphs._profile import profile_of

        require_rules("profile", {"grad": grad, "time": time})
        specs = self.manifest(*args, **kwargs)
        apply = self._of_all(specs)
        return profile_of(apply, specs, args, kwargs, grad=grad, time=time, depth=depth)

    def _of_all(self, specs: Manifest) -> Callable[..., Any]:
        """`apply` as a function of params and state in one tree, to its output."""
        trainable = specs.select(trainable=True)

        def apply(variables: Tree, /, *args: Any, **kwargs: Any) -> Any:
            params, state = trainable.partition(variables)
            return self.apply(params, state, *args, **kwargs)[0]

        return apply
