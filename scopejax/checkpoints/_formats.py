"""The formats, and which of them a path means."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.texts import brief
from . import _bundles, _orbax, _safetensors, _tensorflow
from ._entry import Reader, Source
from ._folders import is_orbax
from ._shards import index_of, open_safetensors


class Format(NamedTuple):
    """One format.

    Attributes:
      is_at: whether what lies at a path is of this format.
      is_named: whether a path that is to be written means this format.
      read: opens what lies at a path.
      write: ``write(path, sources, metadata)``.
      needs: the module it takes, and the extra that brings it.
      keeps_kinds: whether there is a place to write what an array was before.
    """

    is_at: Callable[[Path], bool]
    is_named: Callable[[Path], bool]
    read: Callable[[Path], Reader]
    write: Callable[[Path, Sequence[Source], Mapping[str, str]], None]
    needs: tuple[str, str]
    keeps_kinds: bool = True


# The first that fits is meant.
FORMATS: Mapping[str, Format] = {
    _orbax.KIND: Format(
        is_orbax,
        lambda path: not path.suffix,
        _orbax.OrbaxReader,
        _orbax.write,
        ("orbax.checkpoint", "orbax"),
    ),
    _bundles.KIND: Format(
        lambda path: _tensorflow.find(path) is not None,
        lambda path: path.suffix.startswith(".ckpt"),
        _bundles.TensorFlowReader,
        _bundles.write,
        ("google_crc32c", "tf1"),
        keeps_kinds=False,
    ),
    _safetensors.KIND: Format(
        lambda path: not path.is_dir() or index_of(path) is not None,
        lambda path: path.suffix == _safetensors.SUFFIX,
        open_safetensors,
        _safetensors.write,
        ("safetensors", "safetensors"),
    ),
}


def to_read(path: Path, name: str | None) -> Format:
    """The format of what lies at `path`, or the one that is named."""
    return _one(path, name, lambda form: form.is_at(path), "no checkpoint is there")


def to_write(path: Path, name: str | None) -> Format:
    """The format that `path` means, or the one that is named."""
    ending = f"{brief(path.suffix)} stands for none"
    return _one(path, name, lambda form: form.is_named(path), ending)


def _one(
    path: Path, name: str | None, fits: Callable[[Format], bool], why: str
) -> Format:
    if name is not None and name not in FORMATS:
        raise InvalidArgumentError(
            f"format must be one of {', '.join(FORMATS)}, but received: {brief(name)}",
            where=user_line(),
        )
    found = FORMATS[name] if name else next(filter(fits, FORMATS.values()), None)
    if found is None:
        raise InvalidArgumentError(
            f"Which format is {path}? {why}.",
            expected="net.safetensors; a directory of orbax, 'step_1000'; or TF1's"
            " prefix, 'model.ckpt-1000'",
            where=user_line(),
            remedy=f"Pass format=, one of {', '.join(FORMATS)}.",
        )
    _require(*found.needs)
    return found


def _require(module: str, extra: str) -> None:
    """Raises where the library is missing, with the way to install it."""
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"This needs {module}: pip install 'scopejax[{extra}]'"
        ) from error
