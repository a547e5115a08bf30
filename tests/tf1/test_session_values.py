"""Each session of a graph has values of its own, and a closed one runs no more."""

import numpy as np
import pytest

from scopejax import tf1

pytestmark = pytest.mark.usefixtures("graph")


@pytest.mark.smoke
def test_two_sessions_share_no_values(graph):
    """As in TF1: the second has to initialize, and the first one keeps what it has."""
    n = tf1.Variable(0)
    init, update = tf1.global_variables_initializer(), n.assign_add(1)
    one, two = tf1.Session(), tf1.Session()
    one.run(init)
    one.run([update])
    with pytest.raises(tf1.errors.FailedPreconditionError, match="uninitialized value"):
        two.run(n)
    two.run(init)
    assert (two.run(n), one.run(n)) == (0, 1)
    one.run(update)
    two.run(n.assign(7))
    assert (one.run(n), two.run(n), one.run(n)) == (2, 7, 2)
    assert int(graph.variables["Variable"]) == 2  # those of the session that ran last


def test_a_session_keeps_the_values_that_the_graph_has():
    """The first one takes what the program assigned before it ran."""
    n = tf1.Variable(1)
    n.assign(5)
    with tf1.Session() as sess:
        assert sess.run(n) == 5


def test_values_stay_when_a_session_is_closed(graph):
    """They are the graph's until another session runs, which begins anew."""
    v = tf1.get_variable("v", initializer=np.float32([1, 2]))
    with tf1.Session() as sess:
        sess.run(v.assign([3.0, 4.0]))
    assert graph.variables["v"].tolist() == [3.0, 4.0]
    with tf1.Session() as sess:
        assert v.numpy().tolist() == [3.0, 4.0]
        assert sess.run(tf1.report_uninitialized_variables()).tolist() == [b"v"]
        sess.run(v.initializer)
        assert sess.run(v).tolist() == [1.0, 2.0]


def test_shards_are_a_sessions_too():
    """A partitioned variable has values in each session."""
    v = tf1.get_variable("v", [4], partitioner=tf1.fixed_size_partitioner(2))
    one, two = tf1.Session(), tf1.Session()
    for session, value in ((one, 1.0), (two, 2.0)):
        session.run(v.assign(np.full(4, value, "f4")))
    for session, value in ((one, 1.0), (two, 2.0)):
        assert session.run(list(v))[1].tolist() == [value, value]


def test_variables_that_are_new_to_a_session():
    """What was made since a session ran begins with its initial value there."""
    one, two = tf1.Session(), tf1.Session()
    first = tf1.Variable(1.0)
    one.run(first.initializer)
    two.run(first.initializer)
    second = tf1.Variable(2.0)
    two.run(second.assign(5.0))
    with pytest.raises(tf1.errors.FailedPreconditionError, match="Variable_1"):
        one.run(second)
    one.run(second.initializer)
    assert one.run([first, second]) == [1.0, 2.0]


@pytest.mark.parametrize("how", ["close", "with"])
def test_a_closed_session_runs_no_more(how):
    """TF1's error, with where the values are."""
    v = tf1.Variable(1.0)
    sess = tf1.Session()
    if how == "close":
        sess.run(v.initializer)
        sess.close()
    else:
        with sess:
            sess.run(v.initializer)
    match = "Attempted to use a closed Session"
    with pytest.raises(RuntimeError, match=match) as caught:
        sess.run(v)
    assert "graph.variables" in caught.value.__notes__[0]


def test_a_model_has_no_session(key):
    """Within a model there is nothing for a session to run."""
    net = tf1.transform(lambda: tf1.Session().run(tf1.Variable(1.0)))
    with pytest.raises(RuntimeError, match="A session runs a graph, and this is a mod"):
        net.init(key)
