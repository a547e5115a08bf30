"""When a scope's static part counts as the same: the sentences of `place.py`."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax._scope.place import Mark, Place
from scopejax._spec.options import Options

from ..helpers.models.blocks import X, block


def place(*path, **options):
    return Place(path, Options().override("", **options))


@pytest.mark.smoke
def test_paths_do_not_count_unread():
    """Two places are equal, path and options of creation aside."""
    assert place("a") == place("b")
    assert place("a") == place("b", initializer=jnp.zeros, trainable=False)
    assert hash(place("a")) == hash(place("b", trainable=False))
    assert place("a") != "a"


def test_what_acts_on_lookups_counts():
    """The dtype and the custom getter are compared by value."""
    assert place("a", dtype="bfloat16") != place("a")
    assert place("a", custom_getter=max) != place("a", custom_getter=min)
    assert place("a", custom_getter=max) == place("b", custom_getter=max)


def test_a_read_path_counts():
    """Reading tells a place from all others but its own."""
    one = place("a")
    one.mark.set()
    assert one != place("b")
    assert one == place("a")


def test_a_hit_on_a_read_place_is_reading():
    """What is around the equal one depends on the path from then on."""
    read, outer, elsewhere = place("a"), Mark(), Mark()
    read.mark.set()
    assert Place(("a",), Options(), mark=Mark(outer)) == read
    assert Place(("b",), Options(), mark=Mark(elsewhere)) != read
    assert outer.read
    assert not elsewhere.read


def test_values_as_options_can_be_compared():
    """Arrays among the options break neither equality nor hashing."""
    one, two = place("a", initializer=np.ones(3)), place("a", initializer=np.ones(3))
    one.mark.set()
    assert one != two
    assert hash(one) == hash(two)


def test_it_survives_pickle():
    """A pickled place is the same place."""
    one = place("a", "b", dtype="bfloat16")
    two = pickle.loads(pickle.dumps(one))
    one.mark.set()
    assert one == two


def layers_with(f, n=3):
    """A model of n layers, and params in which each layer's scale is its number."""

    def model(scope, x):
        for i in range(n):
            x = f(scope / f"h{i}", x)
        return x

    params = {
        f"h{i}": {"dense": {"kernel": jnp.eye(4)}, "scale": jnp.float32(i + 1)}
        for i in range(n)
    }
    return sj.transform(model), params


def test_a_body_that_reads_its_name_is_traced_for_each():
    """`scope.name` behind jit is the name of that very call."""
    seen = []

    @jax.jit
    def f(scope, x):
        seen.append(scope.name)
        return block(scope, x) + float(scope.name[1:])

    net, params = layers_with(f)
    outs = [net.apply(params, X) for _ in range(2)]
    assert seen == ["h0", "h1", "h2"]
    np.testing.assert_array_equal(*outs)


def test_a_getter_that_reads_names_is_run_for_each():
    """A custom getter behind jit gets the full name of that very call."""

    def getter(getter, name, **arguments):
        value = getter(name, **arguments)
        return value * 0.0 if name == "h1/scale" else value

    net, params = layers_with(jax.jit(block))
    wrapped = sj.transform(
        lambda scope, x: net_model(scope.with_options(custom_getter=getter), x)
    )

    def net_model(scope, x):
        for i in range(3):
            x = jax.jit(block)(scope / f"h{i}", x)
        return x

    assert np.all(np.asarray(wrapped.apply(params, X)) == 0.0)
    assert np.any(np.asarray(net.apply(params, X)) != 0.0)


def test_an_outer_jit_depends_on_names_read_within():
    """A hit in an inner cache makes the outer function depend on the path as well."""

    @jax.jit
    def inner(scope, x):
        return x + float(scope.name[1])

    @jax.jit
    def first(scope, x):
        return inner(scope / "a", x)

    @jax.jit
    def second(scope, x):
        return inner(scope / "a", x) * 10.0

    root = sj.Scope({})
    for i in (1, 2):
        assert first(root / f"h{i}", 0.0) == i
    for i in (1, 2, 1):
        assert second(root / f"h{i}", 0.0) == 10 * i
