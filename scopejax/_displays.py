"""How notebooks and rich display manifests, specs and scopes: as `views` shows them.

The methods are put on the classes here, so that nothing of it is imported before
something is displayed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._manifest.diff import ManifestDiff
from ._manifest.manifest import Manifest
from ._scope.scope import Scope
from ._spec.spec import VariableSpec


def _repr_html_(self: Any) -> str:
    from .views._kinds import view_of

    view: Any = view_of(self)
    html: str = view._repr_html_()
    return html


def _rich_console(self: Any, console: Any, options: Any) -> Iterator[Any]:
    from .views._kinds import view_of

    yield view_of(self)


_METHODS = {"_repr_html_": _repr_html_, "__rich_console__": _rich_console}
for _kind in (Manifest, ManifestDiff, Scope, VariableSpec):
    for _name, _method in _METHODS.items():
        setattr(_kind, _name, _method)
