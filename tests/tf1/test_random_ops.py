"""Random ops: TF1's distributions and shapes, of keys that go by name."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1

N = 20_000


def drawn(function, key=0):
    """What a function of TF1 draws in a model."""
    net = tf1.transform(function, tensors=True)
    net.init(jax.random.key(0))
    return net.apply({}, key=jax.random.key(key))


DISTRIBUTIONS = {
    "uniform": (lambda: tf1.random_uniform([N]), 0.5, 1 / 12, (0, 1)),
    "uniform of two ends": (
        lambda: tf1.random.uniform([N], -1, 3),
        1,
        16 / 12,
        (-1, 3),
    ),
    "normal": (lambda: tf1.random_normal([N], 2.0, 0.5), 2, 0.25, (-2, 6)),
    "truncated": (lambda: tf1.truncated_normal([N]), 0, 0.774, (-2, 2)),
    "gamma": (lambda: tf1.random_gamma([N], 2.0, 4.0), 0.5, 0.125, (0, 9)),
    "dropout": (lambda: tf1.nn.dropout(tf1.ones([N]), 0.8), 1, 0.25, (0, 1.26)),
    "integers": (
        lambda: tf1.to_float(tf1.random_uniform([N], 0, 4, tf1.int32)),
        1.5,
        1.25,
        (0, 3),
    ),
    "classes": (
        lambda: tf1.to_float(tf1.multinomial(tf1.log([[0.25, 0.75]]), N)),
        0.75,
        0.1875,
        (0, 1),
    ),
    "Normal": (lambda: tf1.distributions.Normal(1.0, 2.0).sample([N]), 1, 4, (-15, 17)),
    "Bernoulli": (
        lambda: tf1.to_float(tf1.distributions.Bernoulli(probs=0.25).sample(N)),
        0.25,
        0.1875,
        (0, 1),
    ),
    "Categorical": (
        lambda: tf1.to_float(tf1.distributions.Categorical([0.0, 0.0]).sample([N])),
        0.5,
        0.25,
        (0, 1),
    ),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_distribution(name):
    """Mean, variance and ends are those of the distribution."""
    function, mean, variance, (least, most) = DISTRIBUTIONS[name]
    found = np.asarray(drawn(function), "float64")
    assert abs(found.mean() - mean) < 0.05 * max(1, variance**0.5)
    assert abs(found.var() - variance) < 0.06 * max(variance, 0.2)
    assert found.min() >= least
    assert found.max() <= most


def test_shuffle_keeps_the_rows():
    """It is a permutation."""
    found = drawn(lambda: tf1.random_shuffle(tf1.range(50)))
    assert sorted(found.tolist()) == list(range(50)) != found.tolist()


def test_keys_go_by_scope_and_name():
    """A name in its place draws the same; another name or place does not."""

    def model(extra):
        if extra:
            tf1.random_normal([3], name="other")
            tf1.get_variable("w", [])
        with tf1.variable_scope("a"):
            first = tf1.random_normal([3])
            second = tf1.random_normal([3])
            named = tf1.random_normal([3], name="z")
        with tf1.variable_scope("b"):
            elsewhere = tf1.random_normal([3])
        return first, second, named, elsewhere

    net = tf1.transform(model, tensors=True)
    params = net.init(jax.random.key(0), True)
    key = jax.random.key(1)
    found = net.apply(params, True, key=key)
    for a, b in zip(found, net.apply(params, False, key=key), strict=True):
        np.testing.assert_array_equal(a, b)
    assert len({float(a[0]) for a in found}) == 4
    jitted = jax.jit(lambda params, key: net.apply(params, True, key=key))(params, key)
    for a, b in zip(found, jitted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


@pytest.mark.parametrize("kind", ["map_fn", "scan", "while_loop", "dynamic_rnn"])
def test_each_step_of_a_loop_draws_anew(kind):
    """The step is part of the key."""

    def model():
        x = tf1.zeros([5, 1])
        if kind == "map_fn":
            return tf1.map_fn(lambda row: row + tf1.random_normal([1]), x)
        if kind == "scan":
            return tf1.scan(
                lambda _, row: row + tf1.random_normal([1]), x, tf1.zeros([1])
            )
        if kind == "while_loop":
            _, found = tf1.while_loop(
                lambda i, y: i < 5,
                lambda i, y: (i + 1, y + tf1.one_hot(i, 5) * tf1.random_normal([])),
                [0, tf1.zeros([5])],
            )
            return found
        cell = tf1.nn.rnn_cell.DropoutWrapper(Ones(), output_keep_prob=0.5)
        return tf1.nn.dynamic_rnn(cell, tf1.zeros([1, 64, 1]), dtype=tf1.float32)[0]

    found = np.ravel(drawn(model))
    if kind == "dynamic_rnn":
        assert 10 < np.count_nonzero(found) < 54
    else:
        assert len(set(found.tolist())) == 5


class Ones(tf1.nn.rnn_cell.RNNCell):
    """A cell whose outputs are 1."""

    state_size = output_size = 1

    def call(self, inputs, state):
        """One step."""
        return tf1.ones_like(inputs), state


def test_variational_dropout_drops_the_same_in_each_step():
    """One mask for all steps and rows, and other masks for inputs and outputs."""

    def model():
        cell = tf1.nn.rnn_cell.DropoutWrapper(
            Wide(),
            output_keep_prob=0.5,
            variational_recurrent=True,
            input_size=32,
            dtype=tf1.float32,
        )
        return tf1.nn.dynamic_rnn(cell, tf1.zeros([2, 4, 32]), dtype=tf1.float32)[0]

    found = np.asarray(drawn(model))
    assert 4 < np.count_nonzero(found[0, 0]) < 28
    np.testing.assert_array_equal(found, np.broadcast_to(found[:1, :1], found.shape))
    assert set(np.unique(found)) == {0.0, 2.0}


class Wide(Ones):
    """The same, of 32 numbers."""

    state_size = output_size = 32


def test_state_dropout_leaves_the_cell_of_an_lstm():
    """As TF1 chooses: the output is dropped, the cell stays."""

    def model():
        cell = tf1.nn.rnn_cell.BasicLSTMCell(64)
        wrapped = tf1.nn.rnn_cell.DropoutWrapper(cell, state_keep_prob=0.5)
        state = wrapped.zero_state(1, tf1.float32)
        return wrapped(tf1.ones([1, 3]), state)[1]

    net = tf1.transform(model, tensors=True)
    params = net.init(jax.random.key(0))
    state = net.apply(params, key=jax.random.key(1))
    assert np.count_nonzero(state.c) == 64
    assert 15 < np.count_nonzero(state.h) < 49


@pytest.mark.parametrize("training", [True, False])
def test_dropout_follows_training(training):
    """A layer drops in training alone, also where that is an array."""

    def model(now):
        x = tf1.ones([100])
        return tf1.layers.dropout(x, 0.5, training=now), tf1.contrib.slim.dropout(
            x, 0.5, is_training=training
        )

    net = tf1.transform(model, tensors=True)
    for now in (training, jnp.asarray(training)):
        for found in net.apply({}, now, key=jax.random.key(0)):
            assert (np.count_nonzero(found) < 100) == training


def test_noise_shape_shares_the_chance():
    """Axes of size 1 in it share what is dropped; None stands for the size."""
    found = drawn(lambda: tf1.nn.dropout(tf1.ones([50, 4]), 0.5, noise_shape=[None, 1]))
    assert set(np.count_nonzero(found, axis=1).tolist()) == {0, 4}


def test_keep_prob_of_one_needs_no_key():
    """It is the array itself."""
    net = tf1.transform(lambda x: tf1.nn.dropout(x, 1.0), tensors=True)
    assert net.apply({}, jnp.ones(3)).tolist() == [1.0, 1.0, 1.0]


def test_words_are_drawn_by_their_rank():
    """Unique ones, the early ones more often, and the counts fit what is drawn."""

    def model():
        return [
            tf1.nn.log_uniform_candidate_sampler(
                [[0], [9]], 1, 8, True, 50, name=f"s{i}"
            )
            for i in range(400)
        ]

    found = drawn(model)
    counts = np.zeros(50)
    for classes, _, _ in found:
        assert len(set(classes.tolist())) == 8
        counts[np.asarray(classes)] += 1 / len(found)
    true = np.asarray(found[0][1]).ravel()
    np.testing.assert_allclose(counts[[0, 9]], true, atol=0.1)
    often = drawn(
        lambda: tf1.nn.log_uniform_candidate_sampler([[0]], 1, N, False, 50)[0]
    )
    assert abs(np.mean(often == 0) - np.log(2) / np.log(51)) < 0.02


def test_a_sampled_loss_draws_its_sample():
    """Without values given it draws them, and the loss is one for each row."""

    def model():
        w, b = tf1.ones([50, 3]), tf1.zeros([50])
        return tf1.nn.sampled_softmax_loss(w, b, [[1], [2]], tf1.ones([2, 3]), 8, 50)

    assert drawn(model).shape == (2,)
