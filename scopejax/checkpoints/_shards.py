"""Safetensors files that hold a checkpoint together, as Hugging Face's do.

Beside them lies ``model.safetensors.index.json``, which says what is in which.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from .._base.errors import CheckpointError
from .._base.lines import user_line
from ._entry import Entry, Reader
from ._safetensors import KIND, SafetensorsReader

_INDEX = ".safetensors.index.json"


def index_of(path: Path) -> Path | None:
    """The index that `path` is or, a folder, holds; None where there is none."""
    if path.is_dir():
        found = sorted(path.glob(f"*{_INDEX}"))
        return found[0] if len(found) == 1 else None
    return path if path.name.endswith(_INDEX) else None


def open_safetensors(path: Path) -> Reader:
    """The reader of a file, or of all files of an index."""
    index = index_of(path)
    return SafetensorsReader(path) if index is None else ShardsReader(index)


class ShardsReader(Reader):
    """The files of an index as one checkpoint."""

    kind = KIND

    def __init__(self, index: Path) -> None:
        files = _files(index)
        self.metadata: Mapping[str, str] = {}  # that of an index is its total size
        self._readers: dict[str, SafetensorsReader] = {}
        try:
            for file in dict.fromkeys(files.values()):
                self._readers[file] = _opened(index, file)
            self._files = files
            self.entries: Sequence[Entry] = _entries(index, files, self._readers)
        except BaseException:
            self.close()
            raise

    def read(self, entry: Entry) -> np.ndarray:
        """A view of the file that has it."""
        return self._readers[self._files[entry.stored]].read(entry)

    def close(self) -> None:
        """Lets go of the files."""
        for reader in self._readers.values():
            reader.close()


def _files(index: Path) -> dict[str, str]:
    """Which file each array is in."""
    try:
        files = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        if all(_is_beside(index, file) for file in files.values()):
            return dict(files)
    except (ValueError, LookupError, TypeError, AttributeError):
        pass
    raise CheckpointError(
        f"{index} is not an index of safetensors files.",
        expected='{"weight_map": {"name": "model-00001-of-00002.safetensors"}}',
        where=user_line(),
        remedy="Fetch it again, or load the files that are beside it one by one.",
    )


def _is_beside(index: Path, file: str) -> bool:
    """Whether a file is in the folder of the index, from which no name leads out."""
    return (index.parent / file).parent == index.parent


def _opened(index: Path, file: str) -> SafetensorsReader:
    try:
        return SafetensorsReader(index.parent / file)
    except FileNotFoundError:
        raise CheckpointError(
            f"{index} names a file that is missing: {file}",
            where=user_line(),
            nearest=sorted(path.name for path in index.parent.glob("*.safetensors")),
            remedy="Copy all files of the checkpoint beside its index.",
        ) from None


def _entries(
    index: Path, files: Mapping[str, str], readers: Mapping[str, Reader]
) -> list[Entry]:
    """What the index names, in the order of the files."""
    held = [(e, file) for file, reader in readers.items() for e in reader.entries]
    lost = files.items() - {(entry.name, file) for entry, file in held}
    for name, file in sorted(lost):
        raise CheckpointError(
            f"{index} says that {name} is in {file}, which does not have it.",
            name=name,
            where=user_line(),
            remedy="Copy all files of the checkpoint once more.",
        )
    return [entry for entry, file in held if files.get(entry.name) == file]
