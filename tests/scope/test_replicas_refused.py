"""Replicas that differ, and numbers that cannot be combined, are refused by name."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

import scopejax as sj
from scopejax import VariableAggregation as Aggregation

from ..helpers.replicas import ON_READ, over, stateful, variable


@pytest.mark.smoke
def test_replicas_that_differ_are_refused_where_jax_checks():
    """Without a word on how to combine them, an assignment is an error by name."""

    def model(scope, x):
        variable(scope / "a")
        (scope / "a").assign("v", x[0])

    message = (
        r"(?s)Variable a/v is assigned and differs between replicas.*one value for all"
        r" of 'data'.*test_replicas_refused.py.*VariableAggregation\.MEAN"
    )
    x = np.arange(4, dtype=np.float32)
    with pytest.raises(sj.ScopeUsageError, match=message):
        over(4, stateful(model), x, out=(None, P()))
    _, state = over(4, stateful(model), x, out=(None, P()), check=False)
    assert state["a"]["v"].shape == ()


def test_the_same_value_on_all_is_no_difference():
    """What does not vary may be assigned, whatever is said."""

    def model(scope, x):
        old = variable(scope)
        scope.assign("v", old + jax.lax.pmean(x[0], "data"))

    x = np.arange(4, dtype=np.float32)
    _, state = over(
        4,
        lambda x: sj.transform_with_state(model).apply({}, {"v": jnp.float32(0)}, x),
        x,
        out=(None, P()),
    )
    assert state["v"] == 1.5


def test_reading_what_nobody_combines():
    """`ON_READ` without an aggregation: replicas that differ cannot be read as one."""

    def model(scope, x):
        variable(scope, synchronization=ON_READ)
        scope.assign("v", x[0])
        return variable(scope.with_options(reuse=True), synchronization=ON_READ)

    x = np.arange(4, dtype=np.float32)
    with pytest.raises(sj.ScopeUsageError, match="Variable v is read and differs"):
        over(4, stateful(model), x, out=(P(), P("data")))


@pytest.mark.parametrize(
    ("dtype", "aggregation"),
    [
        ("int32", Aggregation.MEAN),
        ("bool", Aggregation.MEAN),
        ("bool", Aggregation.SUM),
    ],
)
def test_numbers_that_have_no_mean(dtype, aggregation):
    """Whole numbers have no mean, and truth values no sum."""

    def model(scope, x):
        variable(scope, dtype=dtype, aggregation=aggregation)
        scope.assign("v", (x[0] > 0).astype(dtype))

    with pytest.raises(
        sj.InvalidArgumentError, match=f"have no {aggregation.name}: they are {dtype}"
    ):
        over(4, stateful(model), np.arange(4, dtype=np.float32), out=(None, P()))


def test_the_first_of_truth_values():
    """Truth values have a first."""

    def model(scope, x):
        first = Aggregation.ONLY_FIRST_REPLICA
        variable(scope, dtype="bool", aggregation=first)
        scope.assign("v", x[0] > 2)

    for x, expected in (([3.0, 0.0], True), ([0.0, 3.0], False)):
        x = np.array(x, np.float32)
        _, state = over(2, stateful(model), x, out=(None, P()))
        assert bool(state["v"]) is expected


@pytest.mark.parametrize("what", ["read", "assigned"])
@pytest.mark.parametrize("jit", [True, False])
def test_state_in_a_shard_map_of_the_model(what, jit):
    """JAX takes no reference into one by closure; around `apply` it works."""

    def model(scope, x):
        variable(scope, aggregation=Aggregation.MEAN)
        if what == "read":  # elsewhere it is written
            jax.jit(lambda x: scope.assign("v", x[0]))(x)

        def body(x):
            if what == "assigned":
                scope.assign("v", x[0])
                return x
            return x + variable(scope.with_options(reuse=True))

        return over(4, body, x, out=P("data"), jit=False)

    net = sj.transform_with_state(model)
    apply = jax.jit(net.apply) if jit else net.apply
    message = rf"(?s)v is state and cannot be {what} in a shard_map within the model"
    for call in (net.apply, apply):
        with pytest.raises(sj.ScopeUsageError, match=message):
            call({}, {"v": jnp.float32(0)}, jnp.arange(4.0))
    with pytest.raises(sj.ScopeUsageError, match=message):
        net.init(jax.random.key(0), jnp.arange(4.0))


@pytest.mark.parametrize("jit", [True, False])
def test_state_is_read_in_a_shard_map_of_the_model(jit):
    """What nobody writes in a transform goes into one as any other value."""

    def model(scope, x):
        scope.assign("v", variable(scope) + 2)

        def body(x):
            return x + variable(scope.with_options(reuse=True))

        return over(4, body, x, out=P("data"), jit=False)

    net = sj.transform_with_state(model)
    apply = jax.jit(net.apply) if jit else net.apply
    y, _ = apply({}, {"v": jnp.float32(1)}, jnp.arange(4.0))
    np.testing.assert_array_equal(y, jnp.arange(4.0) + 3)
