"""Partitioners: their arithmetic, and that a wrong one leaves nothing behind."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopejax import tf1

pytestmark = pytest.mark.usefixtures("graph")


shapes = st.lists(st.integers(1, 50), min_size=1, max_size=3)
dtypes = st.sampled_from(["float32", "float16", "int8", "complex64"])


def one_axis(shape, axis, count):
    """As many ones as axes, and the count at its axis."""
    return [count if i == axis else 1 for i in range(len(shape))]


def nbytes(shape, dtype):
    """The bytes of an array."""
    return np.dtype(dtype).itemsize * math.prod(shape)


@pytest.mark.smoke
@given(shape=shapes, axis=st.integers(0, 2), shards=st.integers(1, 60), dtype=dtypes)
def test_fixed_size(shape, axis, shards, dtype):
    """So many shards, and no more than there are rows."""
    axis %= len(shape)
    found = tf1.fixed_size_partitioner(shards, axis)(shape=shape, dtype=dtype)
    assert found == one_axis(shape, axis, min(shards, shape[axis]))


@given(
    shape=shapes,
    axis=st.integers(0, 2),
    most=st.integers(1, 60),
    least=st.integers(1, 1000),
    dtype=dtypes,
)
def test_min_max(shape, axis, most, least, dtype):
    """As many as have the least bytes each, within most and the rows, and one."""
    axis %= len(shape)
    partitioner = tf1.min_max_variable_partitioner(most, axis, least)
    wanted = math.ceil(nbytes(shape, dtype) / least)
    expected = max(1, min(wanted, most, shape[axis]))
    found = partitioner(shape=shape, dtype=dtype)
    assert found == one_axis(shape, axis, expected)


@given(
    shape=shapes,
    axis=st.integers(0, 2),
    most=st.integers(1, 4000),
    limit=st.sampled_from([None, 1, 2, 5, 100]),
    dtype=dtypes,
)
def test_axis_size(shape, axis, most, limit, dtype):
    """As few shards as keep whole rows within the bytes, and no more than a limit."""
    axis %= len(shape)
    partitioner = tf1.variable_axis_size_partitioner(most, axis, max_shards=limit)
    (count,) = {n for n in partitioner(shape=shape, dtype=dtype) if n > 1} or {1}
    row = nbytes(shape, dtype) // shape[axis]
    fitting = [
        shards
        for shards in range(1, shape[axis] + 1)
        if math.ceil(shape[axis] / shards) * row <= most
    ]
    expected = fitting[0] if fitting else shape[axis]
    assert count == (min(expected, limit) if limit else expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tf1.variable_axis_size_partitioner(0), "max_shard_bytes is 0 and"),
        (
            lambda: tf1.variable_axis_size_partitioner(8, bytes_per_string_element=0),
            "bytes_per_string_element is 0",
        ),
        (
            lambda: tf1.variable_axis_size_partitioner(8, max_shards=-1),
            "max_shards must be positive",
        ),
        (
            lambda: tf1.min_max_variable_partitioner(axis=1)([8], "float32"),
            r"Cannot partition variable along axis 1 when shape is only \(8,\)",
        ),
        (
            lambda: tf1.fixed_size_partitioner(2)([None, 3]),
            r"shape is not fully defined: \[None, 3\]",
        ),
    ],
)
def test_partitioners_check_their_numbers(make, message):
    """Numbers that make no sense are TF1's errors."""
    with pytest.raises(ValueError, match=message):
        make()


def always(answer):
    """A partitioner that gives one answer."""
    return lambda shape, dtype: answer


WRONG = {
    "no function": (7, "Partitioner must be callable, but received: 7"),
    "no sequence": (always(3), "Partitioner must return a sequence, but saw: 3"),
    "rank": (always([2]), r"does not match the Variable's rank: \[2\] vs. \(4, 6\)"),
    "zero": (always([0, 1]), r"zero partitions for some axes: \[0, 1\]"),
    "two axes": (always([2, 2]), r"one dimension: shape: \(4, 6\), partitioning"),
    "too many": (always([5, 1]), "Expected 0 <= offset < shape but found offset=4"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_partitioner_leaves_nothing(wrong, graph):
    """After the error there is no variable, and the name is free."""
    partitioner, message = WRONG[wrong]
    with pytest.raises(ValueError, match=message):
        tf1.get_variable("v", [4, 6], partitioner=partitioner)
    nothing_left(graph)


def nothing_left(graph):
    """No variable of the failed one is to be seen, and its name can be taken."""
    assert not graph.variables
    assert not graph.manifest()
    assert not tf1.global_variables()
    assert not tf1.trainable_variables()
    assert not tf1.losses.get_regularization_losses()
    partitioner = tf1.fixed_size_partitioner(2)
    again = tf1.get_variable("v", [4, 6], partitioner=partitioner)
    assert len(list(again)) == 2
    assert list(graph.variables) == ["v"]


def failing(shape, dtype=None, partition_info=None):
    """An initializer that fails for the second shard."""
    if partition_info.var_offset[0]:
        raise KeyError("second")
    return jnp.zeros(shape, dtype)


def broken(w):
    """A regularizer that fails."""
    raise ZeroDivisionError("broken")


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        (
            {"shape": None},
            ValueError,
            "fully defined, but instead was <unknown>",
        ),
        ({"shape": [None, 6]}, ValueError, r"but instead was \(None, 6\)"),
        ({"initializer": failing}, KeyError, "second"),
        ({"regularizer": broken}, ZeroDivisionError, "broken"),
        ({"initializer": jnp.zeros((3, 6))}, ValueError, "are not compatible"),
        ({"constraint": 3}, ValueError, "Argument `constraint` must be None"),
        ({"collections": "mine"}, ValueError, "must be a list, tuple, or set"),
    ],
)
def test_an_error_leaves_nothing(options, kind, message, graph):
    """Whatever fails, no shard is left behind."""
    arguments = {"shape": [4, 6], **options}
    partitioner = tf1.fixed_size_partitioner(2)
    with pytest.raises(kind, match=message):
        tf1.get_variable("v", partitioner=partitioner, **arguments)
    nothing_left(graph)


