"""Params to a file and back, in the safetensors format: flat names, atomic writes.

Needs the extra ``scopejax[safetensors]``. Any other program that reads safetensors
finds the tensors under their full names, ``"tower/conv1/kernel"``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ._dtypes import as_array
from ._errors import InvalidArgumentError, VariableMismatchError
from ._files import write_whole
from ._tree import Tree, from_flat, to_flat
from ._where import user_line


def save(path: str | os.PathLike[str], params: Mapping[str, Any]) -> None:
    """Writes `params` to one `.safetensors` file.

    The file appears whole or not at all: it is written beside `path` and moved there.

    Args:
      path: where to; an existing file is replaced.
      params: nested dict of arrays.

    Raises:
      InvalidArgumentError: a key is no name, or a leaf is no array.

    >>> import tempfile
    >>> import jax.numpy as jnp
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(f"{folder}/net.safetensors", {"head": {"bias": jnp.arange(2.0)}})
    ...     load(f"{folder}/net.safetensors")
    {'head': {'bias': Array([0., 1.], dtype=float32)}}
    """
    from safetensors.flax import save as to_bytes

    arrays = {name: _storable(leaf, name) for name, leaf in to_flat(params).items()}
    write_whole(Path(path), to_bytes(arrays))


# The dtypes that safetensors takes from JAX.
_STORABLE = frozenset(
    f"{kind}{bits}"
    for kind, widths in (
        ("float", (16, 32, 64)),
        ("bfloat", (16,)),
        ("int", (8, 16, 32, 64)),
        ("uint", (8, 16, 32, 64)),
        ("complex", (64,)),
    )
    for bits in widths
) | {"bool"}
_RESERVED = "__metadata__"


def _storable(leaf: Any, name: str) -> Any:
    """A leaf as an array that safetensors takes; a NumPy array keeps its 64 bits."""
    held = isinstance(leaf, np.ndarray)
    array = np.asarray(leaf, order="C") if held else as_array(leaf, name)
    if str(array.dtype) in _STORABLE and name != _RESERVED:
        return array
    what = "name" if name == _RESERVED else f"dtype {array.dtype}"
    raise InvalidArgumentError(
        f"{name} cannot be saved: safetensors has no such {what}.",
        name=name,
        where=user_line(),
        remedy="Save jax.random.key_data(key) in place of a key; cast other arrays.",
    )


def load(path: str | os.PathLike[str]) -> Tree:
    """Reads the params that `save` wrote, as JAX arrays.

    Hand them to `Transformed.check` with the model's arguments to see whether they fit.

    Raises:
      FileNotFoundError: there is no such file.
      VariableMismatchError: a tensor has 64 bits, and ``jax_enable_x64`` is off.
      safetensors.SafetensorError: the file is no safetensors file, or is cut short.
    """
    from safetensors import safe_open

    flat: dict[str, jax.Array] = {}
    with safe_open(os.fspath(path), framework="flax") as file:
        for name in file.keys():  # noqa: SIM118, it is no dict
            _require_mode(name, file.get_slice(name).get_dtype())
            flat[name] = file.get_tensor(name)
    return from_flat({name: flat[name] for name in sorted(flat)})


def _require_mode(name: str, dtype: str) -> None:
    """Refuses a tensor that JAX would cut down; `dtype` is safetensors' word for it."""
    narrow = jax.dtypes.canonicalize_dtype(np.float64) != np.float64
    if narrow and dtype in ("F64", "I64", "U64"):
        raise VariableMismatchError(
            f"{name} has 64 bits in the file (dtype {dtype}), which are off.",
            name=name,
            where=user_line(),
            remedy="jax.config.update('jax_enable_x64', True), or convert the file.",
        )
