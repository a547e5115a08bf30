"""Writing a bundle of one data file, byte for byte as TensorFlow would."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..._base.errors import CheckpointError, InvalidArgumentError
from ..._base.files import whole_file, write_whole
from ..._base.lines import user_line
from .crc import chunks, extend, mask
from .messages import Entry, entry, header
from .ordered_code import PREFIX
from .shards import data_file, index_file
from .table import table
from .types import number_of


def write(prefix: str | os.PathLike[str], arrays: Mapping[str, np.ndarray]) -> None:
    """Writes a checkpoint that TensorFlow's `Saver` restores.

    It appears whole or not at all: the data file is written beside its place and moved
    there, and then the index, without which there is no checkpoint. A data file that
    has lost its index is replaced.

    Args:
      prefix: what its files have in common, ``"run/model.ckpt-123"``.
      arrays: by TensorFlow's name, each asked for once and then let go.

    Raises:
      CheckpointError: there is a checkpoint of that prefix.
      InvalidArgumentError: a name cannot be one, or TensorFlow has no such dtype.
      OSError: the files cannot be written; none is left.

    >>> import tempfile
    >>> from scopejax.checkpoints._tensorflow import Bundle
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(f"{folder}/model.ckpt", {"step": np.int64(3)})
    ...     int(Bundle(f"{folder}/model.ckpt").read("step"))
    3
    """
    prefix = Path(prefix)
    index, data = index_file(prefix), data_file(prefix, 0, 1)
    _require_free(index)
    names = sorted((_key(name), name) for name in arrays)
    entries = {b"": header()}
    try:
        with whole_file(data) as beside, beside.open("xb") as file:
            for key, name in names:
                entries[key] = entry(_append(file, arrays[name], name))
            _require_free(index)  # nobody has written one meanwhile
        write_whole(index, table(entries.items()))
    except BaseException:
        if not index.exists():  # it may be in place already
            data.unlink(missing_ok=True)
        raise


def _require_free(index: Path) -> None:
    if index.exists():
        raise CheckpointError(
            f"{index} exists, and its two files cannot be replaced at once.",
            where=user_line(),
            remedy="Write under another prefix, with the step in it, or delete the old"
            " checkpoint first, its .index before its .data.",
        )


def _key(name: object) -> bytes:
    try:
        key = name.encode() if isinstance(name, str) else b""
    except UnicodeEncodeError:
        key = b""
    if not key or key.startswith(PREFIX):
        raise InvalidArgumentError(
            f"A tensor cannot be called {name!r} in a checkpoint of TensorFlow.",
            expected="text that does not begin with a null character",
            where=user_line(),
        )
    return key


def _append(file: BinaryIO, value: np.ndarray, name: str) -> Entry:
    """Writes the bytes of one array."""
    array, number = _storable(value, name)
    offset, crc = file.tell(), 0
    data = array.reshape(-1).view(np.uint8)
    for piece in chunks(data.data):
        file.write(piece)
        crc = extend(crc, piece)
    return Entry(number, array.shape, 0, offset, data.size, mask(crc))


def _storable(value: np.ndarray, name: str) -> tuple[np.ndarray, int]:
    """The array in the order of the file, and the number of its dtype."""
    array = np.asarray(value, order="C")
    number = number_of(array.dtype)
    if number is None:
        raise InvalidArgumentError(
            f"{name} cannot be written: TensorFlow has no dtype {array.dtype}.",
            name=name,
            where=user_line(),
            remedy="Cast it to a dtype that TensorFlow has.",
        )
    return array.astype(array.dtype.newbyteorder("="), copy=False), number
