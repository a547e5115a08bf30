"""The safetensors format: one file, flat names, written array by array.

The library opens files and says what is in them, which checks them, too. The numbers
are then read where they lie: its NumPy interface knows no 8-bit floats.
https://github.com/huggingface/safetensors describes the format.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._base.errors import CheckpointError, InvalidArgumentError
from .._base.files import hand_over, whole_file
from .._base.lines import user_line
from .._base.texts import cut
from ._entry import Entry, Reader, Source
from ._leaves import with_kinds

KIND = "safetensors"
SUFFIX = ".safetensors"

# What the format calls a dtype -> what NumPy does.
_DTYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "U16": "uint16",
    "I16": "int16",
    "U32": "uint32",
    "I32": "int32",
    "U64": "uint64",
    "I64": "int64",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E8M0": "float8_e8m0fnu",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
    "C64": "complex64",
}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}
_RESERVED = "__metadata__"


class SafetensorsReader(Reader):
    """A safetensors file, mapped into memory."""

    kind = KIND

    def __init__(self, path: Path) -> None:
        from safetensors import SafetensorError, safe_open

        _require_file(path)
        state = _state(path)  # Python's own error where there is nothing
        try:
            with safe_open(path, framework="numpy") as file:
                self.metadata: Mapping[str, str] = file.metadata() or {}
                slices = {name: file.get_slice(name) for name in file.offset_keys()}
                found = [
                    _entry(name, tuple(part.get_shape()), part.get_dtype())
                    for name, part in slices.items()
                ]
        except SafetensorError as error:
            raise CheckpointError(
                f"{path} is no whole safetensors file: {error}",
                where=user_line(),
                remedy="Save it again, or fetch it again if it was copied.",
            ) from error
        self.entries: Sequence[Entry] = with_kinds(found, self.metadata)
        for entry in self.entries:
            _require_axes(path, entry)
        self._data = _numbers(path)
        if _state(path) != state:
            raise CheckpointError(
                f"{path} was changed while it was opened.",
                where=user_line(),
                remedy="Load it again.",
            )
        self._starts = dict(zip(slices, self._offsets(), strict=True))

    def _offsets(self) -> Iterator[int]:
        """Where each array begins: they lie one after another, without a hole."""
        start = 0
        for entry in self.entries:
            yield start
            start += entry.nbytes

    def read(self, entry: Entry) -> np.ndarray:
        """A view of the file."""
        if entry.dtype not in _CODES:
            raise CheckpointError(
                f"{entry.name} has the dtype {entry.dtype}, which JAX has not.",
                name=entry.name,
                where=user_line(),
                remedy="Leave it out with select=.",
            )
        start = self._starts[entry.stored]
        numbers = self._data[start : start + entry.nbytes]
        return numbers.view(jnp.dtype(entry.dtype)).reshape(entry.shape)

    def close(self) -> None:
        """Lets go of the file."""
        del self._data


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise CheckpointError(
            f"{path} is a folder, and a safetensors file is wanted.",
            where=user_line(),
            nearest=sorted(map(str, path.glob(f"*{SUFFIX}")))[:3],
            remedy="Name the file in it.",
        )


_MOST_AXES = 64  # that NumPy's arrays can have


def _require_axes(path: Path, entry: Entry) -> None:
    if len(entry.shape) > _MOST_AXES:
        raise CheckpointError(
            f"{path} has an array of {len(entry.shape)} axes, {cut(entry.name)}.",
            name=entry.name,
            expected=f"{_MOST_AXES} axes at most",
            where=user_line(),
        )


def _entry(name: str, shape: tuple[int, ...], code: str) -> Entry:
    dtype = _DTYPES.get(code, code)
    bits = 8 * jnp.dtype(dtype).itemsize if code in _DTYPES else _bits(code)
    return Entry(name, shape, dtype, bits * math.prod(shape) // 8, "", name)


def _bits(code: str) -> int:
    """How many bits a number takes whose dtype is not in the table: F4, F6_E2M3."""
    return int("".join(filter(str.isdecimal, code.partition("_")[0])))


def _state(path: Path) -> tuple[int, ...]:
    """What changes when a file is written or replaced."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _numbers(path: Path) -> np.ndarray:
    """All of the file behind its header, as bytes."""
    with path.open("rb") as file:
        start = 8 + int.from_bytes(file.read(8), "little")
    if path.stat().st_size == start:  # what is empty cannot be mapped
        return np.zeros(0, np.uint8)
    numbers = np.memmap(path, np.uint8, mode="r", offset=start)
    return np.asarray(numbers)  # a plain array is cut in half the time


def write(path: Path, sources: Sequence[Source], metadata: Mapping[str, str]) -> None:
    """Writes a file that appears whole or not at all, one array after another."""
    for source in sources:
        _require_storable(source)
    # Wide numbers first, so that all of them are aligned, as the library has it.
    ordered = sorted(sources, key=lambda s: (-jnp.dtype(s.dtype).itemsize, s.name))
    with whole_file(path) as beside, beside.open("xb") as file:
        file.write(_header(ordered, metadata))
        begun = 0
        for source in ordered:
            array = np.ascontiguousarray(source.bring())
            file.write(array.reshape(-1).view(np.uint8).data)
            begun = hand_over(file, begun)


def _require_storable(source: Source) -> None:
    if source.dtype in _CODES and source.name != _RESERVED:
        return
    name = source.name == _RESERVED
    what = "name" if name else f"dtype {source.dtype}"
    raise InvalidArgumentError(
        f"{source.name} cannot be saved: safetensors has no such {what}.",
        name=source.name,
        where=user_line(),
        remedy="Give it another name." if name else "Cast it, or save with orbax.",
    )


def _header(sources: Sequence[Source], metadata: Mapping[str, str]) -> bytes:
    header: dict[str, Any] = {_RESERVED: dict(metadata)} if metadata else {}
    end = 0
    for source in sources:
        start, dtype = end, jnp.dtype(source.dtype)
        end += math.prod(source.shape) * dtype.itemsize
        header[source.name] = {
            "dtype": _CODES[source.dtype],
            "shape": list(source.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text
