"""Which checkpoint a path means."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ..._base.errors import CheckpointError
from ..._base.lines import user_line
from .shards import index_file
from .table import is_table

_STATE = "checkpoint"  # the text file in which TensorFlow keeps the newest's name
_LONGEST = 1 << 16  # bytes of it that are looked at
_NEWEST = re.compile(
    rb"""^[ \t]*model_checkpoint_path[ \t]*:[ \t]*(["'])((?:\\.|[^\\\n])*?)\1""",
    re.MULTILINE,
)
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(.))")
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_ANY_SHARD = "?????"  # in the names of old checkpoints in several files


def find(path: str | os.PathLike[str]) -> Path | None:
    """The prefix of the checkpoint that `path` means.

    Args:
      path: a prefix, ``"run/model.ckpt-123"``; its ``.index`` file; or a folder with
        the text file ``checkpoint`` that TensorFlow keeps there, which names the
        newest. Where that name is absolute and nothing is there, the folder was moved,
        and the same name in the folder is meant.

    Returns:
      The prefix, for `Bundle`; None where `path` is none of these.

    Raises:
      CheckpointError: the folder's file names a checkpoint that is not there.

    >>> find("no/such/model.ckpt") is None
    True
    """
    path = Path(path)
    if path.suffix == ".index" and os.path.isfile(path):
        return path.with_suffix("")
    if _is_there(path):
        return path
    state = path / _STATE
    newest = _newest(state) if os.path.isfile(state) else None
    if newest is None:
        return None
    for prefix in _meant(newest, path):
        if _is_there(prefix):
            return prefix
    raise CheckpointError(
        f"{state} names a checkpoint that is not there.",
        expected=f"{index_file(path / newest)}",
        where=user_line(),
        remedy="Name the checkpoint itself: its path without .index.",
    )


def _is_there(prefix: Path) -> bool:
    """Whether there is a bundle, or a file of the format before."""
    if not prefix.name:
        return False
    old = os.path.isfile(prefix) and is_table(prefix)
    return old or os.path.isfile(index_file(prefix))


def _newest(state: Path) -> str | None:
    """The name in the text file; None where it is a file of another kind."""
    with state.open("rb") as file:
        found = _NEWEST.search(file.read(_LONGEST))
    if found is None:
        return None
    try:
        return _ESCAPE.sub(_unescaped, found[2]).decode() or None
    except UnicodeDecodeError:
        return None


def _unescaped(escape: re.Match[bytes]) -> bytes:
    octal, letter = escape.groups()
    return bytes([int(octal, 8) & 0xFF]) if octal else _ESCAPED.get(letter, letter)


def _meant(newest: str, folder: Path) -> Iterator[Path]:
    name = newest.replace(_ANY_SHARD, "00000")
    yield folder / name
    yield folder / Path(name).name
