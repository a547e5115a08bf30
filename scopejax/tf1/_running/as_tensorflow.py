"""`import tensorflow` that means `scopejax.tf1`, for programs in many files.

A finder stands before Python's own and makes modules by TensorFlow's names. They hold
nothing: what is asked of one is looked up in `tf1`.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ..._base.errors import ScopeUsageError
from ..._base.lines import user_line
from .._words.missing import is_module, missing
from .._words.python_modules import HOMES, RENAMED, UTIL

_ROOT = "tensorflow"
_VERSION = "1.15.5"
_SPELLINGS = ("compat.v1", "_api.v1")


@contextlib.contextmanager
def as_tensorflow() -> Iterator[ModuleType]:
    """Within it ``import tensorflow`` is `scopejax.tf1`, in all modules of the process.

    So is what lies below: ``tensorflow.compat.v1``, ``tensorflow.contrib.slim``,
    ``tensorflow.python.ops.array_ops``, as far as `tf1` has it; what it has not is
    an `ImportError` that says where to go. A class that stays outside can be named, in
    `isinstance` or as a base, and says so when an instance is made; so can a private
    name of a long path.

    At the end all of it is undone; modules that were imported within keep what they
    have. Python's modules are those of all threads, so another thread sees the same.

    Raises:
      ScopeUsageError: TensorFlow is imported already.

    >>> from scopejax import tf1
    >>> with tf1.as_tensorflow():
    ...     import tensorflow as tf
    ...     from tensorflow.python.ops import variable_scope
    >>> tf.get_variable is tf1.get_variable is variable_scope.get_variable
    True
    """
    if isinstance(sys.modules.get(_ROOT), _Module):  # within another
        yield _tf1()
        return
    if any(name.partition(".")[0] == _ROOT for name in sys.modules):
        raise ScopeUsageError(
            "TensorFlow is imported already, so that `import tensorflow` cannot mean"
            " scopejax.tf1.",
            where=user_line(),
            remedy="Enter tf1.as_tensorflow() before anything imports TensorFlow, in a"
            " process of its own.",
        )
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        importlib.import_module(_ROOT)
        yield _tf1()
    finally:
        sys.meta_path.remove(finder)
        made = [name for name, value in sys.modules.items() if type(value) is _Module]
        for name in made:
            del sys.modules[name]


def _tf1() -> ModuleType:
    return sys.modules[__package__.rpartition(".")[0]]


class _Module(ModuleType):
    """A module of TensorFlow."""

    __version__ = VERSION = _VERSION

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _found(_path(self.__name__), name)


class _Finder(MetaPathFinder, Loader):
    """Makes TensorFlow's modules, those that `tf1` has something for."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The module's; None for other packages.

        Raises:
          ImportError: `tf1` has no such module.
        """
        if fullname.partition(".")[0] != _ROOT:
            return None
        if not is_importable(_path(fullname)):
            raise ImportError(_told(_path(fullname)), name=fullname)
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """One that looks up in `tf1`."""
        return _Module(spec.name, f"What scopejax.tf1 has of {spec.name}.")

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


def _told(path: str) -> str:
    error = missing(path)
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def _path(fullname: str) -> str:
    """The path below ``tensorflow``; its other spellings mean the same."""
    path = fullname.removeprefix(_ROOT).removeprefix(".")
    for spelling in _SPELLINGS:
        if path == spelling or path.startswith(spelling + "."):
            return path[len(spelling) + 1 :]
    return path


def is_importable(path: str) -> bool:
    """Whether there is a module of that path below ``tensorflow``.

    >>> [is_importable(p) for p in ("", "train", "python.ops.array_ops", "lite")]
    [True, True, True, False]
    """
    if path in ("", "_api") or path in HOMES or path in UTIL:
        return True
    return _module(path) is not None


def _module(path: str) -> Any:
    """The module of `tf1`, or None."""
    value: Any = _tf1()
    for part in filter(None, path.split(".")):
        value = getattr(value, part, None)
        if not is_module(value):
            return None
    return value


def _found(path: str, name: str) -> Any:
    """What `name` is in the module of that path below ``tensorflow``."""
    below = f"{path}.{name}" if path else name
    if below in HOMES or below in UTIL or below in _SPELLINGS:
        return importlib.import_module(f"{_ROOT}.{below}")
    try:
        value = look_up(path, name)
    except AttributeError as error:
        is_class = _CLASS.match(name) and hasattr(error, "__notes__")
        is_private = path in HOMES and name.startswith("_")
        if not (is_class or is_private):
            raise
        return _stand_in(str(error), RENAMED.get(name, name), path in HOMES)
    if is_module(value) and is_importable(below):
        return importlib.import_module(f"{_ROOT}.{below}")
    return value


_CLASS = re.compile("_?[A-Z].*[a-z]")


class _Absent(type):
    """The kind of a class of TensorFlow's that stays outside."""

    told = ""
    has_more = False

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise AttributeError(cls.told)

    def __getattr__(cls, name: str) -> Any:
        if cls.has_more and not name.startswith("__"):
            return _stand_in(cls.told, name, True)
        raise AttributeError(cls.told)


@functools.cache
def _stand_in(told: str, name: str, has_more: bool) -> type:
    """A class that nothing is an instance of, so that modules that name it import.

    Args:
      told: what is said when one is made.
      name: of the class.
      has_more: whether it has attributes of the same kind, as those of long paths have:
        they stand in default arguments.
    """
    return _Absent(name, (), {"told": told, "has_more": has_more, "__doc__": told})


def look_up(path: str, name: str) -> Any:
    """What `name` is in the module of that path below ``tensorflow``, if no module.

    Raises:
      AttributeError: `tf1` has it not; the message says where to go.

    >>> look_up("python.framework.ops", "GraphKeys").LOSSES
    'losses'
    """
    if name in UTIL.get(path, ()):
        return UTIL[path][name]
    homes = HOMES.get(path, (path,))
    name = RENAMED.get(name, name) if path in HOMES else name
    for home in homes:
        module = _module(home)
        if module is not None and hasattr(module, name):
            return getattr(module, name)
    raise missing(f"{homes[0]}.{name}" if homes[0] else name)
