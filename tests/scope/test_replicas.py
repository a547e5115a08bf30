"""Replicas: how the values of one variable on several devices are combined."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.sharding import PartitionSpec as P

import scopejax as sj
from scopejax import VariableAggregation as Aggregation
from scopejax import VariableSynchronization as Synchronization

from ..helpers.replicas import COMBINED, ON_READ, ON_WRITE, over, stateful, variable

WRITING = [Synchronization.AUTO, ON_WRITE]
VALUES = st.sampled_from([2, 4, 8]).flatmap(
    lambda n: st.lists(st.integers(-8, 8), min_size=n, max_size=n)
)


@given(
    VALUES,
    st.sampled_from(list(COMBINED)),
    st.sampled_from(WRITING),
    st.sampled_from(["float32", "int32"]),
    st.booleans(),
)
def test_on_write_all_have_one_value(values, aggregation, when, dtype, check):
    """What replicas assign is combined, and each reads the same afterwards."""
    if aggregation is Aggregation.MEAN:
        dtype = "float32"
    how = {"synchronization": when, "aggregation": aggregation, "dtype": dtype}

    def model(scope, x):
        variable(scope, **how)
        scope.assign("v", x[0])
        return variable(scope.with_options(reuse=True), **how)[None]

    values = np.array(values, dtype)
    out, state = over(
        len(values), stateful(model), values, out=(P("data"), P()), check=check
    )
    expected = COMBINED[aggregation](values)
    np.testing.assert_array_equal(out, np.broadcast_to(expected, values.shape))
    np.testing.assert_array_equal(state["v"], expected)


@given(VALUES, st.sampled_from(list(COMBINED)), st.booleans())
def test_on_read_each_keeps_its_own(values, aggregation, check):
    """What replicas assign stays with each, and reading combines it."""
    how = {"synchronization": ON_READ, "aggregation": aggregation}

    def model(scope, x):
        variable(scope, **how)
        scope.assign("v", x[0])
        scope = scope.with_options(reuse=True)
        own = variable(scope, synchronization=Synchronization.NONE)
        return own[None], variable(scope, **how)

    def apply(x):
        out, state = stateful(model)(x)
        return out, state["v"][None]

    values = np.array(values, "float32")
    (own, read), kept = over(
        len(values), apply, values, out=((P("data"), P()), P("data")), check=check
    )
    np.testing.assert_array_equal(own, values)
    np.testing.assert_array_equal(kept, values)
    np.testing.assert_array_equal(read, COMBINED[aggregation](values))


@pytest.mark.smoke
@pytest.mark.parametrize("check", [True, False])
def test_counting_on_each_replica(check):
    """Each counts on from its own; the sum of all is read, step after step."""
    how = {"synchronization": ON_READ, "aggregation": Aggregation.SUM}

    def model(scope, x):
        total = variable(scope, "n", dtype="int32", **how)
        scope = scope.with_options(reuse=True)
        own = variable(scope, "n", (), "int32", synchronization=Synchronization.NONE)
        scope.assign("n", own + x.astype(jnp.int32)[0])
        return total

    net = sj.transform_with_state(model)

    def steps(x, n):
        state = {"n": n[0]}
        for _ in range(3):
            total, state = net.apply({}, state, x)
        return total, state["n"][None]

    x, n = np.arange(4, dtype=np.float32), np.zeros(4, np.int32)
    total, kept = over(4, steps, x, n, out=(P(), P("data")), check=check)
    assert kept.tolist() == [0, 3, 6, 9]
    assert total == 2 * (0 + 1 + 2 + 3)


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("aggregation", COMBINED)
def test_a_replicas_own_value_says_nothing_of_the_others(aggregation, check):
    """Read under `NONE` with an aggregation beside it, it is assigned as before."""

    def model(scope, x):
        variable(scope, synchronization=ON_READ, aggregation=aggregation)
        scope = scope.with_options(reuse=True)
        own = variable(
            scope, synchronization=Synchronization.NONE, aggregation=aggregation
        )
        scope.assign("v", own + x[0])

    x = np.array([3.0, 5.0, 1.0, 7.0], np.float32)
    kept = over(
        4,
        lambda x: stateful(model)(x)[1]["v"][None],
        x,
        out=P("data"),
        check=check,
    )
    np.testing.assert_array_equal(kept, x)


def assigned_in_scan(scope, x, how):
    """In the body of a loop."""

    def body(carry, x):
        variable(scope.with_options(reuse=True), **how)
        scope.assign("v", x)
        return carry, None

    jax.lax.scan(body, 0, x)


def assigned_in_cond(scope, x, how):
    """In a branch."""
    del how

    def assign():
        scope.assign("v", x[0])

    jax.lax.cond(x.sum() > -1e9, assign, lambda: None)


def assigned_in_jit(scope, x, how):
    """In a jitted function that gets the scope."""
    del how
    jax.jit(lambda scope, x: scope.assign("v", x[0]))(scope, x)


@pytest.mark.parametrize(
    "assigned", [assigned_in_scan, assigned_in_cond, assigned_in_jit]
)
@pytest.mark.parametrize("aggregation", COMBINED)
@pytest.mark.parametrize("check", [True, False])
def test_assigned_within_other_transforms(assigned, aggregation, check):
    """What a lookup said goes along into loops, branches and jitted functions."""
    how = {"aggregation": aggregation}

    def model(scope, x):
        variable(scope, **how)
        assigned(scope, x, how)

    values = np.array([3.0, 5.0, 1.0, 7.0], np.float32)
    _, state = over(4, stateful(model), values, out=(None, P()), check=check)
    np.testing.assert_array_equal(state["v"], COMBINED[aggregation](values))


@pytest.mark.parametrize(
    "assigned", [assigned_in_scan, assigned_in_cond, assigned_in_jit]
)
def test_a_state_of_each_replica_within_other_transforms(assigned):
    """`ON_READ` too, if the state is one that may vary: the error says how."""
    how = {"synchronization": ON_READ, "aggregation": Aggregation.SUM}

    def model(scope, x):
        variable(scope, **how)
        assigned(scope, x, how)

    net = sj.transform_with_state(model)

    def kept(x, varies):
        state = {"v": jnp.float32(0)}
        if varies:
            state = jax.lax.pcast(state, ("data",), to="varying")
        return net.apply({}, state, x)[1]["v"][None]

    x = np.array([3.0, 5.0, 1.0, 7.0], np.float32)
    with pytest.raises(
        sj.ScopeUsageError,
        match=r"(?s)v is assigned a value for each replica.*pcast\(state, \('data',\)",
    ):
        over(4, functools.partial(kept, varies=False), x, out=P("data"))
    found = over(4, functools.partial(kept, varies=True), x, out=P("data"))
    np.testing.assert_array_equal(found, x)


def test_a_gradient_passes_a_read_that_is_combined():
    """State is a constant under `grad`, also where its replicas are combined."""
    how = {"synchronization": ON_READ, "aggregation": Aggregation.MEAN}

    def model(scope, x):
        w = scope.get_variable("w", ())
        mean = variable(scope, **how)
        scope.assign("v", x[0])
        return (w * (x[0] - mean)) ** 2

    net = sj.transform_with_state(model)

    def loss(params, x):
        out, _ = net.apply(params, {"v": x[0] / 2}, x)
        return jax.lax.pmean(out, "data")

    def slope(x):
        return jax.grad(loss)({"w": jnp.float32(2.0)}, x)["w"]

    x = np.array([1.0, 2.0, 3.0, 6.0], np.float32)
    expected = np.mean(2 * 2.0 * (x - x.mean() / 2) ** 2)
    np.testing.assert_array_equal(over(4, slope, x), expected)


@pytest.mark.parametrize("aggregation", Aggregation)
@pytest.mark.parametrize("when", Synchronization)
def test_outside_of_a_mesh_axis_nothing_happens(aggregation, when):
    """The program is that of a variable of which nothing is said; so is vmap's."""

    def model(scope, x, **how):
        old = variable(scope, **how)
        scope.assign("v", old + x.sum())
        return variable(scope.with_options(reuse=True), **how)

    plain, told = (
        sj.transform_with_state(functools.partial(model, **how))
        for how in ({}, {"synchronization": when, "aggregation": aggregation})
    )
    state, x = {"v": jnp.float32(1)}, jnp.ones(3)
    programs = [str(jax.make_jaxpr(net.apply)({}, state, x)) for net in (plain, told)]
    assert programs[0] == programs[1]
    members = jax.vmap(told.apply, (None, 0, 0), axis_name="i")
    out, _ = members({}, {"v": jnp.zeros(2)}, jnp.arange(6.0).reshape(2, 3))
    assert out.tolist() == [3.0, 12.0]


def test_on_read_is_not_trainable():
    """TF1's rule: what replicas keep to themselves is no parameter."""

    def model(scope):
        scope.get_variable("a", (), synchronization=ON_READ)
        scope.get_variable("b", (), synchronization=ON_WRITE)

    manifest = sj.transform(model).manifest()
    assert [spec.trainable for spec in manifest.values()] == [False, True]
