"""What notebooks and rich show as a tree, in the way of `views`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any


class Displayed:
    """Its displays are those of `scopejax.show`.

    `views` is found by its name when something is shown: nothing imports upward, and
    `import scopejax` does not load it.
    """

    __slots__ = ()

    def _repr_html_(self) -> str:
        html: str = _view_of(self)._repr_html_()
        return html

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        yield _view_of(self)


def _view_of(value: Displayed) -> Any:
    return import_module("scopejax.views._manifests_and_scopes").view_of(value)
