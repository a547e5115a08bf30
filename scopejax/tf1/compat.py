"""`tf.compat.v1` is `scopejax.tf1` itself, for code that spells it out."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from ._words.missing import lookup_of

_other = lookup_of("compat")


def __getattr__(name: str) -> Any:
    if name == "v1":
        tf1: ModuleType = sys.modules[__package__]
        return tf1
    return _other(name)
