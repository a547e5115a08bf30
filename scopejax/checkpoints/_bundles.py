"""TensorFlow's own checkpoints, with what optimizers kept told apart from variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from . import _tensorflow
from ._entry import Entry, Reader, Source

KIND = "tf1"
_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"  # TensorFlow 2 describes its objects in it


class TensorFlowReader(Reader):
    """A checkpoint in TensorFlow's format; its numbers are mapped into memory."""

    kind = KIND

    def __init__(self, path: Path) -> None:
        self.metadata: Mapping[str, str] = {}  # the format has no place for it
        self._bundle = _tensorflow.Bundle(_tensorflow.find(path) or path)
        tensors = [t for name, t in self._bundle.tensors.items() if name != _GRAPH]
        shapes = {tensor.name: tensor.shape for tensor in tensors}
        parts = _tensorflow.parts(shapes, shapes)
        self.entries: Sequence[Entry] = [
            Entry(
                parts[tensor.name].variable,
                tensor.shape,
                tensor.dtype,
                tensor.nbytes,
                parts[tensor.name].slot,
                tensor.name,
            )
            for tensor in tensors
        ]

    def read(self, entry: Entry) -> np.ndarray:
        """A view of the file where that can be; its checksum is checked."""
        return self._bundle.read(entry.stored)

    def close(self) -> None:
        """Lets go of the file."""
        self._bundle.close()


class _Brought(Mapping[str, np.ndarray]):
    """Sources as a mapping that brings each array when it is asked for."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    def __getitem__(self, name: str) -> np.ndarray:
        return np.asarray(self._sources[name].bring())

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


def write(path: Path, sources: Sequence[Source], metadata: Mapping[str, str]) -> None:
    """Writes a checkpoint that TensorFlow reads; it has no place for `metadata`."""
    names = _tensorflow.to_tf1_names(source.name for source in sources)
    _tensorflow.write(path, _Brought({names[s.name]: s for s in sources}))
