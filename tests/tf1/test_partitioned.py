"""Partitioned variables: one array, its shards as views, whatever the partitioner."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj
from scopejax import tf1

from ..helpers.closeness import assert_close

pytestmark = pytest.mark.usefixtures("graph")


def table(shape=(5, 2), shards=2, axis=0, name="emb/table", **options):
    """A variable in shards."""
    partitioner = tf1.fixed_size_partitioner(shards, axis)
    return tf1.get_variable(name, list(shape), partitioner=partitioner, **options)


def cut(size, count):
    """The sizes of the shards of one axis, dealt out one row at a time."""
    sizes = [0] * count
    for row in range(size):
        sizes[row % count] += 1
    return sizes


@st.composite
def splits(draw):
    """A shape, an axis of it, and a number of shards."""
    shape = draw(st.sampled_from([[1], [5], [4, 3], [3, 1], [2, 3, 4]]))
    return shape, draw(st.integers(0, len(shape) - 1)), draw(st.integers(1, 8))


# One array


@given(split=splits(), style=st.sampled_from(["default", "jax", "class", "constant"]))
def test_the_partitioner_changes_no_bit(split, style):
    """Values, name and place are those of the variable that is not partitioned."""
    shape, axis, count = split
    initializer = {
        "default": None,
        "jax": jax.nn.initializers.normal(),
        "class": tf1.random_normal_initializer,
        "constant": tf1.constant_initializer(list(range(shape[0]))),
    }[style]

    def plain():
        return tf1.get_variable("emb/table", shape, initializer=initializer)

    def parted():
        return table(shape, count, axis, initializer=initializer)

    key = jax.random.key(0)
    expected = tf1.transform(plain).init(key)
    found = tf1.transform(parted).init(key)
    assert list(sj.to_flat(found)) == ["emb/table"]
    np.testing.assert_array_equal(found["emb"]["table"], expected["emb"]["table"])
    np.testing.assert_array_equal(
        tf1.transform(parted).apply(expected), expected["emb"]["table"]
    )


@given(split=splits())
def test_shards_are_views(split):
    """Joined along the axis the shards are the whole; sizes differ by one at most."""
    shape, axis, count = split
    with tf1.Graph().as_default() as graph:
        whole = table(shape, count, axis)
        parts = list(whole)
        count = min(count, shape[axis])
        assert [p.name for p in parts] == [
            f"emb/table/part_{i}:0" for i in range(count)
        ]
        assert [p.shape[axis] for p in parts] == cut(shape[axis], count)
        joined = jnp.concatenate([p.value() for p in parts], axis=axis)
        np.testing.assert_array_equal(whole, joined)
        np.testing.assert_array_equal(whole, graph.variables["emb"]["table"])
        assert (len(whole), whole.partitions[axis]) == (count, count)
        offsets = [p._get_save_slice_info().var_offset[axis] for p in parts]
        assert offsets == np.cumsum([0, *cut(shape[axis], count)[:-1]]).tolist()


@pytest.mark.smoke
def test_what_it_is(graph):
    """A partitioned variable has a name without ":0"; the shards are in collections."""
    whole = table(regularizer=None)
    assert whole.name == "emb/table"
    assert (whole.shape, whole.get_shape().as_list()) == ((5, 2), [5, 2])
    assert whole.dtype == "float32"
    assert whole.partitions == [2, 1]
    shards = list(whole)
    assert tf1.global_variables() == tf1.trainable_variables() == shards
    assert list(graph.manifest()) == ["emb/table"]
    assert repr(whole) == (
        "<tf.PartitionedVariable 'emb/table' shape=(5, 2) dtype=float32 parts=2>"
    )
    assert whole == whole != table(name="other")
    assert not hasattr(whole, "op")


@pytest.mark.parametrize("function", [jnp.sum, jnp.transpose, jax.nn.relu, jnp.asarray])
def test_it_acts_as_its_whole(function):
    """Operators, functions and transforms see one array."""
    whole = table()
    a = whole.as_tensor()
    np.testing.assert_array_equal(function(whole), function(a))
    np.testing.assert_array_equal(whole * 2.0 + whole, a * 2.0 + a)
    np.testing.assert_array_equal(jnp.ones((3, 5)) @ whole, jnp.ones((3, 5)) @ a)
    np.testing.assert_array_equal(jax.jit(function)(whole), jax.jit(function)(a))


# Assigned


@given(split=splits(), which=st.integers(0, 7))
def test_a_shard_is_assigned(split, which):
    """The part of the whole changes, and nothing else."""
    shape, axis, count = split
    with tf1.Graph().as_default() as graph:
        whole = table(shape, count, axis)
        parts = list(whole)
        part = parts[which % len(parts)]
        info = part._get_save_slice_info()
        where = tuple(
            slice(start, start + size)
            for start, size in zip(info.var_offset, info.var_shape, strict=True)
        )
        expected = np.array(whole.as_tensor())
        expected[where] = 7.0
        part.assign(np.full(part.shape, 7.0))
        np.testing.assert_array_equal(whole, expected)
        np.testing.assert_array_equal(graph.variables["emb"]["table"], expected)
        part.initializer.run()
        np.testing.assert_array_equal(part, part.initial_value)


@given(split=splits())
def test_the_whole_is_assigned(split):
    """assign, assign_add and assign_sub of an array go to every shard."""
    shape, axis, count = split
    rows = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    with tf1.Graph().as_default() as graph:
        whole = table(shape, count, axis)
        results = whole.assign(rows)
        assert len(results) == len(list(whole))
        whole.assign_add(rows)
        whole.assign_add(rows)
        whole.assign_sub(rows)
        np.testing.assert_array_equal(whole, 2 * rows)
        joined = jnp.concatenate([p.value() for p in whole], axis=axis)
        np.testing.assert_array_equal(joined, 2 * rows)
        graph.load({"emb": {"table": rows}})
        np.testing.assert_array_equal(list(whole)[-1].value().ravel()[-1], rows.max())


def test_shards_of_a_list_are_assigned():
    """A list has an array for each shard."""
    whole = table()
    whole.assign([jnp.zeros((3, 2)), jnp.ones((2, 2))])
    assert jnp.asarray(whole).sum(1).tolist() == [0.0, 0.0, 0.0, 2.0, 2.0]
    with pytest.raises(ValueError, match="Cannot assign value to variable 'emb/table"):
        next(iter(whole)).assign(jnp.zeros((5, 2)))


# Initializers


def test_a_function_in_tf1s_style_is_called_for_each_shard():
    """It gets the shard's shape, and where that lies if it asks."""
    calls = []

    def initializer(shape, dtype=None, partition_info=None):
        info = partition_info
        calls.append((shape, list(info.full_shape), list(info.var_offset)))
        return jnp.full(shape, info.single_offset(shape), dtype)

    whole = table(initializer=initializer)
    assert calls[-2:] == [([3, 2], [5, 2], [0, 0]), ([2, 2], [5, 2], [3, 0])]
    assert jnp.asarray(whole)[:, 0].tolist() == [0.0, 0.0, 0.0, 3.0, 3.0]


