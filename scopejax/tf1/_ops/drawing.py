"""Random numbers: TF1's distributions, of keys that go by name.

The key of an op is that of its name in the current variable scope, so that it depends
on the key given to `apply`, on names, and on nothing else. A second op of one name in
one scope is numbered. Within a loop of TF1 the number of the step is folded in.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp

from ..._base.tf1_errors import tf_error
from .._graph.current import get_default_graph
from .._scopes.scope import get_variable_scope
from .._tensors.calls import maker, op
from .._tensors.convert import as_array, dtype_of, number, sizes
from .._tensors.made import DRAWS


class _Drawn:
    """Stands for the counts of draws among what a graph keeps."""


class _Steps(threading.local):
    numbers: tuple[Any, ...] = ()


_DRAWN, _STEPS = _Drawn(), _Steps()


@contextlib.contextmanager
def step(number: Any) -> Iterator[None]:
    """Within it keys depend on the number of a loop's step too."""
    before, _STEPS.numbers = _STEPS.numbers, (*_STEPS.numbers, number)
    try:
        yield
    finally:
        _STEPS.numbers = before


def key_of(name: str) -> jax.Array:
    """The key of an op in the current variable scope."""
    graph, scope = get_default_graph(), get_variable_scope()
    graph.asked()
    counts = graph.kept.get(_DRAWN, {})
    place = (scope.name, name)
    count = counts.get(place, 0)
    graph.kept[_DRAWN] = {**counts, place: count + 1}
    DRAWS.count += 1
    graph.changed()
    key = scope.key(name, count or None)
    for at in _STEPS.numbers:
        key = jax.random.fold_in(key, at)
    return key


def _last(name: str | None, default: str) -> str:
    return (name or default).rpartition("/")[2] or default


@maker
def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = "float32",
    seed: Any = None,
    name: str | None = None,
) -> Any:
    """Evenly from `minval` up to `maxval`, which is 1 and has to be given for integers.

    Raises:
      ValueError: integers without `maxval`.
    """
    kind, shape = dtype_of(dtype), sizes(shape)
    key = key_of(_last(name, "random_uniform"))
    if jnp.issubdtype(kind, jnp.integer):
        if maxval is None:
            raise tf_error(
                ValueError, f"Must specify maxval for integer dtype {kind.name}"
            )
        return jax.random.randint(key, shape, minval, maxval, kind)
    return jax.random.uniform(key, shape, kind, minval, 1 if maxval is None else maxval)


@maker
def random_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    seed: Any = None,
    name: str | None = None,
) -> Any:
    """Normally distributed."""
    key = key_of(_last(name, "random_normal"))
    return mean + stddev * jax.random.normal(key, sizes(shape), dtype_of(dtype))


@maker
def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    seed: Any = None,
    name: str | None = None,
) -> Any:
    """Normally distributed, within two standard deviations."""
    key, kind = key_of(_last(name, "truncated_normal")), dtype_of(dtype)
    drawn = jax.random.truncated_normal(key, -2.0, 2.0, sizes(shape), kind)
    return mean + stddev * drawn


@maker
def random_shuffle(value: Any, seed: Any = None, name: str | None = None) -> Any:
    """The rows in another order."""
    key = key_of(_last(name, "random_shuffle"))
    return jax.random.permutation(key, as_array(value))


@maker
def random_gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = "float32",
    seed: Any = None,
    name: str | None = None,
) -> Any:
    """Gamma distributed."""
    alpha = as_array(alpha, dtype)
    key = key_of(_last(name, "random_gamma"))
    drawn = jax.random.gamma(key, alpha, (*sizes(shape), *alpha.shape))
    return drawn if beta is None else drawn / beta


@maker
def multinomial(
    logits: Any,
    num_samples: Any,
    seed: Any = None,
    name: str | None = None,
    output_dtype: Any = "int64",
) -> Any:
    """So many classes for each row of logits."""
    key, x = key_of(_last(name, "multinomial")), as_array(logits)
    shape = (number(num_samples), x.shape[0])
    drawn = jax.random.categorical(key, x, shape=shape)
    return drawn.T.astype(dtype_of(output_dtype or "int64"))


def categorical(
    logits: Any,
    num_samples: Any,
    dtype: Any = None,
    seed: Any = None,
    name: str | None = None,
) -> Any:
    """So many classes for each row of logits."""
    return multinomial(logits, num_samples, seed, name or "categorical", dtype)


def _rate(keep_prob: Any, rate: Any) -> Any:
    if rate is None and keep_prob is None:
        raise tf_error(ValueError, "You must provide a rate to dropout.")
    if rate is not None and keep_prob is not None:
        raise tf_error(ValueError, "Cannot specify both 'rate' and 'keep_prob'.")
    if isinstance(rate, int | float) and not 0 <= rate < 1:
        raise tf_error(
            ValueError,
            "`rate` must be a scalar tensor or a float in the range [0, 1). Received:"
            f" rate={rate}",
        )
    if isinstance(keep_prob, int | float) and not 0 < keep_prob <= 1:
        raise tf_error(
            ValueError,
            "`keep_prob` must be a scalar tensor or a float in the range (0, 1]."
            f" Received: keep_prob={keep_prob}",
        )
    return 1 - rate if keep_prob is None else keep_prob


@op
def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: Any = None,
    name: str | None = None,
    rate: Any = None,
) -> Any:
    """Some numbers made 0, the others larger, so that the mean stays.

    Args:
      x: floats.
      keep_prob: the chance of a number to stay.
      noise_shape: 1 along the axes that share their chance; None stands for the size.
      seed: without effect: the key is that of the name.
      name: of the op, and of its key in the variable scope; "dropout".
      rate: one minus `keep_prob`.

    Raises:
      ValueError: there is no chance, or it is none.
    """
    x, keep = as_array(x), _rate(keep_prob, rate)
    if isinstance(keep, int | float) and keep == 1:
        return x
    given = x.shape if noise_shape is None else tuple(noise_shape)
    shape = [a if b is None else int(b) for a, b in zip(x.shape, given, strict=True)]
    stays = jax.random.bernoulli(key_of(_last(name, "dropout")), keep, shape)
    return jnp.where(stays, x / keep, 0).astype(x.dtype)
