"""What scopes do for variables, they do for those of other libraries' modules."""

import equinox as eqx
import flax.linen as nn
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import scopejax as sj
from scopejax import interop

from ..helpers.closeness import assert_close
from ..helpers.interop_reference import (
    KEY,
    OTHER,
    ROWS,
    identical,
    jaxpr,
    of,
    run,
    shapes,
    transformed,
)
from ..helpers.refusals import refusal


class Block(nn.Module):
    """A residual layer with dropout."""

    @nn.compact
    def __call__(self, x, train=False):
        h = nn.Dropout(0.5, deterministic=not train)(nn.tanh(nn.Dense(3)(x)))
        return x + h


MLP = hk.transform(lambda x: hk.nets.MLP([3])(x))
# library -> one call of a module in a scope
CALLS = {
    "linen": lambda scope, x: interop.linen(scope, Block(), x),
    "haiku": lambda scope, x: interop.haiku(scope, MLP, x),
    "nnx": lambda scope, x: interop.nnx(
        scope, lambda rngs: nnx.Linear(3, 3, rngs=rngs), x
    ),
    "equinox": lambda scope, x: interop.equinox(
        scope, lambda key: eqx.nn.MLP(3, 3, 4, 1, key=key), x[0]
    ),
}
every = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
block = CALLS["linen"]


@pytest.mark.smoke
@every
def test_sharing_is_on_purpose(call):
    """A second call in one scope is an error with both lines, unless it reuses."""

    def shared(scope, x):
        first = call(scope / "part", x)
        return first - call((scope / "part").with_options(reuse=True), x)

    def by_accident(scope, x):
        call(scope / "part", x)
        call(scope / "part", x)

    net = sj.transform(shared)
    params = net.init(KEY, ROWS)
    assert_close(net.apply(params, ROWS), jnp.zeros_like(net.apply(params, ROWS)))
    with pytest.raises(sj.VariableExistsError, match="already exists") as info:
        sj.transform(by_accident).init(KEY, ROWS)
    first, second = (
        int(line.partition(" in ")[0].rpartition(":")[2])
        for line in (info.value.first.split(", ")[1], info.value.where.split(", ")[1])
    )
    assert second == first + 1


@every
def test_manifests_have_the_users_line(call):
    """The table says where the module is called, not where the library makes it."""
    specs = sj.transform(lambda scope, x: call(scope, x)).manifest(ROWS)
    assert {
        spec.where.partition(":")[0].rpartition("/")[2] for spec in specs.values()
    } == {"test_scopes.py"}


@every
def test_nothing_leaks(call):
    """Neither recording nor running leaves a traced value behind."""
    with jax.checking_leaks():
        net = sj.transform(lambda scope, x: call(scope / "leaks", 1.0 * x))
        params = net.init(KEY, ROWS)
        jax.jit(jax.grad(lambda params: jnp.sum(net.apply(params, ROWS))))(params)


@every
def test_what_is_given_is_kept(call):
    """init makes what is missing."""
    net = sj.transform(call)
    params = net.init(KEY, ROWS)
    identical(net.init(OTHER, ROWS, given=params), params)
    net.check(params, ROWS)


DROP = hk.transform(lambda x: hk.dropout(hk.next_rng_key(), 0.5, x))
DROPS = {
    "linen": lambda scope, x: interop.linen(
        scope, nn.Dropout(0.5, deterministic=False), x
    ),
    "haiku": lambda scope, x: interop.haiku(scope, DROP, x),
    "equinox": lambda scope, x: interop.equinox(
        scope, eqx.nn.Dropout(0.5), x, key=scope.key("dropout")
    ),
}


@pytest.mark.parametrize("drop", DROPS.values(), ids=DROPS)
def test_masks_differ_by_scope_and_key_and_repeat(drop):
    """The same key gives the same numbers; another scope or key gives others."""
    net = sj.transform(lambda scope, x: [drop(scope / name, x) for name in "ab"])
    ones = jnp.ones(100)
    a, b = net.apply({}, ones, key=KEY)
    assert not np.array_equal(a, b)
    assert_close(net.apply({}, ones, key=KEY), [a, b])
    assert not np.array_equal(a, net.apply({}, ones, key=OTHER)[0])


# Transforms


def stacked(scope, x, train=False):
    def layer(x, scope):
        return interop.linen(scope, Block(), x, train=train), None

    return jax.lax.scan(jax.checkpoint(layer), x, (scope / "layers").stack(3))[0]


def unrolled(params, x):
    for i in range(3):
        layer = jax.tree.map(lambda leaf, i=i: leaf[i], params["layers"])
        x = Block().apply({"params": layer}, x)
    return x


