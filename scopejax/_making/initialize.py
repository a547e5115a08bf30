"""A manifest and a key -> the nested dict of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
from jax.sharding import Mesh

from .._base.dtypes import own_array
from .._base.keys import require_key
from .._base.missing import no_inputs
from .._base.trees import Tree, insert
from .._jax.mesh import mesh_in_force
from .._jax.modes import as_usual
from .._manifest.fit import require_fit
from .._manifest.manifest import Manifest
from .._spec.spec import FROM_INPUTS
from .._text.progress import making_shown
from .maker import Maker


def initialize(
    manifest: Manifest,
    key: jax.Array,
    given: Mapping[str, Any] | None,
    mesh: Mesh | None,
    progress: bool,
) -> Tree:
    """See `Manifest.initialize`."""
    require_key(key)
    onto = mesh_in_force(mesh)
    with (
        as_usual(),
        making_shown(progress) as making,
        Maker(key, (), onto, making) as maker,
    ):
        return make_tree(maker, manifest, given)


def make_tree(
    maker: Maker, manifest: Manifest, given: Mapping[str, Any] | None
) -> Tree:
    """The arrays of a manifest, by a maker that may know of the model already.

    Args:
      given: nested dict of arrays that exist; they are checked and kept.
    """
    kept: Tree = {}
    if given is not None:
        kept = require_fit(manifest, given, "given", complete=False)
    missing = [spec for spec in manifest.values() if spec.name not in kept]
    for spec in missing:
        if spec.initializer is FROM_INPUTS:
            raise no_inputs(spec.name, spec.where)
    made = maker.make(missing, kept)
    tree: Tree = {}
    for name, spec in manifest.items():
        if name in kept:
            made[name] = maker.place(spec, own_array(kept[name], name))
        insert(tree, spec.path, made[name])
    return tree
