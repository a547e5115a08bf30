"""Params to a file and back, in the safetensors format: flat names, atomic writes.

Needs the extra ``scopejax[safetensors]``. Any other program that reads safetensors
finds the tensors under their full names, ``"tower/conv1/kernel"``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp

from ._lookup import as_array
from ._tree import Tree, from_flat, to_flat


def save(path: str | os.PathLike[str], params: Mapping[str, Any]) -> None:
    """Writes `params` to one `.safetensors` file.

    The file appears whole or not at all: it is written beside `path` and moved there.

    Args:
      path: where to; an existing file is replaced.
      params: nested dict of arrays.

    Raises:
      InvalidArgumentError: a key is no name, or a leaf is no array.

    >>> import threading
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(f"{folder}/net.safetensors", {"head": {"bias": jnp.arange(2.0)}})
    ...     load(f"{folder}/net.safetensors")
    {'head': {'bias': Array([0., 1.], dtype=float32)}}
    """
    from safetensors.flax import save as to_bytes

    arrays = {name: as_array(leaf, name) for name, leaf in to_flat(params).items()}
    _write_whole(Path(path), to_bytes(arrays))


def _write_whole(target: Path, data: bytes) -> None:
    beside = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def load(path: str | os.PathLike[str]) -> Tree:
    """Reads the params that `save` wrote, as JAX arrays.

    Hand them to `Transformed.check` with the model's arguments to see whether they fit.

    Raises:
      FileNotFoundError: there is no such file.
      safetensors.SafetensorError: the file is no safetensors file, or is cut short.
    """
    from safetensors.flax import load_file

    arrays = load_file(os.fspath(path))
    return from_flat({name: jnp.asarray(arrays[name]) for name in sorted(arrays)})
