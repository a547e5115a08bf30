"""Files as memory that is read only."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import numpy as np


def mapped(path: Path) -> np.ndarray:
    """The bytes of a file, `(size,)`, uint8; they are read as they are looked at."""
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return np.frombuffer(b"", np.uint8)
        return np.frombuffer(
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8
        )
