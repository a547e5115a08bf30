"""TensorFlow's dtypes: their numbers in a file, their names, and NumPy's for them."""

from __future__ import annotations

import functools

import ml_dtypes
import numpy as np

NAMES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "string",
    8: "complex64",
    9: "int64",
    10: "bool",
    11: "qint8",
    12: "quint8",
    13: "qint32",
    14: "bfloat16",
    15: "qint16",
    16: "quint16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    20: "resource",
    21: "variant",
    22: "uint32",
    23: "uint64",
    24: "float8_e5m2",
    25: "float8_e4m3fn",
    26: "float8_e4m3fnuz",
    27: "float8_e4m3b11fnuz",
    28: "float8_e5m2fnuz",
    29: "int4",
    30: "uint4",
    31: "int2",
    32: "uint2",
    33: "float4_e2m1fn",
}
_NUMBERS = {name: number for number, name in NAMES.items()}
_NO_NUMBERS = ("string", "resource", "variant")

# The dtypes that do not use all bits of their byte, and the bytes that they do use.
_BYTES: dict[str, range] = {
    "bool": range(2),
    "int4": range(-8, 8),
    "uint4": range(16),
    "int2": range(-2, 2),
    "uint2": range(4),
    "float4_e2m1fn": range(16),
}


def name_of(number: int) -> str:
    """TensorFlow's name of a dtype.

    >>> name_of(19), name_of(99)
    ('float16', 'unknown(99)')
    """
    return NAMES.get(number, f"unknown({number})")


def number_of(dtype: np.dtype) -> int | None:
    """The number of a NumPy dtype; None where TensorFlow has none for it."""
    return _NUMBERS.get(dtype.name)


@functools.cache
def numpy_dtype(number: int) -> np.dtype | None:
    """NumPy's dtype; None where there is none, as for text and quantized numbers."""
    name = NAMES.get(number)
    if name is None or name in _NO_NUMBERS or name.lstrip("u").startswith("qint"):
        return None
    kind = getattr(ml_dtypes, name, None) or getattr(np, name, None)
    return None if kind is None else np.dtype(kind)


@functools.cache
def used_bytes(name: str) -> np.ndarray | None:
    """Which of the 256 bytes stand for a value; None where each of them does.

    Returns:
      `(256,)`, bool.
    """
    values = _BYTES.get(name)
    if values is None:
        return None
    used = np.zeros(256, bool)
    used[[value % 256 for value in values]] = True
    return used