def test_a_value_is_cut():
    """A value gives the shape, and a shape that agrees may be said as well."""
    value = jnp.arange(3.0)
    for name, shape in (("a", None), ("b", [3])):
        partitioner = tf1.fixed_size_partitioner(2)
        whole = tf1.get_variable(
            name, shape, initializer=value, partitioner=partitioner
        )
        assert [p.numpy().tolist() for p in whole] == [[0.0, 1.0], [2.0]]


# In a model


def test_in_a_model(key):
    """Under jit and grad params and gradients are whole, as without a partitioner."""

    def loss(x, count):
        w = table((5, 2), count) if count else tf1.get_variable("emb/table", [5, 2])
        parts = w if count else [w]
        return jnp.sum((x @ w) ** 2) + sum(jnp.sum(p**3) for p in parts)

    net = tf1.transform(loss)
    x = jnp.ones((4, 5))
    params = net.init(key, x, 0)
    gradient = jax.jit(jax.grad(net.apply), static_argnums=2)
    expected = gradient(params, x, 0)
    for count in (1, 2, 5):
        assert jax.tree.map(jnp.shape, net.init(key, x, count)) == {
            "emb": {"table": (5, 2)}
        }
        found = gradient(params, x, count)
        assert_close(found["emb"]["table"], expected["emb"]["table"])


def test_shared_in_a_model(key):
    """Under reuse the whole and its shards are found again, in a model too."""

    def model():
        with tf1.variable_scope("s"):
            first = table(name="table")
        with tf1.variable_scope("s", reuse=True):
            again = table(name="table")
            part = tf1.get_variable("table/part_1", [2, 2])
        assert again is first
        assert part is list(first)[1]
        return part

    params = tf1.transform(model).init(key)
    part = tf1.transform(model).apply(params)
    np.testing.assert_array_equal(part, params["s"]["table"][3:])
    model()


def test_shards_are_state_of_a_model(key):
    """A partitioned variable that is not trained is assigned in apply, by shards."""

    def model():
        whole = table(initializer=tf1.zeros_initializer(), trainable=False)
        for part in whole:
            part.assign_add(jnp.ones(part.shape))
        return whole

    net = tf1.transform_with_state(model)
    params, state = net.init(key)
    assert params == {}
    for expected in (1.0, 2.0):
        out, state = jax.jit(net.apply)(params, state)
        np.testing.assert_array_equal(out, np.full((5, 2), expected))
        np.testing.assert_array_equal(state["emb"]["table"], out)


def test_the_manifest_sums_the_losses_of_the_shards(key):
    """The manifest's loss is the sum of those that the shards have."""

    def model():
        tf1.get_variable(
            "t",
            [5, 2],
            regularizer=lambda w: jnp.max(w * w),
            partitioner=tf1.fixed_size_partitioner(3),
        )
        return sum(loss.value() for loss in tf1.losses.get_regularization_losses())

    net = tf1.transform(model)
    params = net.init(key)
    expected = net.apply(params)
    assert expected > 0
    found = net.manifest().regularization_loss(params)
    assert_close(found, expected, ulps=8)
