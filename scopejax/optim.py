"""What a manifest knows, for optax: constraints as a gradient transformation.

Needs optax. All else goes through optax's own functions and a manifest's trees of bools
and labels:

- weight decay on kernels: ``optax.adamw(1e-3, mask=manifest.mask("**/kernel"))``;
- a frozen scope: ``optax.chain(optax.adam(1e-3),
  optax.transforms.freeze(manifest.mask("encoder/**")))``;
- another optimizer for each scope: ``optax.partition({"fast": optax.sgd(0.1), "slow":
  optax.sgd(0.01)}, manifest.labels({"head/**": "fast", "**": "slow"}))``.

With `scopejax.transform_with_state` optax gets the params alone: take the masks and
labels of ``manifest.trainable``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from ._base.answers import checking
from ._base.errors import InvalidArgumentError
from ._base.lines import user_line
from ._base.names import join
from ._base.texts import brief
from ._manifest.manifest import Manifest
from ._spec.stacks import per_item

if TYPE_CHECKING:
    import optax


@checking
def constrain(manifest: Manifest) -> optax.GradientTransformation:
    """Applies the constraints of a manifest's variables; the last one of a chain.

    The updates become those that lead to ``manifest.project(params + updates)``, as far
    as their dtype can tell: a sum may round. `Manifest.project` after
    `optax.apply_updates` is exact.

    Args:
      manifest: of the model; its variables may be more than the params.

    Returns:
      An `optax.GradientTransformation` without state; its update needs `params`.

    Raises:
      InvalidArgumentError: within `update`, there are no params.

    >>> import jax, jax.numpy as jnp, optax, scopejax as sj
    >>> def model(scope):
    ...     return scope.get_variable("w", (2,), constraint=jax.nn.relu)
    >>> net = sj.transform(model)
    >>> optimizer = optax.chain(optax.sgd(1.0), constrain(net.manifest()))
    >>> params, grads = {"w": jnp.array([1.0, 2.0])}, {"w": jnp.array([3.0, 1.0])}
    >>> updates, _ = optimizer.update(grads, optimizer.init(params), params)
    >>> optax.apply_updates(params, updates)["w"].tolist()
    [0.0, 1.0]
    """
    import optax

    if not isinstance(manifest, Manifest):
        raise InvalidArgumentError(
            f"constrain's manifest must be a Manifest, but received: {brief(manifest)}",
            where=user_line(),
            remedy="constrain(net.manifest(x))",
        )

    def update(updates: Any, params: Any) -> Any:
        if params is None:
            raise InvalidArgumentError(
                "constrain needs the params that are updated.",
                where=user_line(),
                remedy="optimizer.update(grads, state, params)",
            )
        return jax.tree_util.tree_map_with_path(constrained, updates, params)

    def constrained(path: Any, update: Any, param: Any) -> Any:
        spec = manifest.get(join(tuple(entry.key for entry in path)))
        if spec is None or spec.constraint is None:
            return update
        moved = jnp.asarray(param + update, param.dtype)
        return per_item(spec.constraint, spec.stack)(moved) - param

    return optax.stateless(update)
