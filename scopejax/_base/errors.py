"""The kinds of error: one base, seven leaves, and the data as attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from .texts import cut

_LONGEST = 1000  # letters of a line

_LINES: tuple[tuple[str, str], ...] = (
    ("name", "name"),
    ("expected", "expected"),
    ("found", "found"),
    ("where", "asked for at"),
    ("first", "first defined at"),
    ("nearest", "nearest names"),
    ("remedy", "remedy"),
)


class ScopeError(ValueError):
    """Base of every error that scopejax raises on purpose.

    Attributes:
      headline: the first line of the message; TF1's wording where TF1 has one.
      name: full name of the variable or scope concerned, ``"a/b/kernel"``.
      expected, found: what the call asked for and what was there.
      where: the user's ``file:line in function`` of this call.
      first: the user's line of the first definition.
      nearest: existing names that look alike, best first.
      remedy: one suggestion.
      docs: the page of the documentation on this kind; the message ends with it.

    >>> error = ScopeError("Variable a/w is odd.", name="a/w", remedy="Do this.")
    >>> error.name
    'a/w'
    >>> print(error)
    Variable a/w is odd.
      remedy            Do this.
      docs              errors/index
    """

    docs: ClassVar[str] = "errors/index"

    def __init__(
        self,
        headline: str,
        *,
        name: str | None = None,
        expected: str | None = None,
        found: str | None = None,
        where: str | None = None,
        first: str | None = None,
        nearest: Sequence[str] = (),
        remedy: str | None = None,
    ) -> None:
        self.headline = headline
        self.name = name
        self.expected = expected
        self.found = found
        self.where = where
        self.first = first
        self.nearest = tuple(nearest)
        self.remedy = remedy
        super().__init__(self._message())

    def _message(self) -> str:
        lines = [self.headline]
        for field, label in _LINES:
            value = getattr(self, field)
            if value and not (field == "name" and value in self.headline):
                text = ", ".join(value) if isinstance(value, tuple) else str(value)
                lines.append(f"  {label:<18}{text}")
        message = "\n".join([*lines, f"  {'docs':<18}{self.docs}"])
        return "\n".join(cut(line, _LONGEST) for line in message.split("\n"))

    def __reduce__(self) -> tuple[Any, ...]:
        fields = {name: getattr(self, name) for name, _ in _LINES}
        return _rebuild, (type(self), self.headline, fields), self.__dict__.copy()


def _rebuild(
    kind: type[ScopeError], headline: str, fields: dict[str, Any]
) -> ScopeError:
    return kind(headline, **fields)


class VariableExistsError(ScopeError):
    """A variable was created a second time in a scope that does not reuse."""

    docs = "errors/variable-exists"


class VariableNotFoundError(ScopeError):
    """A variable was looked up that does not exist."""

    docs = "errors/variable-not-found"


class VariableMismatchError(ScopeError):
    """A variable, or a tree of them, has another shape, dtype or structure."""

    docs = "errors/variable-mismatch"


class InvalidArgumentError(ScopeError):
    """An argument is malformed: a name, a shape, a dtype, an option, a key."""

    docs = "errors/invalid-argument"


class InitializerError(ScopeError):
    """An initializer is no initializer, or made something else than asked for."""

    docs = "errors/initializer"


class ScopeUsageError(ScopeError):
    """A scope was used where it cannot be: after its transform, whole, or unkeyed."""

    docs = "errors/scope-usage"


class CheckpointError(ScopeError):
    """A checkpoint is damaged, cut short, or of no kind that is known."""

    docs = "errors/checkpoint"
