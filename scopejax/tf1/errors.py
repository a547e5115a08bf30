"""The part of `tf.errors` that a `Session` of variables can raise."""

from __future__ import annotations

from ._words.missing import lookup_of


class FailedPreconditionError(Exception):
    """A variable was read by a `Session` before an initializer was run for it."""


__getattr__ = lookup_of("errors")
