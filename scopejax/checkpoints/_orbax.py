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

from .._base.errors import CheckpointError, InvalidArgumentError
from .._base.lines import user_line
from .._base.trees import from_flat
from ._entry import Entry, Reader, Source
from ._folders import items_in, newest_step, trees_in
from ._leaves import kind_of_dtype, with_kinds

KIND = "orbax"


def _library() -> Any:
    """orbax.checkpoint, which takes a third of a second to import."""
    return importlib.import_module("orbax.checkpoint")


class OrbaxReader(Reader):
    """A checkpoint directory, the newest of a manager; its trees say what is in it."""

    kind = KIND

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        path = (newest_step(path) or path).absolute()
        trees = trees_in(path)
        self._checkpointer = _library().PyTreeCheckpointer()
        if not trees:
            raise _damaged(path, f"none of its items is a tree: {_listed(path)}")
        self._trees = [_Tree(self._checkpointer, *tree) for tree in trees.items()]
        self.metadata: Mapping[str, str] = self._trees[0].metadata
        self.entries: Sequence[Entry] = with_kinds(
            [entry for tree in self._trees for entry in tree.entries], self.metadata
        )

    def read(self, entry: Entry) -> np.ndarray:
        """The array, in the memory of this process."""
        _require_array(entry)
        return np.asarray(self._restore({entry.stored: _in_numpy()})[entry.stored])

    def read_all(
        self, entries: Sequence[Entry], shardings: Sequence[Any]
    ) -> Sequence[Any]:
        """The arrays on their shardings; each device is given what it holds alone."""
        for entry in entries:
            _require_array(entry)
        ocp = _library()
        kinds = {
            entry.stored: ocp.ArrayRestoreArgs(sharding=sharding)
            if sharding is not None
            else _in_numpy()
            for entry, sharding in zip(entries, shardings, strict=True)
        }
        restored = self._restore(kinds)
        return [restored[entry.stored] for entry in entries]

    def _restore(self, kinds: Mapping[str, Any]) -> dict[str, Any]:
        """The arrays that `kinds` names, and no others."""
        found: dict[str, Any] = {}
        for tree in self._trees:
            below = {name: kinds[name] for name in tree.names if name in kinds}
            found.update(tree.restore(below) if below else {})
        return found

    def close(self) -> None:
        """Lets go of the file."""
        self._checkpointer.close()


class _Tree:
    """One tree of a checkpoint.

    Attributes:
      entries: its arrays.
      metadata: what is written beside them.
      names: of the entries, as stored.
    """

    def __init__(self, checkpointer: Any, begin: str, path: Path) -> None:
        self._checkpointer, self._begin, self._path = checkpointer, begin, path
        try:
            described = checkpointer.metadata(path)
        except Exception as error:
            raise _damaged(path, _told(error)) from error
        self._tree = getattr(described.item_metadata, "tree", None)
        if self._tree is None:
            raise _damaged(path, "what describes its arrays is missing or damaged.")
        self.metadata = {
            key: str(value) for key, value in (described.custom_metadata or {}).items()
        }
        leaves = jax.tree_util.tree_flatten_with_path(self._tree)[0]
        self.entries = [_entry(self._name(keys), leaf) for keys, leaf in leaves]
        self.names = [entry.stored for entry in self.entries]

    def _name(self, keys: Any) -> str:
        return self._begin + jax.tree_util.keystr(keys, simple=True, separator="/")

    def restore(self, kinds: Mapping[str, Any]) -> dict[str, Any]:
        """The arrays that `kinds` names, in the way that it says."""
        ocp = _library()

        def over_tree(chosen: Any, rest: Any) -> Any:
            def leaf(keys: Any, leaf: Any) -> Any:
                name = self._name(keys)
                return chosen(name) if name in kinds else rest()

            return jax.tree_util.tree_map_with_path(leaf, self._tree)

        item = over_tree(lambda name: 0, lambda: ocp.PLACEHOLDER)
        args = over_tree(kinds.__getitem__, ocp.RestoreArgs)
        try:
            tree = self._checkpointer.restore(
                self._path, args=ocp.args.PyTreeRestore(item=item, restore_args=args)
            )
        except Exception as error:
            raise _damaged(self._path, _told(error)) from error
        leaves = jax.tree_util.tree_flatten_with_path(tree)[0]
        return {self._name(keys): leaf for keys, leaf in leaves}


def _in_numpy() -> Any:
    return _library().RestoreArgs(restore_type=np.ndarray)


def _listed(path: Path) -> str:
    return ", ".join(items_in(path)) or "there are none"


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


def _entry(name: str, leaf: Any) -> Entry:
    """What the metadata of one leaf say; a leaf without a dtype is a string."""
    dtype = getattr(leaf, "dtype", None)
    if dtype is None:
        return Entry(name, (), "string", 0, "", name)
    shape = tuple(getattr(leaf, "shape", None) or ())
    dtype = jnp.dtype(dtype)
    nbytes = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
    is_number = isinstance(leaf, _library().metadata.value.ScalarMetadata)
    kind = kind_of_dtype(dtype) if is_number else ""
    return Entry(name, shape, str(dtype), nbytes, "", name, kind)


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
