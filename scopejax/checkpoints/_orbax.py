"""Orbax's format: a directory, written and read by each process for its own shards.

https://orbax.readthedocs.io describes it. The arrays lie in the structure of the tree;
names join its keys, a list's places counted, so that checkpoints of any train state can
be looked into.
"""

from __future__ import annotations

import errno
import importlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import SingleDeviceSharding

from .._base.errors import CheckpointError, InvalidArgumentError
from .._base.lines import user_line
from .._base.trees import from_flat
from ._entry import Entry, Reader, Source

KIND = "orbax"
_MARKS = ("_CHECKPOINT_METADATA", "_METADATA")
_ITEM = "default"  # the sub-directory of a tree that a CheckpointManager wrote
_UNFINISHED = ".orbax-checkpoint-tmp"  # in the name of what is being written


def is_orbax(path: Path) -> bool:
    """Whether `path` is a directory that orbax wrote, as a whole."""
    whole = _UNFINISHED not in path.name
    return whole and any((path / mark).is_file() for mark in _MARKS)


def _library() -> Any:
    """orbax.checkpoint, which takes a third of a second to import."""
    return importlib.import_module("orbax.checkpoint")


class OrbaxReader(Reader):
    """A checkpoint directory; what is in it comes from its metadata."""

    kind = KIND

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        ocp = _library()
        self._path = path.absolute()
        if (self._path / _ITEM / "_METADATA").is_file():
            self._path = self._path / _ITEM
        self._checkpointer = ocp.PyTreeCheckpointer()
        try:
            described = self._checkpointer.metadata(self._path)
        except Exception as error:
            raise _damaged(path, _told(error)) from error
        self._tree = getattr(described.item_metadata, "tree", None)
        if self._tree is None:
            raise _damaged(path, "what describes its arrays is missing or damaged.")
        self.metadata: Mapping[str, str] = {
            key: str(value) for key, value in (described.custom_metadata or {}).items()
        }
        leaves = jax.tree_util.tree_flatten_with_path(self._tree)[0]
        self.entries: Sequence[Entry] = [_entry(path, leaf) for path, leaf in leaves]

    def read(self, entry: Entry) -> np.ndarray:
        """The array, in the memory of this process."""
        _require_array(entry)
        ocp = _library()
        kinds = {entry.name: ocp.RestoreArgs(restore_type=np.ndarray)}
        return np.asarray(self._restore(kinds)[entry.name])

    def read_all(
        self, entries: Sequence[Entry], shardings: Sequence[Any]
    ) -> Sequence[jax.Array]:
        """The arrays on their shardings; each device is given what it holds alone."""
        for entry in entries:
            _require_array(entry)
        # With several processes the first of all devices may be another's.
        ocp, here = _library(), SingleDeviceSharding(jax.local_devices()[0])
        kinds = {
            entry.name: ocp.ArrayRestoreArgs(sharding=sharding or here)
            for entry, sharding in zip(entries, shardings, strict=True)
        }
        restored = self._restore(kinds)
        return [restored[entry.name] for entry in entries]

    def _restore(self, kinds: Mapping[str, Any]) -> dict[str, Any]:
        """The arrays that `kinds` names, and no others."""
        ocp = _library()

        def over_tree(chosen: Any, rest: Any) -> Any:
            return jax.tree_util.tree_map_with_path(
                lambda path, leaf: chosen(path) if _name(path) in kinds else rest(leaf),
                self._tree,
            )

        item = over_tree(lambda path: 0, lambda leaf: ocp.PLACEHOLDER)
        args = over_tree(
            lambda path: kinds[_name(path)], lambda leaf: ocp.RestoreArgs()
        )
        try:
            tree = self._checkpointer.restore(
                self._path, args=ocp.args.PyTreeRestore(item=item, restore_args=args)
            )
        except Exception as error:
            raise _damaged(self._path, _told(error)) from error
        leaves = jax.tree_util.tree_flatten_with_path(tree)[0]
        return {_name(path): leaf for path, leaf in leaves}

    def close(self) -> None:
        """Lets go of the file."""
        self._checkpointer.close()


def _damaged(path: Path, why: str) -> CheckpointError:
    return CheckpointError(f"{path} cannot be read by orbax: {why}", where=user_line())


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _require_array(entry: Entry) -> None:
    if entry.dtype == "string":
        raise CheckpointError(
            f"{entry.name} is no array.",
            name=entry.name,
            where=user_line(),
            remedy="Leave it out with select=.",
        )


def _name(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator="/")


def _entry(path: Any, leaf: Any) -> Entry:
    """What the metadata of one leaf say; a leaf without a dtype is a string."""
    name, dtype = _name(path), getattr(leaf, "dtype", None)
    if dtype is None:
        return Entry(name, (), "string", 0, "", name)
    shape = tuple(getattr(leaf, "shape", None) or ())
    dtype = jnp.dtype(dtype)
    nbytes = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
    return Entry(name, shape, str(dtype), nbytes, "", name)


def write(path: Path, sources: Sequence[Source], metadata: Mapping[str, str]) -> None:
    """Writes a directory that appears whole or not at all."""
    Saving(path, sources, metadata).finish()


class Saving:
    """A directory that is being written in the background.

    Making one copies the arrays to the host; `finish` waits for the rest.
    """

    def __init__(
        self, path: Path, sources: Sequence[Source], metadata: Mapping[str, str]
    ) -> None:
        _require_new(path)
        _require_folder(path.parent)
        _require_some(sources)
        for source in sources:
            _require_storable(source)
        tree = from_flat({source.name: source.bring() for source in sources})
        self._checkpointer = _library().StandardCheckpointer()
        self._checkpointer.save(path.absolute(), tree, custom_metadata=dict(metadata))

    def finish(self) -> None:
        """Waits until the directory is there."""
        try:
            self._checkpointer.wait_until_finished()
        finally:
            self._checkpointer.close()


def _require_new(path: Path) -> None:
    if path.exists():
        raise InvalidArgumentError(
            f"{path} exists, and a directory cannot be replaced at once.",
            where=user_line(),
            remedy="Save each checkpoint to a directory of its own, such as"
            " 'step_1000'; orbax's CheckpointManager keeps the last few.",
        )


def _require_folder(folder: Path) -> None:
    """Orbax would make folders, of whatever misspelt name; files have none made."""
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))


def _require_some(sources: Sequence[Source]) -> None:
    if not sources:
        raise InvalidArgumentError(
            "There is nothing to save: orbax takes no tree without arrays.",
            where=user_line(),
            remedy="Save to a .safetensors file.",
        )


def _require_storable(source: Source) -> None:
    if 0 in source.shape:
        raise InvalidArgumentError(
            f"{source.name} cannot be saved: orbax takes no array without numbers.",
            name=source.name,
            found=f"shape {source.shape}",
            where=user_line(),
            remedy="Save to a .safetensors file, or leave it out.",
        )
    if not _has(source.dtype):
        raise InvalidArgumentError(
            f"{source.name} cannot be saved: orbax has no dtype {source.dtype}.",
            name=source.name,
            where=user_line(),
            remedy="Cast it, or leave it out.",
        )


def _has(dtype: str) -> bool:
    """Whether the library that writes orbax's arrays knows the dtype."""
    try:
        importlib.import_module("tensorstore").dtype(jnp.dtype(dtype))
    except (TypeError, ValueError):
        return False
    return True