def test_a_stack_of_modules():
    """lax.scan and checkpoint over alike modules, with the gradients of the layers."""
    net = sj.transform(stacked)
    params = net.init(KEY, ROWS)
    assert shapes(params) == {
        "layers": {"Dense_0": {"kernel": (3, 3, 3), "bias": (3, 3)}}
    }
    kernel = params["layers"]["Dense_0"]["kernel"]
    assert not np.array_equal(kernel[0], kernel[1])
    assert_close(run(net.apply, params, ROWS), run(unrolled, params, ROWS))


def test_a_stack_has_masks_of_its_own():
    """Each layer of a stack draws from a key of its own."""

    def model(scope, x):
        drop = nn.Dropout(0.5, deterministic=False)
        return jax.vmap(lambda s: interop.linen(s, drop, x))((scope / "s").stack(2))

    first, second = sj.transform(model).apply({}, jnp.ones(50), key=KEY)
    assert not np.array_equal(first, second)


def test_a_loop_that_closes_over_its_scope():
    """A module without keys may be shared by all steps; one with a key is refused."""

    def model(scope, train):
        def step(x, _):
            return interop.linen(scope / "part", Block(), x, train=train), None

        return jax.lax.scan(step, ROWS, None, length=2)[0]

    net = sj.transform(model)
    params = net.init(KEY, False)
    assert net.apply(params, False, key=KEY).shape == ROWS.shape
    refusal(
        sj.ScopeUsageError,
        lambda: net.apply(params, True, key=KEY),
        "in a loop whose steps all have the same scope",
        "part/dropout",
    )


def test_a_jitted_block_is_traced_once():
    """All layers share one trace, as the path is not read."""
    traces = []

    @jax.jit
    def layer(scope, x):
        traces.append(1)
        return interop.linen(scope, Block(), x)

    def model(scope, x):
        for i in range(4):
            x = layer(scope / f"h{i}", x)
        return x

    net = sj.transform(model)
    params = net.init(KEY, ROWS)
    traces.clear()
    net.apply(params, ROWS)
    assert len(traces) == 1


def test_alike_modules_are_traced_once():
    """A module made anew is found again by its fields; another field is another."""
    traces = []

    class Seen(nn.Module):
        features: float
        act: object = nn.relu

        @nn.compact
        def __call__(self, x):
            traces.append(self.features)
            return self.act(nn.Dense(int(self.features))(x))

    def model(scope, x):
        for i in range(3):
            x = interop.linen(scope / f"h{i}", Seen(3), x)
        return interop.linen(scope / "last", Seen(3.0), x)

    net = sj.transform(model)
    params = net.init(KEY, ROWS)
    jax.jit(net.apply)(params, ROWS)
    assert traces == [3, 3, 3.0, 3.0]
    assert [type(features) for features in traces] == [int, int, float, float]


def test_replicas_share_statistics():
    """vmap with an axis's name around apply is linen's own."""
    norm = nn.BatchNorm(use_running_average=False, axis_name="i")
    net = sj.transform_with_state(of(interop.linen, norm))
    params, state = (
        {"part": {"scale": jnp.ones(3), "bias": jnp.zeros(3)}},
        {"part": {"mean": jnp.zeros(3), "var": jnp.ones(3)}},
    )
    x = jnp.stack([ROWS, ROWS + 1])
    ours = jax.vmap(net.apply, (None, None, 0), axis_name="i")
    variables = {"params": params["part"], "batch_stats": state["part"]}
    theirs = jax.vmap(
        lambda x: norm.apply(variables, x, mutable=["batch_stats"]), axis_name="i"
    )
    (out, after), (expected, changed) = ours(params, state, x), theirs(x)
    assert_close((out, after["part"]), (expected, changed["batch_stats"]))


def test_a_scope_over_weights_needs_no_transform():
    """Weights that were trained elsewhere run as they are."""
    variables = Block().init(KEY, ROWS)
    scope = sj.Scope(interop.from_linen(variables))
    assert jaxpr(lambda x: block(scope, x), ROWS) == jaxpr(
        lambda x: Block().apply(variables, x), ROWS
    )


def test_a_stack_does_not_start_from_one_key():
    """With init=key all layers would be the same; that is refused."""

    def model(scope, x):
        def layer(x, scope):
            return interop.linen(scope, Block(), x, init=OTHER), None

        return jax.lax.scan(layer, x, (scope / "layers").stack(3))[0]

    refusal(
        sj.ScopeUsageError,
        lambda: sj.transform(model).init(KEY, ROWS),
        "All layers of the stack layers would start alike",
        "layers",
    )
    assert transformed(interop.linen, Block(), init=OTHER).init(KEY, ROWS)
