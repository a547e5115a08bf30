"""The wire format of protocol buffers, as far as bundles need it.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .damage import Damage

_CUT_SHORT = "a record is cut short"


class Cursor:
    """Reads on through some bytes, and never past their end."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self._data) - self._at

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        if size > self.left:
            raise Damage(_CUT_SHORT, f"{size} bytes", f"{self.left} bytes")
        start, self._at = self._at, self._at + size
        return self._data[start : self._at]

    def varint(self, bits: int = 64) -> int:
        """The next number of variable length: seven bits a byte, the lowest first."""
        value, encoded = 0, self._data[self._at : self._at + 10]
        for i, byte in enumerate(encoded):
            value |= (byte & 0x7F) << 7 * i
            if byte < 0x80:
                break
        else:
            short = len(encoded) < 10
            raise Damage(_CUT_SHORT if short else "a number is longer than 10 bytes")
        self._at += i + 1
        if value >> bits:
            raise Damage("a number is too great", f"at most {bits} bits", f"{value}")
        return value

    def fixed32(self) -> int:
        """The next four bytes as a number."""
        return int.from_bytes(self.take(4), "little")


def varint(value: int) -> bytes:
    """A number from 0 to 2**64 - 1 as `Cursor.varint` reads it.

    >>> varint(300)
    b'\\xac\\x02'
    """
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_READERS = {
    VARINT: Cursor.varint,
    FIXED64: lambda cursor: int.from_bytes(cursor.take(8), "little"),
    BYTES: lambda cursor: cursor.take(cursor.varint(31)),
    FIXED32: Cursor.fixed32,
}


class Field(NamedTuple):
    """What a message may hold under one number.

    Attributes:
      name: how `parse` calls it.
      wire: one of the four constants above.
      bits: how wide the number is, sign included.
      repeated: whether it is a list.
    """

    name: str
    wire: int
    bits: int = 64
    repeated: bool = False


Fields = Mapping[int, Field]


def parse(data: bytes, fields: Fields) -> dict[str, Any]:
    """The known fields of a message that are there; unknown ones are left out.

    A field that is no list and comes twice, or as another wire type, is damage:
    nothing writes bundles so.
    """
    found: dict[str, Any] = {}
    for number, wire, value in _raw_fields(data):
        field = fields.get(number)
        if field is None:
            continue
        if wire != field.wire:
            raise Damage(
                f"the field {field.name} is of another kind",
                f"wire type {field.wire}",
                f"wire type {wire}",
            )
        if wire == VARINT:
            value = _signed(value, field)
        if field.repeated:
            found.setdefault(field.name, []).append(value)
        elif field.name in found:
            raise Damage(f"the field {field.name} comes twice")
        else:
            found[field.name] = value
    return found


def _raw_fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    cursor = Cursor(data)
    while cursor.left:
        number, wire = divmod(cursor.varint(32), 8)
        if not number or wire not in _READERS:
            raise Damage(
                "a record has a field of no kind that is known",
                found=f"field {number}, wire type {wire}",
            )
        yield number, wire, _READERS[wire](cursor)


def _signed(value: int, field: Field) -> int:
    """A number in two's complement; narrow ones are sign-extended to 64 bits."""
    signed = value - (1 << 64) if value >> 63 else value
    limit = 1 << field.bits - 1
    if not -limit <= signed < limit:
        raise Damage(
            f"the field {field.name} is too great", f"{field.bits} bits", f"{signed}"
        )
    return signed


def put(number: int, value: int | bytes) -> bytes:
    """A field that is a number or bytes; a number that is 0 is left out."""
    if isinstance(value, bytes):
        return varint(number << 3 | BYTES) + varint(len(value)) + value
    return varint(number << 3 | VARINT) + varint(value) if value else b""


def put_fixed32(number: int, value: int) -> bytes:
    """A field of four bytes; 0 is left out."""
    key = varint(number << 3 | FIXED32)
    return key + value.to_bytes(4, "little") if value else b""
