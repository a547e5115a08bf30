"""Manifest: all variables of a model, before any of them exists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh

from .._base.answers import answering_methods
from .._base.displayed import Displayed
from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.missing import not_given
from .._base.names import join
from .._base.trees import Tree, flat_names, insert, leaves
from .._jax.mesh import AnyMesh, mesh_in_force
from .._spec.partition import sharding_of
from .._spec.spec import VariableSpec, abstract
from .._spec.stacks import per_item
from .._text import table as summary
from .diff import ManifestDiff
from .digest import digest
from .fit import require_fit
from .patterns import Pattern, labelled, selected
from .union import agreed

_NOTHING: Mapping[str, jax.ShapeDtypeStruct] = {}


@answering_methods
class Manifest(Displayed, Mapping[str, VariableSpec]):
    """An immutable mapping from full name to `VariableSpec`, in order of creation.

    `Transformed.manifest` makes one from an abstract run of the model; nothing is
    computed. Printing it shows the table of variables.

    >>> import jax, scopejax as sj
    >>> def model(scope):
    ...     kernel = (scope / "head").get_variable("kernel", (2, 3))
    ...     return kernel + scope.get_variable("step", (), trainable=False)
    >>> manifest = sj.transform(model).manifest()
    >>> list(manifest), manifest["head/kernel"].shape
    (['head/kernel', 'step'], (2, 3))
    """

    def __init__(
        self,
        specs: Iterable[VariableSpec],
        *,
        shared: Iterable[str] = (),
        intermediates: Mapping[str, jax.ShapeDtypeStruct] = _NOTHING,
    ) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._shared = frozenset(shared)  # written within transforms, when it ran
        self._intermediates = dict(intermediates)  # what `Scope.record` was given

    def __getitem__(self, name: str) -> VariableSpec:
        return self._specs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)

    # Choosing

    def select(
        self,
        *patterns: Pattern,
        trainable: bool | None = None,
        collection: str | None = None,
    ) -> Manifest:
        """The variables that match one of `patterns` and all of the rest.

        Args:
          *patterns: globs over full names (``"encoder/**"``, ``"**/kernel"``), compiled
            regular expressions, or functions of a `VariableSpec`; none stands for all.
          trainable: only those with this flag.
          collection: only those in this collection.

        Raises:
          InvalidArgumentError: a glob or an expression matches no variable at all, or
            no variable is in the collection, which is none of TF1's own.

        >>> import scopejax as sj
        >>> def model(scope):
        ...     return scope.get_variable("a/w", ()) + scope.get_variable("b/w", ())
        >>> list(sj.transform(model).manifest().select("a/**"))
        ['a/w']
        """
        return Manifest(selected(self, patterns, trainable, collection))

    @property
    def trainable(self) -> Manifest:
        """The variables that are trainable, which are an optimizer's: the params.

        Take masks and labels of these: ``manifest.trainable.mask("head/**")`` fits the
        params of a model with state, ``manifest.mask`` all variables.

        >>> import scopejax as sj
        >>> def model(scope):
        ...     step = scope.get_variable("step", (), trainable=False)
        ...     return step + scope.get_variable("w", ())
        >>> sj.transform_with_state(model).manifest().trainable.mask("*")
        {'w': True}
        """
        return self.select(trainable=True)

    def mask(
        self,
        *patterns: Pattern,
        trainable: bool | None = None,
        collection: str | None = None,
    ) -> Tree:
        """A nested dict of bools, True for what `select` takes; for `optax.masked`.

        It has all variables of this manifest; see `trainable` for a model with state.

        >>> import scopejax as sj
        >>> def model(scope):
        ...     return scope.get_variable("a/w", ()) + scope.get_variable("b/w", ())
        >>> sj.transform(model).manifest().mask("a/**")
        {'a': {'w': True}, 'b': {'w': False}}
        """
        chosen = self.select(*patterns, trainable=trainable, collection=collection)
        return self._tree(lambda spec: spec.name in chosen)

    def labels(self, labels: Mapping[Pattern, Any]) -> Tree:
        """A nested dict with the label of the first pattern that matches; for
        `optax.partition`.

        Raises:
          InvalidArgumentError: a variable matches no pattern, or a pattern no variable.

        >>> import scopejax as sj
        >>> def model(scope):
        ...     return scope.get_variable("a/w", ()) + scope.get_variable("b/w", ())
        >>> sj.transform(model).manifest().labels({"a/**": "adam", "**": "frozen"})
        {'a': {'w': 'adam'}, 'b': {'w': 'frozen'}}
        """
        label_of = labelled(labels, self)
        return self._tree(lambda spec: label_of[spec.name])

    def partition(self, tree: Mapping[str, Any]) -> tuple[Tree, Tree]:
        """Splits `tree` into what is in this manifest and what is not.

        `scopejax.merge` joins the two again. No array is copied.

        >>> import scopejax as sj
        >>> def model(scope):
        ...     return scope.get_variable("a/w", ()) + scope.get_variable("b/w", ())
        >>> manifest = sj.transform(model).manifest()
        >>> manifest.select("a/**").partition({"a": {"w": 1}, "b": {"w": 2}})
        ({'a': {'w': 1}}, {'b': {'w': 2}})
        """
        inside: Tree = {}
        outside: Tree = {}
        for path, leaf in leaves(tree):
            insert(inside if join(path) in self else outside, path, leaf)
        return inside, outside

    def __or__(self, other: Manifest) -> Manifest:
        """The union of two models' variables, for models that share parameters.

        Where one model computes an initial value from its inputs, or copies another
        variable's, that stays, whichever side it is on.

        Raises:
          VariableMismatchError: a variable is in both and differs: in shape, dtype,
            initializer, trainable, partition, regularizer, constraint.
        """
        if not isinstance(other, Manifest):
            return NotImplemented
        joined = {**self}
        for name, spec in other.items():
            joined[name] = agreed(self[name], spec) if name in self else spec
        return Manifest(joined.values())

    # Making and checking

    def shapes(self, mesh: AnyMesh | None = None) -> Tree:
        """A nested dict of `jax.ShapeDtypeStruct`: what to restore a checkpoint into.

        Args:
          mesh: each has the sharding of its variable on it; the mesh of `jax.set_mesh`
            if left out, and no sharding where there is none.

        Raises:
          InvalidArgumentError: see `shardings`.

        >>> import scopejax as sj
        >>> sj.transform(lambda s: s.get_variable("w", (2,))).manifest().shapes()
        {'w': ShapeDtypeStruct(shape=(2,), dtype=float32)}
        """
        mesh = mesh_in_force(mesh)
        if mesh is None:
            return self._tree(VariableSpec.shape_dtype)
        return self._tree(
            lambda spec: abstract(spec.shape, spec.dtype, sharding_of(spec, mesh))
        )

    def shardings(self, mesh: AnyMesh | None = None) -> Tree:
        """A nested dict of `jax.sharding.NamedSharding`, as the partitioners say.

        `jax.jit` takes it as `in_shardings` and `out_shardings`. What has no
        partitioner is whole on each device. A stack's leading axes are not split,
        unless `partitioners.stacked` asks for it.

        Args:
          mesh: the mesh, which may be abstract; that of `jax.set_mesh` if left out.

        Raises:
          InvalidArgumentError: there is no mesh; it lacks an axis that is named, or one
            is used twice; an axis does not come out even; there is no such memory.

        >>> import scopejax as sj
        >>> from jax.sharding import AbstractMesh, PartitionSpec
        >>> def model(scope):
        ...     rows = scope.with_options(partitioner=lambda **_: PartitionSpec("data"))
        ...     return rows.get_variable("w", (4, 2)), scope.get_variable("b", ())
        >>> mesh = AbstractMesh((2,), ("data",))
        >>> shardings = sj.transform(model).manifest().shardings(mesh)
        >>> tuple(shardings["w"].spec), tuple(shardings["b"].spec)
        (('data',), ())
        """
        mesh = mesh_in_force(mesh)
        if mesh is None:
            raise InvalidArgumentError(
                "There is no mesh that variables could be sharded on.",
                where=user_line(),
                remedy="manifest.shardings(mesh), or within jax.set_mesh(mesh).",
            )
        return self._tree(lambda spec: sharding_of(spec, mesh))

    @property
    def digest(self) -> str:
        """SHA-256 over names, shapes and dtypes; checkpoints keep that of their params.

        >>> import scopejax as sj
        >>> sj.transform(lambda s: s.get_variable("w", (2,))).manifest().digest[:8]
        'd3e4122d'
        """
        return digest(self)

    def initialize(
        self,
        key: jax.Array,
        given: Mapping[str, Any] | None = None,
        mesh: Mesh | None = None,
        progress: bool = False,
    ) -> Tree:
        """The arrays, made by a few compiled programs.

        Args:
          key: root key, typed or raw.
          given: nested dict of arrays that exist; they are checked and kept.
          mesh: where each array is made, in the parts that `shardings` says; that of
            `jax.set_mesh` if left out. `given` is put there too.
          progress: whether a bar is shown, in a terminal or a notebook; see
            `Transformed`.

        Returns:
          Nested dict of arrays. Each depends on `key`, its name, shape, dtype and
          initializer alone.

        Raises:
          VariableMismatchError: `given` has what the model has not.
          InitializerError: an initializer failed, or returned something else.
          InvalidArgumentError: a variable does not fit the mesh, see `shardings`; or
            `progress` is no bool.

        >>> import jax, scopejax as sj
        >>> manifest = sj.transform(lambda s: s.get_variable("w", (2,))).manifest()
        >>> manifest.initialize(jax.random.key(0))["w"].shape
        (2,)
        """
        making = import_module("scopejax._making.initialize")  # a room above
        made: Tree = making.initialize(self, key, given, mesh, progress)
        return made

    def check(self, params: Mapping[str, Any]) -> None:
        """Raises unless `params` has just these variables, of these shapes and dtypes.

        Raises:
          VariableMismatchError: lists every difference, with the nearest names.

        >>> import jax.numpy as jnp, scopejax as sj
        >>> manifest = sj.transform(lambda s: s.get_variable("w", (2,))).manifest()
        >>> manifest.check({"w": jnp.zeros(2)})
        """
        require_fit(self, params, "params", complete=True)

    # Losses and constraints

    def regularization_loss(self, params: Mapping[str, Any]) -> jax.Array:
        """The sum of all regularizers, a scalar; 0.0 where there are none.

        A stacked variable counts item by item.

        >>> import jax.numpy as jnp, scopejax as sj
        >>> def l2(w):
        ...     return (w**2).sum()
        >>> net = sj.transform(lambda s: s.get_variable("w", (2,), regularizer=l2))
        >>> float(net.manifest().regularization_loss({"w": jnp.ones(2)}))
        2.0
        """
        arrays = flat_names(params, "params")
        losses = []
        for spec in self.values():
            if spec.regularizer is None:
                continue
            if spec.name not in arrays:
                raise not_given(spec.name, arrays)
            losses.append(per_item(spec.regularizer, spec.stack)(arrays[spec.name]))
        return sum((jnp.sum(x) for x in losses if x is not None), jnp.float32(0))

    def project(self, params: Mapping[str, Any]) -> Tree:
        """`params` with every constraint applied; to be called after an update.

        >>> import jax.numpy as jnp, scopejax as sj
        >>> def model(scope):
        ...     return scope.get_variable("w", (2,), constraint=jnp.abs)
        >>> manifest = sj.transform(model).manifest()
        >>> manifest.project({"w": jnp.array([-1.0, 2.0])})["w"].tolist()
        [1.0, 2.0]
        """
        projected: Tree = {}
        for path, leaf in leaves(params, "params"):
            spec = self.get(join(path))
            if spec is not None and spec.constraint is not None:
                leaf = per_item(spec.constraint, spec.stack)(leaf)
            insert(projected, path, leaf)
        return projected

    # Looking

    def __str__(self) -> str:
        return summary.to_text(self.values())

    def __repr__(self) -> str:
        count = f"{sum(spec.size for spec in self.values()):,} numbers"
        some = summary.trainable_text(list(self.values()))
        more = f", {some.partition(' ')[0]} of them trainable" if some else ""
        return f"<Manifest of {len(self)} variables, {count}{more}>"

    def to_markdown(self) -> str:
        """The table for a README."""
        return summary.to_markdown(self.values())

    def diff(self, other: Manifest) -> ManifestDiff:
        """What changed from `other`, the manifest of the run before, to this one.

        Variables are compared by all that their specs say but the line that made them:
        initializers and other functions by what they do. Falsy if nothing changed.

        >>> import jax, scopejax as sj
        >>> before = sj.transform(lambda s: s.get_variable("w", (2,))).manifest()
        >>> after = sj.transform(lambda s: s.get_variable("w", (3,))).manifest()
        >>> print(after.diff(before))
        1 changed.
          ~ w: shape (2,) -> (3,)
        >>> bool(after.diff(after))
        False
        """
        return ManifestDiff(other, self)

    def _tree(self, value: Callable[[VariableSpec], Any]) -> Tree:
        """The nested dict with `value(spec)` for each variable."""
        tree: Tree = {}
        for spec in self.values():
            insert(tree, spec.path, value(spec))
        return tree
