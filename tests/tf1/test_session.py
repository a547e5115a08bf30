"""Sessions and the ops that they run."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1
from scopejax.tf1._running.session import FailedPreconditionError

pytestmark = pytest.mark.usefixtures("graph")


@pytest.fixture
def sess():
    """A session of the current graph."""
    with tf1.Session() as sess:
        yield sess


# Initializer ops

OPS = [tf1.global_variables_initializer, tf1.initialize_all_variables]


@pytest.mark.smoke
@pytest.mark.parametrize("op", OPS)
def test_initial_values_are_brought_back(op, v, local, sess):
    """The op of the global variables brings back theirs and leaves the local ones."""
    v.assign([5.0, 6.0])
    local.assign(7)
    assert sess.run(op()) is None
    assert v.numpy().tolist() == [1.0, 1.0]
    assert int(local) == 7
    sess.run(tf1.local_variables_initializer())
    assert int(local) == 0


def test_an_op_knows_the_variables_of_its_moment(v, sess):
    """Variables that are made after the op are not its."""
    op = tf1.global_variables_initializer()
    w = tf1.Variable(1.0)
    w.assign(2.0)
    op.run()
    assert float(w) == 2.0


@pytest.mark.parametrize("run", ["session", "op"])
def test_some_variables(v, local, run, sess):
    """variables_initializer and v.initializer are about the variables they name."""
    for op in (tf1.variables_initializer([v], name="mine"), v.initializer):
        v.assign([5.0, 6.0])
        local.assign(7)
        if run == "session":
            sess.run(op)
        else:
            op.run(session=sess)
        assert (v.numpy().tolist(), int(local)) == ([1.0, 1.0], 7)
    assert repr(tf1.variables_initializer([v], "mine")) == "<tf.Operation 'mine'>"


# What is reported


def reported(sess, *variables):
    """The names of what was not initialized."""
    return sess.run(tf1.report_uninitialized_variables(*variables)).tolist()


def test_what_is_not_initialized(v, local, sess):
    """All variables at first; then those that no initializer was run for."""
    assert reported(sess) == [b"a/v", b"n"]
    sess.run(tf1.global_variables_initializer())
    assert reported(sess) == [b"n"]
    assert reported(sess, [v]) == []
    assert reported(sess, [local, v]) == [b"n"]
    sess.run(tf1.local_variables_initializer())
    assert reported(sess) == []
    w = tf1.Variable(1.0, name="w")
    assert reported(sess) == [b"w"]
    w.assign(2.0)
    assert reported(sess) == []


def test_uninitialized_variables_are_not_fetched(v, sess):
    """TF1's programs find what they forgot; the value itself is there all the same."""
    match = "Attempting to use uninitialized value a/v"
    for fetch in (v, [v], {"v": v}, "a/v:0"):
        with pytest.raises(FailedPreconditionError, match=match):
            sess.run(fetch)
    np.testing.assert_array_equal(v, [1.0, 1.0])
    sess.run(v.initializer)
    assert sess.run(v).tolist() == [1.0, 1.0]


# Fetches


def test_fetches_are_any_nest(v, sess):
    """A nest of variables, arrays, ops and names comes back as one of NumPy arrays."""
    init = tf1.global_variables_initializer()
    sess.run(init)
    found = sess.run({"v": v, "more": [v * 2, "a/v", ("a/v:0", init)]})
    assert jax.tree.map(type, found) == {
        "v": np.ndarray,
        "more": [np.ndarray, np.ndarray, (np.ndarray, None)],
    }
    assert found["more"][0].tolist() == [2.0, 2.0]
    assert found["more"][2][0].tolist() == [1.0, 1.0]
    assert sess.run([]) == []
    assert sess.run(()) == ()


