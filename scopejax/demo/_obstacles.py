"""What stands in the way of the demo, found before any work is done."""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path

# The name to import, and the name to install.
_PACKAGES = {
    "matplotlib": "matplotlib",
    "optax": "optax",
    "rich": "rich",
    "safetensors": "safetensors",
    "sklearn": "scikit-learn",
}


class Obstacle(Exception):
    """One line about what is wrong and what to do; the demo ends with it."""


def require_packages() -> None:
    """Refuses to begin where one is missing; both demos come with one extra."""
    missing = missing_package()
    if missing:
        raise Obstacle(f"the demo needs {missing}: pip install 'scopejax[demo]'")


def require_folder(out: Path) -> None:
    """Makes the folder; refuses to begin where it cannot hold files."""
    problem = unwritable(out)
    if problem:
        raise Obstacle(problem)


def missing_package() -> str | None:
    """The first package that cannot be imported, by the name that pip knows."""
    for module, package in _PACKAGES.items():
        try:
            importlib.import_module(module)
        except ImportError:
            return package
    return None


def unwritable(folder: Path) -> str | None:
    """Makes `folder` where there is none; why it cannot hold files, if it cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except FileExistsError:
        return f"{str(folder)!r} is a file, and a folder is needed"
    except OSError as error:
        return f"cannot write to the folder {str(folder)!r}: {error.strerror}"
