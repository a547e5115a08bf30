"""What TF1's ops, losses and tensors refuse, and with which words."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1

A = tf1.Tensor(jnp.ones((2, 3)))
I = tf1.Tensor(jnp.ones((2, 3), "int32"))  # noqa: E741
X = tf1.Tensor(jnp.ones((2, 5, 6, 3)))
K = tf1.Tensor(jnp.ones((3, 3, 4, 3)))
nn, losses = tf1.nn, tf1.losses
normal, categorical = tf1.distributions.Normal, tf1.distributions.Categorical


def unknown_size():
    """A shape that depends on an array's values."""
    jax.jit(lambda n: jnp.asarray(tf1.zeros([tf1.Tensor(n)])))(3)


def unknown_axis():
    """An axis that depends on an array's values."""
    jax.jit(lambda n: jnp.asarray(tf1.expand_dims(A, tf1.Tensor(n))))(0)


REFUSED = {
    "eval with a feed": (lambda: A.eval({A: 1}), ValueError, "no placeholders"),
    "len": (lambda: len(A), TypeError, "len is not well defined"),
    "iteration": (lambda: list(A), TypeError, "'Tensor' object is not iterable"),
    "set_shape": (
        lambda: A.set_shape([2, 4]),
        ValueError,
        r"Shapes \(2, 3\) and \(2, 4",
    ),
    "with_rank": (lambda: A.shape.with_rank(3), ValueError, "must have rank 3"),
    "at least": (lambda: A.shape.with_rank_at_least(3), ValueError, "rank at least 3"),
    "at most": (lambda: A.shape.with_rank_at_most(1), ValueError, "rank at most 1"),
    "assert_has_rank": (lambda: A.shape.assert_has_rank(1), ValueError, "have rank 1"),
    "as_dtype": (lambda: tf1.as_dtype("moo"), TypeError, "Cannot convert the argument"),
    "shapes": (lambda: tf1.matmul(A, A), ValueError, "tf.matmul: .*contracting"),
    "ranks": (lambda: tf1.matmul(A, A[0]), ValueError, "Shape must be rank 2"),
    "dtypes": (lambda: tf1.add(A, I), TypeError, "'add' Op has type int32 that does"),
    "a float among integers": (lambda: tf1.add(I, 1.5), TypeError, "Expected int32"),
    "unknown size": (unknown_size, TypeError, "depends on the values of an array"),
    "unknown axis": (unknown_axis, TypeError, "An axis depends on the values"),
    "axis twice": (
        lambda: tf1.reduce_sum(A, 0, reduction_indices=1),
        ValueError,
        "Cannot specify both 'reduction_indices' and 'axis'",
    ),
    "labels unnamed": (
        lambda: nn.softmax_cross_entropy_with_logits(A, A),
        ValueError,
        "Only call `softmax_cross_entropy_with_logits` with named arguments",
    ),
    "no logits": (
        lambda: nn.sigmoid_cross_entropy_with_logits(labels=A),
        ValueError,
        "Both `labels` and `logits` must be provided",
    ),
    "labels of another shape": (
        lambda: nn.sparse_softmax_cross_entropy_with_logits(labels=I, logits=A),
        ValueError,
        "`labels.shape` must equal `logits.shape` except for the last",
    ),
    "logits of another shape": (
        lambda: nn.sigmoid_cross_entropy_with_logits(labels=A[0], logits=A),
        ValueError,
        "`logits` and `labels` must have the same shape",
    ),
    "a branch": (lambda: tf1.cond(True, A, A), TypeError, "'true_fn' must be callable"),
    "a body": (
        lambda: tf1.while_loop(lambda x: True, A, [A]),
        TypeError,
        "'body' must be callable",
    ),
    "no variables of a loop": (
        lambda: tf1.while_loop(lambda: True, lambda: (), []),
        ValueError,
        "'loop_vars' must be provided",
    ),
    "another structure": (
        lambda: tf1.while_loop(lambda a, b: a < 3, lambda a, b: a, [0, 1]),
        ValueError,
        "2 tensors went in, 1 came out",
    ),
    "padding": (lambda: nn.conv2d(X, K, 1, "MOO"), ValueError, "attr 'padding' of"),
    "output_shape": (
        lambda: nn.conv2d_transpose(X, K, [2, 9, 9, 4], [1, 2, 2, 1]),
        ValueError,
        "output_shape is another",
    ),
    "maxval": (
        lambda: tf1.random_uniform([2], dtype=tf1.int32),
        ValueError,
        "Must specify maxval for integer dtype int32",
    ),
    "no rate": (lambda: nn.dropout(A), ValueError, "You must provide a rate"),
    "two rates": (
        lambda: nn.dropout(A, 0.5, rate=0.5),
        ValueError,
        "Cannot specify both",
    ),
    "rate": (lambda: nn.dropout(A, rate=1.0), ValueError, "`rate` must be a scalar"),
    "keep_prob": (lambda: nn.dropout(A, 0.0), ValueError, "`keep_prob` must be a"),
    "method": (
        lambda: tf1.image.resize_images(X, [2, 2], 2),
        ValueError,
        "resize_images has no method 2",
    ),
    "size": (
        lambda: tf1.image.resize_images(X, [2]),
        ValueError,
        "'size' must be a 1-D Tensor of 2 elements",
    ),
    "no way": (
        lambda: tf1.image.convert_image_dtype(I, tf1.uint8),
        ValueError,
        "no way from int32 to uint8",
    ),
    "cosine": (lambda: losses.cosine_distance(A, A), ValueError, "must specify arg"),
    "no labels": (
        lambda: losses.softmax_cross_entropy(None, A),
        ValueError,
        "Argument `labels` must not be None",
    ),
    "no sparse labels": (
        lambda: losses.sparse_softmax_cross_entropy(None, A),
        ValueError,
        "Argument `labels` must not be None",
    ),
    "other labels": (
        lambda: losses.softmax_cross_entropy(A[0], A),
        ValueError,
        r"Shapes \(2, 3\) and \(3,\) are incompatible",
    ),
    "no predictions": (
        lambda: losses.mean_squared_error(A, None),
        ValueError,
        "Argument `predictions` must not be None",
    ),
    "other predictions": (
        lambda: losses.mean_squared_error(A, A[0]),
        ValueError,
        r"Shapes \(3,\) and \(2, 3\) are incompatible",
    ),
    "reduction": (
        lambda: losses.mean_squared_error(A, A, reduction="moo"),
        ValueError,
        "Invalid Reduction Key moo",
    ),
    "weights": (
        lambda: losses.mean_squared_error(A, A, [1.0, 2.0]),
        ValueError,
        "weights can not be broadcast to values",
    ),
    "one of x and y": (lambda: tf1.where(A > 0, A), ValueError, "x and y must both be"),
    "nothing to add": (lambda: tf1.add_n([]), ValueError, "at least one Tensor"),
    "no axis": (lambda: tf1.expand_dims(A), ValueError, "Must specify an axis"),
    "unstack": (lambda: tf1.unstack(A, 3), ValueError, "Expected 3 but got 2"),
    "split": (lambda: tf1.split(A, 2, 1), ValueError, "evenly divisible by 2 but is 3"),
    "sizes": (
        lambda: tf1.split(A, [1, 1], 1),
        ValueError,
        r"Sizes \[1, 1\] of the parts",
    ),
    "mode": (
        lambda: tf1.pad(A, [[0, 0]] * 2, "MOO"),
        ValueError,
        "Value of argument `mo",
    ),
    "no tables": (lambda: nn.embedding_lookup([], I), ValueError, "must be non-empty"),
    "strategy": (
        lambda: nn.embedding_lookup([A, A], I, "moo"),
        ValueError,
        "Only 'mod' and 'div' partition strategies",
    ),
    "assert": (lambda: tf1.assert_equal(1, 2), ValueError, "assertion failed"),
    "logits and probs": (categorical, ValueError, "Must pass probs or logits, but not"),
    "two kinds": (
        lambda: tf1.distributions.kl_divergence(normal(0.0, 1.0), categorical([0.0])),
        NotImplementedError,
        "No KL.* registered for distribution_a type Normal",
    ),
    "a distribution of no kind": (
        lambda: tf1.distributions.Distribution("d").sample(),
        NotImplementedError,
        "^$",
    ),
    "no log_prob": (
        lambda: tf1.distributions.Distribution("d").log_prob(1.0),
        NotImplementedError,
        "^$",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(name):
    """The kind of error is TF1's, and the words say what is wrong."""
    call, kind, words = REFUSED[name]
    with tf1.Graph().as_default(), pytest.raises(kind, match=words):
        call()


def test_an_error_says_the_users_line():
    """A refused op has a note with the line that asked for it."""
    with pytest.raises(TypeError, match="does not match") as caught:
        tf1.multiply(A, I)
    assert "test_ops_refused.py" in caught.value.__notes__[0]
    assert "tf.cast one of them" in caught.value.__notes__[0]
    assert np.shape(A) == (2, 3)