def test_losses_and_partitioned_variables_are_fetched(sess):
    """What acts as an array is fetched as its value."""
    whole = tf1.get_variable(
        "w",
        [3],
        initializer=tf1.ones_initializer(),
        partitioner=tf1.fixed_size_partitioner(2),
        regularizer=lambda v: jnp.sum(v),
    )
    sess.run(tf1.global_variables_initializer())
    losses = tf1.losses.get_regularization_losses()
    assert [float(loss) for loss in sess.run(losses)] == [2.0, 1.0]
    assert sess.run(whole).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("fetch", "kind", "message"),
    [
        (None, TypeError, "has invalid type NoneType"),
        ([None], TypeError, "has invalid type NoneType"),
        ("nothing", ValueError, "'nothing' cannot be interpreted as a Tensor"),
        ("v:0", ValueError, "'v:0' refers to a Tensor which does not exist"),
    ],
)
def test_what_cannot_be_fetched(fetch, kind, message, v, sess):
    """None and unknown names are TF1's errors."""
    with pytest.raises(kind, match=message):
        sess.run(fetch)


def test_there_is_nothing_to_feed(v, sess):
    """A feed_dict is refused with what to do instead, unless it is empty."""
    sess.run(v.initializer)
    assert sess.run(v, feed_dict={}).shape == (2,)
    with pytest.raises(ValueError, match="no placeholders to feed") as caught:
        sess.run(v, {v: [1.0, 2.0]})
    assert "tf1.transform" in caught.value.__notes__[0]


# Assignments


@pytest.mark.parametrize("as_op", [False, True], ids=["assignment", "op"])
def test_a_session_assigns_again(as_op, sess):
    """Each run of an assignment assigns once more; making it was the first time."""
    n = tf1.Variable(0)
    add = n.assign_add(2)
    assert int(n) == 2
    for expected in (4, 6):
        result = sess.run(add.op if as_op else add)
        assert result is None if as_op else result == expected
        assert int(n) == expected
    assert int(add) == 6
    sess.run(n.assign(1))
    assert sess.run([add, n.assign_sub(1)])[0] == 2


# Sessions


def test_the_default_session():
    """Sessions nest, and each thread has its own."""
    assert tf1.get_default_session() is None
    found = []
    with tf1.Session() as outer:
        assert tf1.get_default_session() is outer
        with tf1.Session() as inner, inner.as_default():
            assert tf1.get_default_session() is inner
        assert tf1.get_default_session() is outer
        thread = threading.Thread(
            target=lambda: found.append(tf1.get_default_session())
        )
        thread.start()
        thread.join()
    assert tf1.get_default_session() is None
    assert found == [None]


def test_a_session_of_another_graph(graph):
    """Within it its graph is the current one; one that was not entered runs as well."""
    other = tf1.Graph()
    with tf1.Session("", graph=other, config=None) as sess:
        assert tf1.get_default_graph() is other is sess.graph
        tf1.Variable(3.0, name="w").initializer.run()
        assert sess.run("w") == 3.0
    assert tf1.get_default_graph() is graph
    sess = tf1.Session(graph=other)
    sess.run(other.placed["w"].initializer)
    assert sess.run("w") == 3.0
    sess.close()
    assert list(other.variables) == ["w"]
    assert not graph.variables


def test_a_session_that_fails_is_left(graph):
    """An exception within a session leaves it, and its graph."""
    with pytest.raises(KeyError, match="mine"), tf1.Session(graph=tf1.Graph()):
        raise KeyError("mine")
    assert tf1.get_default_session() is None
    assert tf1.get_default_graph() is graph


def test_compat_and_errors_are_spelled_out():
    """`tf.compat.v1` is the module itself, and a session's error can be caught."""
    assert tf1.compat.v1 is tf1
    with pytest.raises(AttributeError, match=r"tf\.compat\.v2 is not supported"):
        tf1.compat.v2  # noqa: B018
    with tf1.Graph().as_default(), tf1.Session() as sess:
        v = tf1.get_variable("v", [1])
        with pytest.raises(tf1.errors.FailedPreconditionError, match="uninitialized"):
            sess.run(v)