two, three = tf1.fixed_size_partitioner(2), tf1.fixed_size_partitioner(3)
AGAIN = {
    "not reused": (False, {}, "Partitioned variable with name v already exists"),
    "shape": (True, {"shape": [5, 6]}, r"specified shape \(5, 6\) and found shape"),
    "dtype": (True, {"dtype": "int32"}, "specified dtype int32 and found dtype float"),
    "partitions": (True, {"partitioner": three}, r"partitions \[3, 1\] and found"),
    "other": (True, {"name": "w"}, "PartitionedVariable w does not exist"),
    "plain": (
        tf1.AUTO_REUSE,
        {"partitioner": None},
        "No partitioner was provided, but a partitioned version of the variable was",
    ),
}


@pytest.mark.parametrize("wrong", AGAIN)
def test_sharing_is_checked(wrong, graph):
    """A second request has to agree with the first; an error changes nothing."""
    reuse, options, message = AGAIN[wrong]
    arguments = {"name": "v", "shape": [4, 6], "partitioner": two}
    first = tf1.get_variable(**arguments)
    before = list(graph.placed), tf1.global_variables()
    scope = tf1.get_variable_scope()
    with (
        tf1.variable_scope(scope, reuse=reuse),
        pytest.raises(ValueError, match=message),
    ):
        tf1.get_variable(**{**arguments, **options})
    assert (list(graph.placed), tf1.global_variables()) == before
    with tf1.variable_scope(scope, reuse=True):
        assert tf1.get_variable(**arguments) is first


def test_a_plain_variable_is_not_partitioned_later():
    """A variable of that name that is not in shards is in the way."""
    tf1.get_variable("v", [4, 6])
    with pytest.raises(ValueError, match="an unpartitioned version of the variable"):
        tf1.get_variable("v", [4, 6], partitioner=two)


@pytest.mark.parametrize("shape", [[], ()])
def test_scalars_are_not_partitioned(shape):
    """A scalar ignores the partitioner."""
    assert tf1.get_variable("v", shape, partitioner=two).name == "v:0"


def test_create_partitioned_variables(graph):
    """It gives the list of shards, and checks the lengths of what it is given."""
    zeros = tf1.zeros_initializer()
    parts = tf1.create_partitioned_variables([3, 4], [1, 2], zeros)
    more = tf1.create_partitioned_variables([3, 4], [1, 2], zeros)
    assert [p.name for p in (*parts, *more)] == [
        "PartitionedVariable/part_0:0",
        "PartitionedVariable/part_1:0",
        "PartitionedVariable_1/part_0:0",
        "PartitionedVariable_1/part_1:0",
    ]
    assert {p.shape for p in parts} == {(3, 2)}
    assert list(graph.variables) == ["PartitionedVariable", "PartitionedVariable_1"]
    with pytest.raises(ValueError, match=r"length: shape: \[10\], slicing: \[1, 1\]"):
        tf1.create_partitioned_variables([10], [1, 1], zeros)
    with pytest.raises(ValueError, match=r"must have rank at least 1: shape: \[\]"):
        tf1.create_partitioned_variables([], [], zeros)


def test_a_copied_store_has_partitioned_variables_too():
    """A copy of a store has the values and shards of the original."""

    def get():
        return tf1.get_variable("w", [3], partitioner=tf1.fixed_size_partitioner(2))

    store = tf1.EagerVariableStore()
    with store.as_default():
        one = get()
    with store.copy().as_default():
        two = get()
    np.testing.assert_array_equal(one.value(), two.value())
    two.assign(jnp.zeros(3))
    assert np.any(one.value())
