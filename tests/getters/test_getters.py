"""Custom getters: what they receive, in which order they run, and what goes wrong."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj

from ..helpers.options import (
    KEY,
    ONES,
    changing,
    l1,
    l2,
    passing,
    renaming,
    specs,
    split,
)


@pytest.mark.smoke
def test_a_getter_receives_every_argument():
    """A getter is called with keywords: all of `get_variable`'s, defaults filled in."""
    log = []

    def model(scope):
        scope = scope.with_options(
            custom_getter=passing(log),
            initializer=ONES,
            regularizer=l1,
            constraint=l2,
            partitioner=split,
            dtype="float16",
            caching_device="device",
        )
        return (scope / "a").get_variable("w", (2,))

    specs(model)
    (arguments,) = log
    assert set(arguments) == {
        *("name", "shape", "dtype", "initializer", "regularizer", "constraint"),
        *("trainable", "collections", "partitioner", "caching_device"),
        *("synchronization", "aggregation", "reuse", "axes"),
    }
    assert arguments["name"] == "a/w"
    assert arguments["shape"] == (2,)
    assert arguments["initializer"] is ONES
    assert arguments["regularizer"] is l1
    assert arguments["constraint"] is l2
    assert arguments["partitioner"] is split
    assert arguments["dtype"] == "float16"
    assert arguments["caching_device"] == "device"
    assert arguments["trainable"] is True
    assert not arguments["reuse"]


def test_a_getter_may_rename():
    """The name that reaches the true getter is the variable's."""

    def model(scope):
        scope = (scope / "s").with_options(custom_getter=renaming("_suffix"))
        return scope.get_variable("v", (2,))

    params = sj.transform(model).init(KEY)
    assert list(sj.to_flat(params)) == ["s/v_suffix"]
    np.testing.assert_array_equal(
        sj.transform(model).apply(params), params["s"]["v_suffix"]
    )


def test_the_innermost_getter_runs_first():
    """Each getter's own getter is the next scope out; the true one comes last."""
    log = []

    def model(scope):
        for name, digit in (("o", "1"), ("m", "2"), ("i", "3")):
            scope = (scope / name).with_options(custom_getter=renaming(digit, log))
        return scope.get_variable("v", ())

    assert list(specs(model)) == ["o/m/i/v321"]
    assert log == ["o/m/i/v", "o/m/i/v3", "o/m/i/v32"]


def test_two_getters_of_one_place_compose():
    """A getter given again at one place wraps the first: it runs before."""
    log = []

    def model(scope):
        scope = scope.with_options(custom_getter=renaming("1", log))
        scope = scope.with_options(custom_getter=renaming("2", log))
        return scope.get_variable("v", ())

    assert list(specs(model)) == ["v21"]
    assert log == ["v", "v2"]


def test_results_come_back_through_the_getters_from_the_outside():
    """What a getter returns is what the next one in receives."""

    def adding(number):
        def getter(getter, **arguments):
            return getter(**arguments) * 10 + number

        return getter

    def model(scope):
        scope = scope.with_options(initializer=ONES, custom_getter=adding(1))
        return (scope / "a").with_options(custom_getter=adding(2)).get_variable("w", ())

    net = sj.transform(model)
    assert net.apply(net.init(KEY)) == 112


def test_a_getter_of_the_call_replaces_those_of_the_scopes():
    """A getter given to `get_variable` alone decides."""

    def model(scope):
        scope = (scope / "s").with_options(custom_getter=renaming("_scope"))
        scope.get_variable("v", ())
        scope.get_variable("v", (), custom_getter=renaming("_call"))

    assert list(specs(model)) == ["s/v_scope", "s/v_call"]


def test_getters_beside_each_other_do_not_meet():
    """A getter holds below its own scope, and nowhere else."""

    def model(scope):
        one = (scope / "one").with_options(custom_getter=renaming("_1"))
        two = (scope / "two").with_options(custom_getter=renaming("_2"))
        for place in (one, two, scope, one / "below"):
            place.get_variable("v", ())

    assert list(specs(model)) == ["one/v_1", "two/v_2", "v", "one/below/v_1"]


