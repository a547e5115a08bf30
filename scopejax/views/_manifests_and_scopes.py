"""The views of what scopejax itself has: scopes, manifests and their parts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from .._jax.mesh import mesh_in_force
from .._manifest.diff import ManifestDiff
from .._manifest.manifest import Manifest
from .._scope.scope import Scope
from .._spec.functions import describe
from .._spec.partition import as_partition
from .._spec.spec import VariableSpec
from .._text.table import PLAIN_COLUMNS, Column, trainable_text
from . import _whereabouts
from ._items import of_spec
from ._leaves import item_of, leaves_of
from ._view import View

_INITIALIZER = Column(
    "initializer",
    lambda item: describe(item.spec.initializer) if item.spec else "",
    optional=True,
)
_PARTITION = Column(
    "partition",
    lambda item: "" if item.spec is None else _partition(item.spec),
    optional=True,
)
_CHANGE = Column("changed", lambda item: item.figures or item.status)


def _partition(spec: VariableSpec) -> str:
    return "" if spec.partition is None else str(as_partition(spec.partition))


def view_of(thing: Any) -> View | None:
    """The view of a manifest, a spec, a scope or a difference; None of other things."""
    if isinstance(thing, View):
        return thing
    return next(
        (make(thing) for kind, make in _VIEWS.items() if isinstance(thing, kind)), None
    )


def _of_manifest(manifest: Manifest) -> View:
    return _of_specs("Manifest", list(manifest.values()))


def _of_one(spec: VariableSpec) -> View:
    return _of_specs("Variable", [spec])


def _of_specs(title: str, specs: list[VariableSpec]) -> View:
    mesh = mesh_in_force()
    items = [
        of_spec(spec, placement=_whereabouts.of_spec(spec, mesh)) for spec in specs
    ]
    some = trainable_text(specs)
    remarks = [f"{some} numbers are trainable."] if some else []
    columns = [*PLAIN_COLUMNS, _INITIALIZER, _PARTITION]
    return View(title, items, columns, remarks=remarks)


def _of_scope(scope: Scope) -> View:
    items = [
        item_of(path, leaf, {})
        for path, leaf in leaves_of(scope._children()[0]).items()
    ]
    options = scope._place.options
    given = {f.name: getattr(options, f.name) for f in dataclasses.fields(options)}
    told = [f"{k}={_value(v)}" for k, v in given.items() if v is not None]
    remarks = [f"Options: {', '.join(told)}."] if told else []
    if scope._source.recording:
        remarks.append("The model is being recorded: variables do not exist yet.")
    return View(repr(scope), items, PLAIN_COLUMNS, remarks=remarks)


def _value(value: Any) -> str:
    return describe(value) if callable(value) else str(value)


def _of_diff(diff: ManifestDiff) -> View:
    items = [of_spec(spec, status="added", notes=()) for spec in diff.added.values()]
    items += [of_spec(s, status="removed", notes=()) for s in diff.removed.values()]
    items += [
        of_spec(change.after, status="changed", figures=change.text, notes=())
        for change in diff.changed.values()
    ]
    return View(
        "What changed", items, [*PLAIN_COLUMNS[:2], _CHANGE], remarks=[diff.headline]
    )


_VIEWS: dict[type, Callable[[Any], View]] = {
    Manifest: _of_manifest,
    VariableSpec: _of_one,
    Scope: _of_scope,
    ManifestDiff: _of_diff,
}
