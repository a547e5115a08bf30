"""Reading a bundle: the index at once, each tensor when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType

import numpy as np

from ..._base.errors import ScopeUsageError
from ..._base.lines import user_line
from ..._base.missing import not_found
from .crc import require_crc
from .damage import Damage, of_tensor, told_of
from .index import Stored, Tensor, read_index
from .mapped import mapped
from .messages import Entry
from .shards import Shards, index_file
from .table import is_table
from .types import numpy_dtype, used_bytes

_MOST_AXES = 64  # that NumPy's arrays can have
_OTHERS = "Leave it out with select=."


class Bundle:
    """A checkpoint as TensorFlow's `Saver` writes it, open for reading.

    Args:
      prefix: what its files have in common, ``"run/model.ckpt-123"``; see `find`.
        Nobody may cut them short while arrays that were read are in use.

    Attributes:
      tensors: what it holds, by name, in the file's order. A partitioned variable is
        one tensor.

    Raises:
      FileNotFoundError: there is no such checkpoint.
      CheckpointError: its index is damaged, cut short, or none.
      ImportError: the extra ``scopejax[tf1]`` is not installed.

    >>> import tempfile
    >>> from scopejax.checkpoints._tensorflow import write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(f"{folder}/model.ckpt", {"head/b": np.arange(2.0)})
    ...     with Bundle(f"{folder}/model.ckpt") as bundle:
    ...         print(list(bundle.tensors.values()))
    ...         bundle.read("head/b")
    [Tensor(name='head/b', shape=(2,), dtype='float64', nbytes=16)]
    array([0., 1.])
    """

    def __init__(self, prefix: str | os.PathLike[str]) -> None:
        self._prefix = Path(prefix)
        file = _existing(self._prefix)
        data = mapped(file)
        with told_of(file):
            index = read_index(data.data)
        self._stored = index.tensors
        self._shards: Shards | None = Shards(self._prefix, index.num_shards)
        self.tensors: Mapping[str, Tensor] = MappingProxyType(
            {name: stored.tensor for name, stored in index.tensors.items()}
        )

    def read(self, name: str) -> np.ndarray:
        """The values of one tensor, checked against its checksum.

        Args:
          name: as in `tensors`.

        Returns:
          A read-only array: a view of the file where the numbers lie on addresses that
          suit them and the variable is not partitioned, otherwise a copy.

        Raises:
          VariableNotFoundError: there is no tensor of that name.
          CheckpointError: its data is missing, cut short or changed, or NumPy has no
            such dtype.
          ScopeUsageError: the bundle is closed.
        """
        shards, stored = self._open(name), self._stored[name]
        with told_of(self._prefix), of_tensor(name):
            dtype = _readable(stored)
        views = [_view(shards, piece.entry, name) for piece in stored.pieces]
        arrays = (
            _array(shards, piece.entry, view, dtype, name)
            for piece, view in zip(stored.pieces, views, strict=True)
        )
        if len(stored.pieces) == 1:
            return next(arrays)
        whole = np.empty(stored.tensor.shape, dtype)
        for piece, array in zip(stored.pieces, arrays, strict=True):
            whole[piece.where] = array
        whole.setflags(write=False)
        return whole

    def _open(self, name: str) -> Shards:
        """The data files, where there is a tensor `name`."""
        if self._shards is None:
            raise ScopeUsageError(
                f"{self._prefix} is closed.", name=name, where=user_line()
            )
        if name not in self._stored:
            headline = f"{self._prefix} holds no tensor {name}."
            raise not_found(headline, name, self._stored)
        return self._shards

    def close(self) -> None:
        """Lets go of the files; arrays that were read stay as they are."""
        if self._shards is not None:
            self._shards.close()
        self._shards = None

    def __enter__(self) -> Bundle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _existing(prefix: Path) -> Path:
    """The index; a file of the old format, which is an index and all, where it is one.

    What is there not at all is left to whoever opens it.
    """
    file = index_file(prefix)
    old = not file.exists() and prefix.is_file() and is_table(prefix)
    return prefix if old else file


def _readable(stored: Stored) -> np.dtype:
    """NumPy's dtype of a tensor; `Damage` where it can have no array of it."""
    dtype, axes = numpy_dtype(stored.dtype), len(stored.tensor.shape)
    if dtype is None:
        raise Damage(
            f"there are no arrays of its dtype, {stored.tensor.dtype}", remedy=_OTHERS
        )
    if axes > _MOST_AXES:
        raise Damage("no array has so many axes", found=f"{axes}", remedy=_OTHERS)
    return dtype


def _view(shards: Shards, entry: Entry, name: str) -> np.ndarray:
    with told_of(shards.file(entry)), of_tensor(name):
        return shards.view(entry)


def _array(
    shards: Shards, entry: Entry, view: np.ndarray, dtype: np.dtype, name: str
) -> np.ndarray:
    """The bytes of `entry` as numbers, once they are found to be those written."""
    with told_of(shards.file(entry)), of_tensor(name):
        require_crc(view.data, entry.crc, "its data")
        used = used_bytes(dtype.name)
        if used is not None and not used[view].all():
            raise Damage(f"it has a byte that stands for no {dtype}")
    array = view.view(dtype).reshape(entry.shape)
    if not array.flags.aligned:
        array = array.copy()
        array.setflags(write=False)
    return array
