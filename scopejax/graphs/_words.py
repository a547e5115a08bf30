"""Short words for operations and arrays, and how many levels of scopes are shown."""

from __future__ import annotations

from typing import Any

from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.texts import brief

TIMES, MINUS = "\u00d7", "\u2212"
_WORDS = {
    "add": "+",
    "add_any": "+",
    "mul": TIMES,
    "sub": MINUS,
    "div": "÷",
    "neg": MINUS,
    "dot_general": "matmul",
    "conv_general_dilated": "conv",
    "integer_pow": "pow",
    "reduce_sum": "sum",
    "reduce_max": "max",
    "reduce_min": "min",
    "logistic": "sigmoid",
    "select_n": "where",
    "concatenate": "concat",
    "dynamic_slice": "slice",
    "dynamic_update_slice": "update",
    "gt": ">",
    "lt": "<",
    "ge": "≥",
    "le": "≤",
    "eq": "=",
    "ne": "≠",
}
_DTYPES = {"float": "f", "bfloat": "bf", "int": "i", "uint": "u", "complex": "c"}
MOST_WORDS = 3


def op_word(eqn: Any) -> str:
    """What a primitive is called in a diagram."""
    name = str(eqn.primitive.name)
    return _WORDS.get(name, name)


def ops_text(words: list[str]) -> str:
    """The operations of one part: the first few, each once."""
    names = list(dict.fromkeys(word.strip("_") for word in words))
    more = [*names[:MOST_WORDS], "…"] if len(names) > MOST_WORDS else names
    return " · ".join(more)


def aval_text(aval: Any) -> str:
    """Shape and dtype: ``f32[8,64]``."""
    dtype = str(getattr(aval, "dtype", "?"))
    letters = dtype.rstrip("0123456789")
    short = _DTYPES.get(letters, letters) + dtype[len(letters) :]
    return f"{short}[{','.join(map(str, getattr(aval, 'shape', ())))}]"


def require_depth(depth: int | None) -> None:
    """Refuses what is no number of levels.

    Raises:
      InvalidArgumentError: it is neither None nor a whole number from 0 on.
    """
    if depth is not None and (not isinstance(depth, int) or depth < 0):
        raise InvalidArgumentError(
            f"depth is a number of levels, but received: {brief(depth)}",
            expected="a whole number from 0 on, or None for all",
            found=brief(depth),
            where=user_line(),
        )
