"""Branches and loops, as JAX's own; variables can be made inside of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._base.tf1_errors import tf_error
from .._tensors.calls import plain, wrapped
from .._tensors.convert import as_array, number
from .drawing import step
from .reductions import one_of


def colocate_with(
    op: Any, ignore_existing: bool = False
) -> AbstractContextManager[None]:
    """Does nothing: where arrays lie belongs to JAX."""
    del op, ignore_existing
    return contextlib.nullcontext()


def _arrays(nest: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.asarray(as_array(leaf)), plain(nest))


def _alike(nest: Any, wanted: Any) -> Any:
    """A nest as arrays of the dtypes of another, and in its structure."""
    leaves = jax.tree.leaves(plain(nest))
    tree: Any
    found, tree = jax.tree.flatten(wanted)
    if len(leaves) != len(found):
        raise tf_error(
            ValueError,
            f"The two structures don't have the same nested structure: {len(found)}"
            f" tensors went in, {len(leaves)} came out.",
        )
    pairs = zip(leaves, found, strict=True)
    return tree.unflatten([jnp.asarray(as_array(a, b.dtype)) for a, b in pairs])


def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    strict: bool = False,
    name: str | None = None,
    fn1: Callable[[], Any] | None = None,
    fn2: Callable[[], Any] | None = None,
) -> Any:
    """What one of two functions returns.

    A predicate that is known while JAX traces, such as Python's True, chooses the
    function at once; otherwise it is `jax.lax.cond`.

    Raises:
      TypeError: a function is missing or none.
    """
    first = one_of(true_fn, fn1, ("true_fn", "fn1"))
    second = one_of(false_fn, fn2, ("false_fn", "fn2"))
    for function, what in ((first, "true_fn"), (second, "false_fn")):
        if not callable(function):
            raise tf_error(TypeError, f"'{what}' must be callable.")
    pred = plain(pred)
    if not isinstance(pred, jax.Array):
        return _returned(first() if pred else second())
    branches = [lambda f=f: _arrays(_returned(f())) for f in (first, second)]
    return wrapped(jax.lax.cond(jnp.squeeze(pred), *branches), "cond")


def _returned(result: Any) -> Any:
    """A list of one is its item, as TF1 returns it."""
    return result[0] if isinstance(result, list) and len(result) == 1 else result


def case(
    pred_fn_pairs: Any,
    default: Callable[[], Any] | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """What the function of the first predicate that is true returns."""
    pairs = pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs
    *others, (pred, function) = list(pairs)
    chosen = function if default is None else _choose(pred, function, default)
    for pred, function in reversed(others):
        chosen = _choose(pred, function, chosen)
    return chosen()


def _choose(pred: Any, first: Any, second: Any) -> Callable[[], Any]:
    return lambda: cond(pred, first, second)


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
    maximum_iterations: Any = None,
    return_same_structure: bool = False,
) -> Any:
    """`body` again and again, as long as `cond` is true.

    It is `jax.lax.while_loop`, which has no gradient backwards; with
    `maximum_iterations` it is a `jax.lax.scan` of so many steps, which has.

    Raises:
      TypeError: a function is none.
      ValueError: there is nothing to loop with, or `body` returns another structure.
    """
    for function, what in ((cond, "cond"), (body, "body")):
        if not callable(function):
            raise tf_error(TypeError, f"'{what}' must be callable.")
    if not loop_vars:
        raise tf_error(ValueError, "'loop_vars' must be provided.")
    start = _arrays(loop_vars)

    def going(carry: Any) -> Any:
        return jnp.squeeze(plain(cond(*wrapped(carry[1]))))

    def next(carry: Any) -> Any:
        with step(carry[0]):
            result = body(*wrapped(carry[1]))
        alone = len(start) == 1 and not _is_nest_of_one(result)
        return carry[0] + 1, _alike([result] if alone else result, start)

    first = (jnp.int32(0), start)
    if maximum_iterations is None:
        _, end = jax.lax.while_loop(going, next, first)
    else:
        _, end = _bounded(going, next, first, number(maximum_iterations))
    end = wrapped(end, name or "while")
    return end[0] if len(end) == 1 and not return_same_structure else end


def _is_nest_of_one(result: Any) -> bool:
    return isinstance(result, list | tuple) and len(result) == 1


def _bounded(going: Any, next: Any, first: Any, most: int) -> Any:
    def once(carry: Any, _: None) -> tuple[Any, None]:
        return jax.lax.cond(going(carry), next, lambda carry: carry, carry), None

    return jax.lax.scan(once, first, length=most)[0]


def map_fn(
    fn: Callable[[Any], Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
    fn_output_signature: Any = None,
) -> Any:
    """What `fn` returns of each row, stacked: a `jax.lax.scan`."""

    def once(_: None, row: Any) -> tuple[None, Any]:
        with step(row[0]):
            return None, _arrays(fn(wrapped(row[1])))

    return wrapped(jax.lax.scan(once, None, _numbered(elems))[1], name or "map")


def _numbered(elems: Any) -> Any:
    rows = _arrays(elems)
    return jnp.arange(len(jax.tree.leaves(rows)[0])), rows


def scan(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """What `fn` returns of what it last returned and each row: a `jax.lax.scan`."""
    rows = _arrays(elems)
    first = None
    if initializer is None:
        at = -1 if reverse else 0
        first = jax.tree.map(lambda x: x[at], rows)
        rest = np.s_[:-1] if reverse else np.s_[1:]
        rows = jax.tree.map(lambda x: x[rest], rows)
    start = _arrays(initializer) if first is None else first
    _, found = _scanned(fn, start, rows, reverse)
    if first is not None:
        order = slice(None, None, -1 if reverse else 1)

        def join(one: Any, many: Any) -> Any:
            return jnp.concatenate([one[None], many][order])

        found = jax.tree.map(join, first, found)
    return wrapped(found, name or "scan")


def _scanned(fn: Any, start: Any, rows: Any, reverse: bool) -> Any:
    def once(carry: Any, row: Any) -> Any:
        with step(row[0]):
            carry = _alike(fn(wrapped(carry), wrapped(row[1])), start)
        return carry, carry

    return jax.lax.scan(once, start, _numbered(rows), reverse=reverse)


def _folder(name: str, reverse: bool) -> Callable[..., Any]:
    def fold(
        fn: Callable[[Any, Any], Any],
        elems: Any,
        initializer: Any = None,
        parallel_iterations: int = 10,
        back_prop: bool = True,
        swap_memory: bool = False,
        name: str | None = None,
    ) -> Any:
        found = scan(fn, elems, initializer, reverse=reverse)
        return jax.tree.map(
            lambda x: wrapped(plain(x)[0 if reverse else -1]), found, is_leaf=_is_tensor
        )

    fold.__name__ = fold.__qualname__ = name
    fold.__doc__ = "The last of what `scan` gives."
    return fold


def _is_tensor(leaf: Any) -> bool:
    return hasattr(leaf, "get_shape")


foldl, foldr = _folder("foldl", reverse=False), _folder("foldr", reverse=True)
