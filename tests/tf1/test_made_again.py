"""What TF1's ops computed from variables is computed again by a session."""

import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1 as tf

# How a counter's next value is computed.
NEXT = {
    "op": lambda v: tf.add(v, 1),
    "tensor's operator": lambda v: tf.identity(v) + 1,
    "operator with a tensor": lambda v: v + tf.constant(1),
    "reflected operator": lambda v: 1 - (0 - tf.identity(v)),
    "several results": lambda v: tf.split(tf.stack([v * 0, v + 1]), 2)[1][0],
    "made of sizes": lambda v: v + tf.ones([], tf.int32),
    "nest": lambda v: tf.add_n([v, tf.constant(1)]),
    "cast": lambda v: tf.cast(tf.reduce_sum(tf.stack([v, 1])), tf.int32),
    "indexed by a tensor": lambda v: tf.range(9)[1:][v],
    "indexed by a constant": lambda v: tf.stack([v, v + 1])[tf.constant(1)],
    "end of a slice": lambda v: tf.reduce_sum(tf.ones([9], tf.int32)[0 : v + 1]),
    "part of a variable": lambda v: tf.reshape(v, [1])[0] + 1,
}


@pytest.mark.smoke
@pytest.mark.parametrize("how", NEXT)
def test_a_counter_counts(how):
    """As in TF1, where each run computes the assigned value anew."""
    with tf.Graph().as_default(), tf.Session() as session:
        counter = tf.Variable(0, name="counter")
        update = tf.assign(counter, NEXT[how](counter))
        session.run(tf.global_variables_initializer())
        assert [int(session.run(update)) for _ in range(3)] == [1, 2, 3]


def test_a_tensor_is_fetched_for_the_present_values():
    """Each run of a session computes it, once."""
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.Variable([1.0, 2.0])
        total = tf.reduce_sum(tf.square(v), axis=0)
        assert session.run(total) == 5
        session.run(v.assign([3.0, 4.0]))
        assert session.run(total) == 25


def test_deep_programs_run_again():
    """A chain of ops may be longer than Python's stack."""
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.Variable(1.0)
        x = tf.identity(v)
        for _ in range(2000):
            x = x + 0.5
        session.run(v.assign(2.0))
        assert session.run(x) == 1002


def test_twice_is_computed_once():
    """What two ops share is one op, however often it is used."""
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.Variable(1.0)
        x = tf.identity(v)
        for _ in range(60):
            x = x + x
        session.run(v.assign(0.0))
        assert session.run(x) == 0


UNKNOWN = {
    "array": lambda v: tf.add(v, jnp.float32(1)),
    "random numbers": lambda v: v + tf.random_normal([]),
    "function": lambda v: tf.map_fn(lambda x: x + v, tf.ones([1]))[0],
}


@pytest.mark.parametrize("how", UNKNOWN)
def test_what_may_be_old_is_refused(how):
    """Arrays of jax.numpy, random numbers, and what a function did."""
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.Variable(1.0)
        update = tf.assign(v, UNKNOWN[how](v))
        session.run(update)
        with pytest.raises(ValueError, match="Pass a function") as caught:
            session.run(update)
        assert "is assigned again" in str(caught.value)


def test_models_keep_no_record():
    """A model runs as a whole: its tensors hold no more than their array."""

    def model(x):
        v = tf.get_variable("v", [2])
        tensors.append(tf.square(tf.add(v, x)))
        return tensors[-1]

    tensors = []
    net = tf.transform(model, tensors=True)
    net.apply({"v": jnp.ones(2)}, np.ones(2, "float32"))
    assert all(tensor._call is None for tensor in tensors)
