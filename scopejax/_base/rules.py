"""What an argument of a public function can be, by its name.

The table is looked at once something has failed, to find the argument at fault.
"""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

_LARGEST = 3e38  # that fits into a float32


class Rule(NamedTuple):
    """What an argument can be.

    Attributes:
      allows: whether a value is fine.
      words: what it must be, ``"a whole number"``.
    """

    allows: Callable[[Any], bool]
    words: str


def _is_whole(value: Any) -> bool:
    try:
        operator.index(value)
    except Exception:
        return False
    return not isinstance(value, bool | np.bool_)


def _is_size(value: Any) -> bool:
    return _is_whole(value) and 0 < operator.index(value) < 2**63


def _is_number(value: Any) -> bool:
    if isinstance(value, jax.core.Tracer):
        return bool(value.ndim == 0)
    kind = int | float | np.number | np.ndarray | jax.Array
    if not isinstance(value, kind) or isinstance(value, bool | np.bool_):
        return False
    if np.ndim(value) or (isinstance(value, int) and abs(value) >= 2**63):
        return False
    return abs(float(value)) < _LARGEST


def _is_positive(value: Any) -> bool:
    return _is_number(value) and bool(value > 0)


def _is_sizes(value: Any) -> bool:
    many = isinstance(value, list | tuple) and value and all(map(_is_size, value))
    return bool(many) or _is_size(value)


def _is_window(value: Any) -> bool:
    pair = value if isinstance(value, list | tuple) else (value, value)
    return len(pair) == 2 and all(_is_whole(v) and v >= 0 for v in pair)


def _is_array(value: Any) -> bool:
    try:
        return bool(jnp.issubdtype(jnp.result_type(jnp.asarray(value)), jnp.number))
    except Exception:
        return False


def _is_share(value: Any) -> bool:
    known = not isinstance(value, jax.core.Tracer)
    return _is_number(value) and (not known or bool(0 <= value <= 1))


def _is_dtype(value: Any) -> bool:
    try:
        if hasattr(value, "shape") and not isinstance(value, np.dtype | type):
            return False
        return value is None or bool(jnp.issubdtype(jnp.dtype(value), jnp.number))
    except Exception:
        return False


def _is_pattern(value: Any) -> bool:
    return isinstance(value, str | re.Pattern) or callable(value)


def _is_axis(value: Any) -> bool:
    several = isinstance(value, tuple) and all(isinstance(v, str) for v in value)
    return isinstance(value, str) or several


def _is_a(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def or_none(rule: Rule) -> Rule:
    """The rule of an argument that may be left out."""
    return Rule(lambda v: v is None or rule.allows(v), f"{rule.words}, or None")


SIZE = Rule(_is_size, "a whole number from 1 on")
WHOLE = Rule(_is_whole, "a whole number")
COUNT = Rule(lambda v: _is_whole(v) and 0 <= v < 10**4, "a whole number below 10,000")
SIZES = Rule(_is_sizes, "a whole number from 1 on, or a tuple of them")
WINDOW = Rule(_is_window, "a whole number from 0 on, or a pair of them")
NUMBER = Rule(_is_number, "a finite number")
SHARE = Rule(_is_share, "a number from 0 to 1")
POSITIVE = Rule(_is_positive, "a number above 0")
FLAG = Rule(_is_a(bool, np.bool_), "True or False")
TEXT = Rule(_is_a(str), "a string")
PATH = Rule(_is_a(str, os.PathLike), "a path")
TREE = Rule(_is_a(Mapping), "a nested dict of arrays")
TABLE = Rule(_is_a(Mapping), "a dict")
ARRAY = Rule(_is_array, "an array of numbers")
DTYPE = Rule(_is_dtype, "a dtype of numbers")
PATTERN = Rule(_is_pattern, "a glob, a compiled regular expression or a function")
AXIS = Rule(_is_axis, "the name of a mesh axis, or a tuple of names")
RENAMING = Rule(
    lambda value: isinstance(value, Mapping) or callable(value),
    "a dict of patterns or a function of the name",
)
FUNCTION = Rule(callable, "a function")

# By the name of the argument, which means the same wherever it is; but for these.
RULES: dict[str, Rule] = {
    **dict.fromkeys(("features", "heads", "vocabulary", "rank", "groups"), SIZE),
    **dict.fromkeys(("num_shards", "max_shard_bytes", "max_partitions"), SIZE),
    **dict.fromkeys(("axis", "min_size", "min_slice_size"), WHOLE),
    "iterations": COUNT,
    **dict.fromkeys(("kernel_size", "strides", "dilation"), SIZES),
    **dict.fromkeys(("scale", "epsilon"), POSITIVE),
    **dict.fromkeys(("rate", "decay", "momentum"), SHARE),
    **dict.fromkeys(("alpha", "stddev", "weight", "l1", "l2", "forget_bias"), NUMBER),
    **dict.fromkeys(("use_bias", "use_scale", "is_training", "is_causal"), FLAG),
    **dict.fromkeys(("debias", "deterministic", "evaluate", "update", "alone"), FLAG),
    **dict.fromkeys(("stats", "values", "progress", "prevent_cse"), FLAG),
    **dict.fromkeys(("grad", "time", "fold"), FLAG),
    "memory_kind": or_none(TEXT),
    **dict.fromkeys(("into", "label", "kind", "sort", "by", "slot", "layers"), TEXT),
    **dict.fromkeys(("mode", "distribution", "collection", "stream"), TEXT),
    **dict.fromkeys(("params", "tree", "flat", "variables"), TREE),
    **dict.fromkeys(("x", "ids", "hidden", "value"), ARRAY),
    **dict.fromkeys(("rules", "labels"), TABLE),
    **dict.fromkeys(("transpose", "manifest", "given", "init_kwargs"), or_none(TABLE)),
    **dict.fromkeys(("partitioner", "function", "model", "make"), FUNCTION),
    **dict.fromkeys(("over", "policy", "kernel_initializer"), or_none(FUNCTION)),
    **dict.fromkeys(("context", "mask"), or_none(ARRAY)),
    "path": PATH,
    "rename": or_none(RENAMING),
    "format": or_none(TEXT),
    "dtype": DTYPE,
    "where": or_none(PATTERN),
    "select": or_none(PATTERN),
    "mesh_axis": AXIS,
    "max_shards": or_none(WHOLE),
    "bytes_per_string_element": SIZE,
    **dict.fromkeys(("kv_heads", "cache_length"), or_none(SIZE)),
    **dict.fromkeys(("lengths", "positions"), or_none(ARRAY)),
    **dict.fromkeys(("reverse", "interleaved", "activate_last"), FLAG),
    **dict.fromkeys(("item", "equation"), TEXT),
    **dict.fromkeys(("cell", "activation"), FUNCTION),
    "rotate": or_none(FUNCTION),
    "dropout_rate": SHARE,
    "base": POSITIVE,
    "einsum.shape": SIZES,
    **dict.fromkeys(("dense.features", "mlp.features"), SIZES),
    "dense.axes": SIZE,
    "attention.window": or_none(WINDOW),
    **dict.fromkeys(("max_pool.window", "avg_pool.window"), SIZES),
    **dict.fromkeys(("max_pool.strides", "avg_pool.strides"), or_none(SIZES)),
}


def allows(rule: Rule, value: Any) -> bool:
    """Whether a rule allows a value; one that it cannot judge is not allowed."""
    try:
        return rule.allows(value)
    except Exception:  # what NumPy makes of a random key, say
        return False
