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


def obstacle(out: Path) -> str | None:
    """One line about the first thing that is wrong; None where all is well."""
    missing = missing_package()
    if missing:
        return f"the demo needs {missing}: pip install 'scopejax[demo]'"
    return unwritable(out)


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
