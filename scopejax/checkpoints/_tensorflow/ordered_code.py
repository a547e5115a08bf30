"""The keys under which the slices of a partitioned variable stand.

They are sorted as the names, ranks and extents that they encode, and before all names.
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/lib/strings/ordered_code.h
"""

from __future__ import annotations

import re

from .messages import Slice

PREFIX = b"\0"
"""How the key of a slice begins, and no other."""

SEPARATOR = b"\0\1"
"""What ends the name in it."""


def number(value: int) -> bytes:
    """A number from 0 on: how many bytes it has, then they, the highest first.

    >>> number(0), number(258)
    (b'\\x00', b'\\x02\\x01\\x02')
    """
    size = (value.bit_length() + 7) // 8
    return bytes([size]) + value.to_bytes(size, "big")


def string(value: bytes) -> bytes:
    """Bytes and an end mark; after 0 and 255, which begin marks, comes the other one.

    >>> string(b"a"), string(bytes([0]))
    (b'a\\x00\\x01', b'\\x00\\xff\\x00\\x01')
    """
    return re.sub(rb"\0|\xff", _escaped, value) + SEPARATOR


def _escaped(special: re.Match[bytes]) -> bytes:
    return special[0] + bytes([255 - special[0][0]])


def signed(value: int) -> bytes:
    """A number of 64 bits with its sign.

    As many bits as there are bytes begin it, all 1 (0 where the number is negative),
    and then one of the other kind; the rest is the number in two's complement.

    >>> signed(0), signed(-1), signed(64)
    (b'\\x80', b'\\x7f', b'\\xc0@')
    """
    magnitude = ~value if value < 0 else value
    size = magnitude.bit_length() // 7 + 1
    marks = (1 << size) - 1 << 7 * size
    whole = (1 << 8 * size) - 1
    return ((value & whole) ^ (marks & whole)).to_bytes(size, "big")


def slice_key(name: bytes, extents: Slice) -> bytes:
    """The key of one slice of the variable `name`."""
    code = [number(0), string(name), number(len(extents))]
    code += [signed(value) for extent in extents for value in extent]
    return b"".join(code)
