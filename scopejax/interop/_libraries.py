"""The libraries, imported when they are asked for, and whose an object is."""

from __future__ import annotations

import importlib
from typing import Any

from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._scope.scope import Scope

# library -> what to import, what to install, whose classes are its own
_LIBRARIES = {
    "linen": ("flax.linen", "flax", "flax.linen."),
    "nnx": ("flax.nnx", "flax", "flax.nnx."),
    "haiku": ("haiku", "dm-haiku", "haiku."),
    "equinox": ("equinox", "equinox", "equinox."),
}


def library(name: str) -> Any:
    """The module of a library.

    Raises:
      ImportError: it is not installed.
    """
    module, package, _ = _LIBRARIES[name]
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"scopejax.interop.{name} needs {module}: pip install {package}"
        ) from error


def library_of(value: Any) -> str | None:
    """Whose an object or a class is, without importing any library.

    >>> library_of(3.0) is None
    True
    """
    kind = value if isinstance(value, type) else type(value)
    for base in kind.__mro__:
        for name, (*_, prefix) in _LIBRARIES.items():
            if f"{base.__module__}.".startswith(prefix):
                return name
    return None


def makes(value: Any, name: str) -> bool:
    """Whether something may be a function that makes a module of a library."""
    return callable(value) and library_of(value) in (None, name)


def require_scope(scope: Any, function: str) -> None:
    """Refuses what is no scope where `function` takes one."""
    if not isinstance(scope, Scope):
        raise InvalidArgumentError(
            f"interop.{function} takes a Scope as its first argument, but received: "
            f"{type(scope).__name__}",
            expected="Scope",
            found=type(scope).__name__,
            where=user_line(),
            remedy=f"interop.{function}(scope, ...): the scope comes first.",
        )


def refused(value: Any, function: str, expected: str) -> InvalidArgumentError:
    """The error for what is no module of the library that `function` serves."""
    owner = library_of(value)
    if owner == function and isinstance(value, type):
        remedy = f"Pass an instance, {value.__name__}(...)."
    elif owner in (None, function):
        remedy = None
    else:
        remedy = f"scopejax.interop.{owner}(...), which is for this one."
    is_class = isinstance(value, type)
    found = f"the class {value.__name__}" if is_class else type(value).__name__
    return InvalidArgumentError(
        f"interop.{function} takes {expected}, but received: {found}",
        expected=expected,
        found=found,
        where=user_line(),
        remedy=remedy,
    )
