"""TF1's errors: its own kinds and wording, and in a note what scopejax knows besides.

Programs catch `ValueError` and match TF1's text, so the message is TF1's to the letter.
The lines that scopejax adds (where it was first defined, nearest names, a remedy) are a
note of the exception: a traceback and a notebook print it below the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from .errors import ScopeError
from .lines import user_line

E = TypeVar("E", bound=Exception)


class _Details(ScopeError):
    """What scopejax knows besides, laid out as its own errors are."""

    docs = "errors/tf1"


def tf_error(
    kind: type[E],
    message: str,
    *,
    name: str | None = None,
    first: str | None = None,
    nearest: Sequence[str] = (),
    remedy: str | None = None,
) -> E:
    """An exception with TF1's message and a note with all the rest.

    >>> error = tf_error(ValueError, "Variable v is odd.", name="v", remedy="Do this.")
    >>> str(error)
    'Variable v is odd.'
    >>> error.__notes__[0].splitlines()[1:]
    ['  remedy            Do this.', '  docs              errors/tf1']
    """
    details = _Details(
        message,
        name=name,
        where=user_line(),
        first=first,
        nearest=nearest,
        remedy=remedy,
    )
    error = kind(message)
    error.add_note(str(details).removeprefix(message + "\n"))
    return error
