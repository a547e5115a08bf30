"""Public homes: what users import says that it lives where they import it from.

So pickles, tracebacks and `help` hold no private name, and files can move.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FunctionType
from typing import Any


def settle(home: str) -> None:
    """Gives the public classes and functions of a package its name as `__module__`."""
    for name, value in vars(sys.modules[home]).items():
        public = isinstance(value, type | FunctionType) and value.__name__ == name
        if public and value.__module__.startswith(f"{home}._"):
            value.__module__ = home


def keep_former(home: str, files: Mapping[str, str]) -> None:
    """Lets pickles that name a file of former times find what was in it.

    Args:
      home: the package.
      files: former names of files -> today's, both below `home`. Where the former name
        is that of a room today, the room is given what a pickle asks it for.
    """
    for former, today in files.items():
        module: Any = sys.modules[f"{home}.{today}"]
        room = sys.modules.setdefault(f"{home}.{former}", module)
        if room is not module:
            vars(room).update(
                (name, value)
                for name, value in vars(module).items()
                if getattr(value, "__module__", None) in (module.__name__, home)
            )
