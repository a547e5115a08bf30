"""What is wrong with some bytes, told first without and then with the file's name."""

from __future__ import annotations

from pathlib import Path

from ..._base.errors import CheckpointError
from ..._base.lines import user_line

_REMEDY = "Copy the checkpoint once more from where it was written, or use another."


class Damage(Exception):
    """Bytes that are not what the format says; `told_of` adds where they lie.

    Attributes:
      what: a clause, "the checksum of a block does not fit".
      name: the tensor concerned, where one is known.
      expected, found, remedy: as in `ScopeError`.
    """

    def __init__(
        self,
        what: str,
        expected: str | None = None,
        found: str | None = None,
        *,
        name: str | None = None,
        remedy: str = _REMEDY,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.name = name
        self.expected = expected
        self.found = found
        self.remedy = remedy


class of_tensor:
    """A block; damage found within is that of a tensor."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, Damage):
            error.name = error.name or self._name


class told_of:
    """A block; damage found within is an error about a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if not isinstance(error, Damage):
            return
        of = f", tensor {error.name}" if error.name else ""
        raise CheckpointError(
            f"{self._file}{of}: {error.what}.",
            name=error.name,
            expected=error.expected,
            found=error.found,
            where=user_line(),
            remedy=error.remedy,
        ) from None
