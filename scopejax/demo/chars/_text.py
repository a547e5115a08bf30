"""The text: sources of Python's standard library, which every Python ships."""

from __future__ import annotations

import hashlib
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._obstacles import Obstacle

Array = NDArray[Any]
# What prints in ASCII, the newline, and the tab, which stands for four spaces: so that
# a line's indentation does not fill the window.
ALPHABET = "\n\t" + "".join(map(chr, range(ord(" "), ord("~") + 1)))
VOCABULARY = len(ALPHABET)
LEAST = 100_000  # characters; what is there where most sources are missing is less


class Text(NamedTuple):
    """Characters to train on and others, held out: `(n,)`, uint8, by `encode`."""

    train: Array
    held_out: Array

    @property
    def digest(self) -> str:
        """Tells this text from any other."""
        parts = (hashlib.sha256(part.tobytes()).digest() for part in self)
        return hashlib.sha256(b"".join(parts)).hexdigest()


def read(folder: Path | None = None) -> Text:
    """The modules in `folder`, in the order of their names; every tenth is held out.

    Args:
      folder: the running Python's standard library by default.

    Raises:
      Obstacle: there are no sources, or too few.
    """
    folder = folder or Path(sysconfig.get_path("stdlib"))
    files = modules(folder)
    held_out = files[::10]
    text = Text(join(f for f in files if f not in held_out), join(held_out))
    if min(map(len, text)) < LEAST:
        raise Obstacle(
            f"the text to train on is the sources of Python's standard library, and"
            f" {str(folder)!r} holds {len(files)} of them: run it with a Python that"
            " has its .py files"
        )
    return text


def modules(folder: Path) -> list[Path]:
    """Files of the standard library right in `folder`; no packages, nobody else's."""
    files = (folder / f"{name}.py" for name in sorted(sys.stdlib_module_names))
    return [file for file in files if file.is_file()]


def join(files: Iterable[Path]) -> Array:
    """The characters of all files, one after the other."""
    return encode("".join(file.read_text("utf-8", "ignore") for file in files))


def encode(text: str) -> Array:
    """Characters as their places in ALPHABET, uint8; others are left out."""
    tabbed = text.expandtabs().replace("    ", "\t")
    codes = np.frombuffer(tabbed.encode("ascii", "ignore"), np.uint8)
    place = np.full(128, VOCABULARY, np.uint8)
    place[[ord(character) for character in ALPHABET]] = range(VOCABULARY)
    numbers: Array = place[codes]
    return numbers[numbers < VOCABULARY]


def decode(numbers: Any) -> str:
    """The text that `encode` made numbers of."""
    text = "".join(ALPHABET[number] for number in np.asarray(numbers))
    return text.replace("\t", "    ")
