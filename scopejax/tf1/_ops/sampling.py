"""Losses over a sample of the classes, and the sampler that words are drawn by."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._tensors.calls import op, plain
from .._tensors.convert import as_array
from .._words.dtypes import as_tf
from .crossentropy import softmax_cross_entropy_with_logits
from .drawing import key_of
from .embedding import embedding_lookup


def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: Any = None,
    name: str | None = None,
) -> Any:
    """Classes drawn as words are: the n-th as often as ``log((n + 2) / (n + 1))``.

    Returns:
      The classes drawn, and how often the true ones and those drawn are expected. For
      unique ones that is by the mean number of tries, which TF1 counts.
    """
    name = name or "LogUniformCandidateSampler"
    places = np.arange(range_max)
    chances = np.log((places + 2) / (places + 1)) / np.log(range_max + 1)
    tries = _tries(chances, num_sampled) if unique else num_sampled
    counts = -np.expm1(tries * np.log1p(-chances)) if unique else tries * chances
    return _drawn(true_classes, chances, counts, num_sampled, unique, name=name)


def _tries(chances: np.ndarray, wanted: int) -> float:
    """How many tries give so many distinct classes, in the mean."""
    least, most = float(wanted), 2.0 * wanted
    while -np.expm1(most * np.log1p(-chances)).sum() < wanted and most < 1e12:
        most *= 2
    for _ in range(60):
        middle = (least + most) / 2
        enough = -np.expm1(middle * np.log1p(-chances)).sum() >= wanted
        least, most = (least, middle) if enough else (middle, most)
    return most


@op
def _drawn(
    true: Any, chances: Any, counts: Any, number: int, unique: bool, name: str
) -> Any:
    key, logs = key_of(name), jnp.asarray(np.log(chances), "float32")
    expected = jnp.asarray(counts, "float32")
    if unique:
        drawn = jax.lax.top_k(logs + jax.random.gumbel(key, logs.shape), number)[1]
    else:
        drawn = jax.random.categorical(key, logs, shape=(number,))
    return drawn, expected[as_array(true)], expected[drawn]


def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str = "sampled_softmax_loss",
    seed: Any = None,
) -> Any:
    """The cross entropy of true classes among a sample of the others.

    Args:
      weights, biases: of all classes, a row and a number for each, or in parts.
      labels: ``[batch, num_true]``, numbers of classes.
      inputs: ``[batch, size]``.
      num_sampled, num_classes, num_true: how many there are.
      sampled_values: of a sampler; that of `log_uniform_candidate_sampler`.
      remove_accidental_hits: whether a true class that was drawn does not count.
      partition_strategy: as of `embedding_lookup`.
      name: of the op.
      seed: without effect.

    Returns:
      A loss for each row.
    """
    if sampled_values is None:
        sampled_values = log_uniform_candidate_sampler(
            labels, num_true, num_sampled, True, num_classes, seed, f"{name}_sampler"
        )
    drawn, *expected = sampled_values
    drawn, labels = (jax.lax.stop_gradient(as_array(plain(x))) for x in (drawn, labels))
    rows = [
        embedding_lookup(table, ids, partition_strategy).value()
        for ids in (labels, drawn)
        for table in (weights, biases)
    ]
    logits = _logits(rows, inputs, labels, drawn, expected, remove_accidental_hits)
    truth = jnp.full(labels.shape, 1 / num_true, logits.dtype.name)
    rest = jnp.zeros((labels.shape[0], drawn.shape[0]), logits.dtype.name)
    return softmax_cross_entropy_with_logits(
        labels=jnp.concatenate([truth, rest], 1), logits=logits, name=name
    )


@op
def _logits(
    rows: Any, inputs: Any, labels: Any, drawn: Any, expected: Any, removed: bool
) -> Any:
    true_w, true_b, drawn_w, drawn_b = rows
    x = as_array(inputs)
    true = jnp.sum(x[:, None] * true_w, -1) + true_b
    others = jnp.matmul(x, drawn_w.T) + drawn_b
    if removed:
        hit = jnp.any(labels[:, :, None] == drawn.astype(labels.dtype), 1)
        others = jnp.where(hit, others - as_tf(others.dtype).max, others)
    true = true - jnp.log(as_array(expected[0]))
    others = others - jnp.log(as_array(expected[1]))
    return jnp.concatenate([true, others], 1)
