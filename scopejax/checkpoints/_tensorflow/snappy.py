"""Blocks that Snappy has compressed.

https://github.com/google/snappy/blob/main/format_description.txt
"""

from __future__ import annotations

from .damage import Damage
from .extra import extra
from .wire import Cursor

# A copy of 64 bytes takes three, and nothing saves more.
_GREATEST_RATIO = 64 / 3


def decompress(data: bytes) -> bytes:
    """The bytes that were compressed; what claims to be more than it can is damage."""
    size = Cursor(data).varint(32)
    most = int(_GREATEST_RATIO * len(data))
    if size > most:
        raise Damage(
            "a compressed block claims to hold more than it can",
            f"at most {most} bytes",
            f"{size} bytes",
        )
    cramjam = extra("cramjam", "cramjam")
    try:
        return bytes(cramjam.snappy.decompress_raw(data))
    except cramjam.DecompressionError as error:
        raise Damage("a compressed block cannot be read", found=str(error)) from None