def test_a_getter_runs_on_reuse_too():
    """Under reuse getters run as well, and are told of it."""
    log = []

    def model(scope):
        scope = scope.with_options(custom_getter=passing(log))
        first = scope.get_variable("v", (2,))
        return first, scope.with_options(reuse=True).get_variable("v", (2,))

    specs(model)
    assert [bool(arguments["reuse"]) for arguments in log] == [False, True]
    assert log[1]["reuse"] is True


def test_a_getter_runs_at_apply():
    """At apply a getter does what it did at init."""

    def model(scope):
        scope = (scope / "a").with_options(custom_getter=renaming("_2"))
        return jax.jit(lambda s: s.get_variable("w", (2,)))(scope)

    net = sj.transform(model)
    params = net.init(KEY)
    assert list(sj.to_flat(params)) == ["a/w_2"]
    np.testing.assert_array_equal(jax.jit(net.apply)(params), params["a"]["w_2"])


def test_a_getter_tells_the_layers_of_a_jit_apart():
    """A block that is jitted once still asks each layer's getter by its own name."""
    log = []

    def getter(getter, name, **arguments):
        log.append(name)
        value = getter(name, **arguments)
        return value * (2.0 if name.startswith("h1/") else 1.0)

    block = jax.jit(lambda scope: scope.get_variable("w", ()))

    def model(scope):
        scope = scope.with_options(custom_getter=getter, initializer=ONES)
        return jnp.stack([block(scope / f"h{i}") for i in range(3)])

    net = sj.transform(model)
    params = net.init(KEY)
    log.clear()
    np.testing.assert_array_equal(net.apply(params), [1.0, 2.0, 1.0])
    assert log == ["h0/w", "h1/w", "h2/w"]


# Getters that do wrong


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "a//b"}, "has an empty component"),
        ({"name": 3}, "A name must be a string"),
        ({"shape": (2.5,)}, "A shape holds whole numbers"),
        ({"dtype": "float64"}, "needs 64-bit mode"),
        ({"trainable": "no"}, "trainable must be True or False"),
        ({"regularizer": 3}, "Regularizer must be callable"),
        ({"reuse": 1}, "The reuse parameter must be"),
        ({"reuse": "yes"}, "The reuse parameter must be"),
        ({"collections": "mine"}, "collections argument"),
        ({"initializer": "zeros"}, "neither callable nor an array"),
    ],
    ids=str,
)
def test_what_a_getter_passes_on_is_checked(changes, message):
    """The arguments of the true getter are checked as those of the call are."""

    def model(scope):
        scope = scope.with_options(custom_getter=changing(**changes))
        return scope.get_variable("w", (2,))

    with pytest.raises(sj.InvalidArgumentError, match=message):
        specs(model)


def test_a_getter_that_fails_is_its_own_error():
    """What a getter raises comes through, and the next call is as before."""

    def failing(getter, **arguments):
        raise RuntimeError("no such table")

    def model(scope, getter):
        return scope.with_options(custom_getter=getter).get_variable("w", (2,))

    net = sj.transform(model)
    good = net.init(KEY, None)
    with pytest.raises(RuntimeError, match="no such table"):
        net.init(KEY, failing)
    np.testing.assert_array_equal(net.init(KEY, None)["w"], good["w"])


@given(suffixes=st.lists(st.sampled_from(["_a", "_b", "/c"]), max_size=5))
def test_any_nest_of_renaming_getters_composes(suffixes):
    """Suffixes are appended from the innermost scope outwards."""

    def model(scope):
        for i, suffix in enumerate(suffixes):
            scope = (scope / f"s{i}").with_options(custom_getter=renaming(suffix))
        return scope.get_variable("v", ())

    path = "".join(f"s{i}/" for i in range(len(suffixes)))
    assert list(specs(model)) == [path + "v" + "".join(reversed(suffixes))]
