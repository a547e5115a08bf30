"""Collections of arrays, which have no names, filtered by scope."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1

LOSSES = tf1.GraphKeys.LOSSES


def append(loss):
    """By the list itself."""
    tf1.get_collection_ref(LOSSES).append(loss)


def extend(loss):
    """By the list, in place."""
    losses = tf1.get_collection_ref(LOSSES)
    losses += [loss]


ADD = [lambda loss: tf1.add_to_collection(LOSSES, loss), append, extend]


def towers(add):
    """The total of each of two towers, whose losses are arrays: 2 + 0.5 squares."""
    totals = []
    for i in range(2):
        reused = tf1.variable_scope(tf1.get_variable_scope(), reuse=i > 0)
        with tf1.name_scope(f"tower_{i}") as scope, reused:
            w = tf1.get_variable("w", [2], initializer=tf1.ones_initializer())
            add(2.0 * jnp.sum(w**2) * (i + 1))
            with tf1.name_scope("inner"):
                add(0.5 * jnp.sum(w**2))
            totals.append(sum(tf1.get_collection(LOSSES, scope)))
    return [*totals, len(tf1.get_collection(LOSSES, "tower_.*/inner"))]


@pytest.mark.smoke
@pytest.mark.parametrize("add", ADD)
@pytest.mark.parametrize("where", ["graph", "model", "jit", "grad"])
def test_the_losses_of_a_tower(add, where, key):
    """Each is found by the name scope that it was added in, as in TF1."""
    if where == "graph":
        with tf1.Graph().as_default():
            found = towers(add)
    else:
        net = tf1.transform(lambda: towers(add))
        params = net.init(key)
        apply = jax.jit(net.apply) if where == "jit" else net.apply
        if where == "grad":
            total = jax.grad(lambda params: apply(params)[1])(params)
            assert total["w"].tolist() == [9.0, 9.0]
        found = apply(params)
    assert [float(total) for total in found] == [5.0, 9.0, 2.0]


@pytest.mark.usefixtures("graph")
def test_what_is_no_tensor_has_no_name():
    """Numbers and NumPy's arrays are left out by a scope, as in TF1."""
    with tf1.name_scope("a"):
        for value in (1.0, np.ones(2), "text", jnp.ones(3)):
            tf1.add_to_collection("mixed", value)
    assert len(tf1.get_collection("mixed")) == 4
    (found,) = tf1.get_collection("mixed", "a/")
    assert found.shape == (3,)
    assert tf1.get_collection("mixed", "b") == []


@pytest.mark.usefixtures("graph")
def test_changes_of_the_list_keep_the_scopes():
    """What is moved, sorted or taken out does not change where the rest was added."""
    one, two, three = jnp.ones(1), jnp.ones(2), jnp.ones(3)
    for name, array in (("a", one), ("b", two), ("c", three)):
        with tf1.name_scope(name):
            tf1.add_to_collection("k", array)
    held = tf1.get_collection_ref("k")
    held.reverse()
    del held[1]
    held[:] = [three, one, two]
    assert tf1.get_collection("k", "a") == [one]
    assert tf1.get_collection("k", "c") == [three]
    assert tf1.get_collection("k", "b") == []
    assert tf1.get_collection("k", "Tensor") == [two]  # added again, at the root


def test_a_scan_that_runs_its_body_twice_collects_once(key):
    """A body that JAX runs again leaves the items, and their scopes, of one run."""

    def model():
        def body(carry, _):
            with tf1.name_scope("loop"):
                tf1.add_to_collection("k", jnp.sum(carry))
            return carry * 1.5, None

        tf1.add_to_collection("k", jnp.ones(2))
        jax.lax.scan(body, 1, None, length=2)
        return jnp.asarray(
            [len(tf1.get_collection("k")), len(tf1.get_collection("k", "loop/"))]
        )

    net = tf1.transform(model)
    assert net.apply(net.init(key)).tolist() == [2, 1]
