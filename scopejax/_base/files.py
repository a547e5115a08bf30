"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from .errors import InvalidArgumentError
from .lines import user_line
from .texts import brief

_MUCH = 1 << 24  # bytes


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A path beside `target` to write to; what is there at the end is moved there.

    Whoever looks at `target`, at whatever moment, finds the old file or the new one. If
    the block raises, nothing is left; if the process is killed, a file whose name
    begins with a dot.
    """
    beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        yield beside
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def hand_over(file: BinaryIO, start: int) -> int:
    """Has the disk begin with what was written from `start` on, if that is much.

    Nothing waits for it. The sync at the end then finds most of the work done.

    Returns:
      Where what has not been handed over begins.
    """
    end = file.tell()
    if end - start < _MUCH or not hasattr(os, "posix_fadvise"):
        return start
    file.flush()
    with suppress(OSError):  # it is advice: Linux writes out what is not needed
        os.posix_fadvise(file.fileno(), start, end - start, os.POSIX_FADV_DONTNEED)
    return end


def as_path(path: Any) -> Path:
    """What the user gave as a path.

    Raises:
      InvalidArgumentError: it is none, or no file can have that name.
    """
    try:
        if b"\0" in os.fsencode(path) or not os.fspath(path):
            raise ValueError("no file has that name")
        return Path(os.fsdecode(path))
    except (TypeError, ValueError) as error:  # a lone surrogate is a ValueError
        raise InvalidArgumentError(
            f"path must be a path, but received: {brief(path)}",
            expected="a string or an os.PathLike",
            found=type(path).__name__,
            where=user_line(),
        ) from error


def is_special(path: Path) -> bool:
    """Whether `path` is a pipe, a socket or a device: reading it may never end."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _sync_folder(folder: Path) -> None:
    """Has the disk keep the move, where a folder can be opened at all."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(target: Path, data: bytes) -> None:
    """Writes beside `target` and moves the result there."""
    with whole_file(target) as beside, beside.open("xb") as file:
        file.write(data)
