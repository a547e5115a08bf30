"""The data files of a bundle, mapped into memory as they are asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..._base.files import is_special
from .damage import Damage
from .mapped import mapped
from .messages import Entry


def index_file(prefix: Path) -> Path:
    """``model.ckpt`` -> ``model.ckpt.index``."""
    return prefix.with_name(f"{prefix.name}.index")


def data_file(prefix: Path, shard: int, num_shards: int) -> Path:
    """``model.ckpt``, 0, 2 -> ``model.ckpt.data-00000-of-00002``."""
    return prefix.with_name(f"{prefix.name}.data-{shard:05d}-of-{num_shards:05d}")


class Shards:
    """The data files of `prefix`.

    What is mapped stays so for as long as an array looks at it, `close` or not.
    """

    def __init__(self, prefix: Path, num_shards: int) -> None:
        self._prefix = prefix
        self._num_shards = num_shards
        self._mapped: dict[int, np.ndarray] = {}

    def file(self, entry: Entry) -> Path:
        """The file that holds the bytes of `entry`."""
        return data_file(self._prefix, entry.shard, self._num_shards)

    def view(self, entry: Entry) -> np.ndarray:
        """The bytes of `entry`, `(entry.size,)`, uint8; `Damage` where it has fewer."""
        if entry.shard not in self._mapped:
            self._mapped[entry.shard] = _mapped(self.file(entry))
        data = self._mapped[entry.shard]
        end = entry.offset + entry.size
        if end > len(data):
            raise Damage(
                "the file is too short for it", f"{end} bytes", f"{len(data)} bytes"
            )
        return data[entry.offset : end]

    def close(self) -> None:
        """Lets go of the files."""
        self._mapped.clear()


def _mapped(path: Path) -> np.ndarray:
    try:
        if is_special(path):
            raise Damage("a pipe, a socket or a device is in place of the file")
        return mapped(path)
    except FileNotFoundError:
        raise Damage(
            "the file is missing",
            remedy="Copy all data files of the checkpoint beside its index.",
        ) from None
