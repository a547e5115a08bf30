"""Heatmaps of arrays, drawn by treescope, as far as it is installed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from .._base.names import Path
from .._jax.mesh import running_alone
from ._statistics import has_numbers, on_device

_MOST_ARRAYS = 64
_MOST_NUMBERS = 4000


def pictures(leaves: Mapping[Path, Any]) -> dict[Path, str]:
    """HTML with the values of the first arrays; large ones are cut in the middle.

    Raises:
      ImportError: treescope is not installed.
    """
    treescope = _treescope()
    drawn = [path for path, leaf in leaves.items() if has_numbers(leaf)][:_MOST_ARRAYS]
    with jax.ensure_compile_time_eval(), running_alone(), jax.debug_nans(False):
        return {path: _picture(treescope, leaves[path]) for path in drawn}


def _treescope() -> Any:
    try:
        return importlib.import_module("treescope")
    except ImportError as error:
        raise ImportError(
            "show(values=True) needs the package treescope:"
            " pip install 'scopejax[notebooks]'"
        ) from error


def _picture(treescope: Any, leaf: Any) -> str:
    array = on_device(leaf)
    if jnp.issubdtype(array.dtype, jnp.complexfloating):
        array = jnp.abs(array)
    figure = treescope.render_array(array, truncate=True, maximum_size=_MOST_NUMBERS)
    html: str = figure._repr_html_()
    return html
