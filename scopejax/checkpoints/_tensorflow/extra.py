"""Libraries that come with the extra ``scopejax[tf1]``, imported when first needed."""

from __future__ import annotations

import importlib
from typing import Any


def extra(module: str, package: str) -> Any:
    """The module, or an error that says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"TensorFlow's checkpoints need the package {package}:"
            " pip install 'scopejax[tf1]'"
        ) from error
