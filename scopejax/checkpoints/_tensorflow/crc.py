"""CRC-32C, and the mask under which TensorFlow stores it."""

from __future__ import annotations

from collections.abc import Iterator

from .damage import Damage
from .extra import extra

CHUNK = 1 << 18  # bytes; what is summed or written at a time

Data = bytes | memoryview


def chunks(data: Data) -> Iterator[bytes]:
    """The bytes in pieces that fit into the processor's cache."""
    for start in range(0, len(data), CHUNK):
        yield bytes(data[start : start + CHUNK])


def extend(crc: int, piece: bytes) -> int:
    """The checksum of what had `crc` with `piece` after it."""
    total: int = extra("google_crc32c", "google-crc32c").extend(crc, piece)
    return total


def mask(crc: int) -> int:
    """What stands in the file for `crc`: turned by 15 bits, and shifted.

    So the checksum of data that holds its own checksum is not always the same.
    """
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def masked_crc(data: Data) -> int:
    """The checksum of `data` as it stands in a file.

    >>> hex(masked_crc(b"123456789"))
    '0xc78ab0e5'
    """
    crc = 0
    for piece in chunks(data):
        crc = extend(crc, piece)
    return mask(crc)


def require_crc(data: Data, stored: int, what: str) -> None:
    """Raises `Damage` unless `stored` is the masked checksum of `data`."""
    computed = masked_crc(data)
    if computed != stored:
        raise Damage(
            f"the checksum of {what} does not fit",
            expected=f"{stored:#010x}",
            found=f"{computed:#010x}",
        )
