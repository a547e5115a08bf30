"""State that nobody writes inside of a transform goes into it as a value."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

import scopejax as sj

from ..helpers.closeness import assert_close
from ..helpers.meshes import mesh_of
from ..helpers.refusals import refusal

KEY, X = jax.random.key(0), jnp.arange(1.0, 7.0).reshape(2, 3)


def leaf(scope, x):
    """A weight, and one that is frozen: both are read, neither is written."""
    scope = scope.with_options(reuse=sj.AUTO_REUSE)
    frozen = scope.get_variable("frozen", (3,), trainable=False)
    return by_hand({"w": scope.get_variable("w", (3,)), "frozen": frozen}, x)


def by_hand(params, x):
    """The same on arrays."""
    w, frozen = (jnp.broadcast_to(params[name], x.shape) for name in ("w", "frozen"))
    return jnp.tanh(x * w + frozen)


def in_custom_jvp(f, s, x):
    """`f` with a rule for forward differentiation."""
    g = jax.custom_jvp(f)
    g.defjvp(lambda p, t: jax.jvp(f, p, t))
    return g(s, x)


def in_custom_vjp(f, s, x):
    """`f` with a rule for backward differentiation."""
    g = jax.custom_vjp(f)
    g.defvjp(lambda s, x: jax.vjp(f, s, x), lambda pull, t: pull(t))
    return g(s, x)


def in_custom_vmap(f, s, x):
    """`f` with a rule for `vmap`."""
    g = jax.custom_batching.custom_vmap(f)
    g.def_vmap(lambda size, mapped, s, x: (f(s, x), True))
    return jax.vmap(g, (None, 0))(s, x)


def in_shard_map(f, s, x, by_closure=False):
    """`f` on a mesh whose axes JAX looks after by itself."""
    auto = (jax.sharding.AxisType.Auto,)
    mesh = jax.make_mesh((1,), ("d",), axis_types=auto)
    if by_closure:
        mapped = jax.shard_map(
            lambda x: jax.jit(f)(s, x), mesh=mesh, in_specs=(P(),), out_specs=P()
        )
        return mapped(x)
    both = {"mesh": mesh, "in_specs": (P(), P()), "out_specs": P()}
    return jax.shard_map(f, **both)(s, x)


def in_cond_in_vmap(f, s, x):
    """`f` in a branch whose predicate is mapped."""

    def one(s, r):
        return jax.lax.cond(r.sum() > 0, f, lambda s, r: r, s, r)

    return jax.vmap(one, (None, 0))(s, x)


def in_carry(f, s, x):
    """`f` once, of a scope in the carry of a loop."""

    def step(carry, _):
        return (carry[0], f(*carry)), None

    return jax.lax.scan(step, (s, x), length=1)[0][1]


def in_while_carry(f, s, x):
    """The same, in a `while_loop` that is not differentiated."""
    loop = jax.lax.while_loop(
        lambda c: c[0] < 1,
        lambda c: (c[0] + 1, c[1], f(c[1], c[2])),
        (0, s, jax.lax.stop_gradient(x)),
    )
    return loop[2]


WAYS = {
    "jit": lambda f, s, x: jax.jit(f)(s, x),
    "checkpoint": lambda f, s, x: jax.checkpoint(f)(s, x),
    "custom_jvp": in_custom_jvp,
    "custom_vjp": in_custom_vjp,
    "custom_vjp in vmap": lambda f, s, x: jax.vmap(lambda r: in_custom_vjp(f, s, r))(x),
    "custom_vmap": in_custom_vmap,
    "shard_map": in_shard_map,
    "jit in shard_map": functools.partial(in_shard_map, by_closure=True),
    "cond in vmap": in_cond_in_vmap,
    "carry": in_carry,
    "while carry": in_while_carry,
    "grad": lambda f, s, x: jax.grad(lambda x: f(s, x).sum())(x),
}
NO_GRADIENT = ("custom_vmap", "while carry")


def net_of(way, wherever=leaf):
    """A model that counts its calls, and does the rest in one of JAX's transforms."""

    def model(scope, x):
        n = scope.get_variable("n", (), "int32", trainable=False)
        scope.assign("n", n + 1)
        return way(wherever, scope, x)

    return sj.transform_with_state(model)


@pytest.mark.smoke
@pytest.mark.parametrize("way", WAYS)
def test_what_is_only_read_passes_as_a_value(way):
    """Eager, jitted and differentiated, it is the same on arrays by hand."""
    net = net_of(WAYS[way])
    params, state = net.init(KEY, X)
    assert set(state) == {"n", "frozen"}

    def theirs(params):
        return WAYS[way](by_hand, {**state, **params}, X)

    apply = functools.partial(net.apply, params, state, X)
    for run in (apply, jax.jit(apply)):
        y, new = run()
        assert_close(y, theirs(params))
        assert new["n"] == 1
    if way not in NO_GRADIENT:
        ours = jax.grad(lambda p: net.apply(p, state, X)[0].sum())(params)
        expected = jax.grad(
            lambda p: WAYS[way](by_hand, {**jax.lax.stop_gradient(state), **p}, X).sum()
        )(params)
        assert_close(ours, expected)


@pytest.mark.parametrize("way", WAYS)
def test_there_is_no_reference_in_the_program(way):
    """What is not written in a transform costs what a value costs."""
    net = net_of(WAYS[way])
    params, state = net.init(KEY, X)
    assert "Ref" not in str(jax.make_jaxpr(net.apply)(params, state, X))


def writer(scope, x):
    """Writes what it reads."""
    old = scope.get_variable("frozen", (3,), trainable=False)
    scope.assign("frozen", old + x.reshape(-1, 3)[0])
    return leaf(scope, x)


REFUSED = {
    "custom_jvp": "in a custom_jvp function",
    "custom_vmap": "in a custom_vmap function",
    "shard_map": "in a shard_map",
    "jit in shard_map": "in a shard_map within the model",
    "cond in vmap": "in a branch under vmap",
    "carry": "in the carry of a loop",
    "while carry": "in the carry of a loop",
}


@pytest.mark.parametrize("way", REFUSED)
def test_what_is_written_there_is_refused_by_name(way):
    """Where JAX takes no reference, init and apply say so, with a way out."""
    net = net_of(WAYS[way], writer)
    params, state = net_of(WAYS["jit"], writer).init(KEY, X)
    calls = [lambda: net.init(KEY, X), lambda: jax.jit(net.apply)(params, state, X)]
    for call in calls if way != "jit in shard_map" else calls[:1]:
        error = refusal(
            sj.ScopeUsageError, call, match="cannot be assigned", name="frozen"
        )
        assert error.remedy
        assert REFUSED[way] in str(error).replace("an argument of ", "")


@pytest.mark.parametrize("way", REFUSED)
def test_what_is_written_elsewhere_is_read_there(way):
    """A reference is read on the way in; by closure it is refused."""

    def model(scope, x):
        jax.jit(lambda s, x: writer(s, x).sum())(scope, x)
        return WAYS[way](leaf, scope.with_options(reuse=True), x)

    def theirs(scope, x):
        writer(scope, x)
        return WAYS[way](leaf, scope.with_options(reuse=True), x)

    net = sj.transform_with_state(model)
    if way == "jit in shard_map":
        with pytest.raises(sj.ScopeUsageError, match="cannot be read in a shard_map"):
            net.init(KEY, X)
        return
    params, state = net.init(KEY, X)
    ours = jax.jit(net.apply)(params, state, X)
    assert_close(ours, sj.transform_with_state(theirs).apply(params, state, X))
    np.testing.assert_array_equal(ours[1]["frozen"], state["frozen"] + X[0])


def test_a_read_that_a_later_write_makes_impossible():
    """init refuses it when the model has ended, since the order does not matter."""

    def model(scope, x):
        def one(r):
            frozen = scope.get_variable("frozen", (3,), trainable=False)
            return jax.lax.cond(r.sum() > 0, reads, lambda r: r * frozen, r)

        def reads(r):
            return r * scope.with_options(reuse=True).get_variable("frozen", (3,))

        y = jax.vmap(one)(x)
        jax.jit(lambda x: scope.assign("frozen", x[0]))(x)
        return y

    refusal(
        sj.ScopeUsageError,
        lambda: sj.transform_with_state(model).init(KEY, X),
        match="frozen is state and cannot be read in a branch under vmap",
        name="frozen",
    )


@pytest.mark.parametrize("inner", ["read", "flattened"])
@pytest.mark.parametrize("known", [True, False])
def test_a_jitted_function_that_closes_over_state_reads_what_is_written_since(
    inner, known
):
    """JAX does not run it a second time, and yet it gives the new value."""

    def model(scope, x):
        n = scope.get_variable("n", (), trainable=False)
        scope.assign("n", n + 1)
        again = scope.with_options(reuse=True)

        def read(scope, x):
            return x + scope.get_variable("n", ())

        through = jax.jit(read) if inner == "flattened" else read
        function = jax.jit(lambda x: through(again, x))
        first = function(x)
        scope.assign("n", n + 10)
        return first, function(x)

    net = sj.transform_with_state(model)
    if known:
        net.init(KEY, X)
    (one, two), new = net.apply({}, {"n": jnp.zeros(())}, X)
    assert_close((one, two, new["n"]), (X + 1, X + 10, jnp.float32(10)))


def test_replicas_are_as_before():
    """Around `apply` a `shard_map` has state of its own, in references or not."""

    def model(scope, x):
        old = scope.get_variable("frozen", (3,), trainable=False)
        jax.jit(lambda x: scope.assign("frozen", old + x))(jax.lax.psum(x[0], "data"))

    net = sj.transform_with_state(model)
    mapped = jax.shard_map(
        lambda x: net.apply({}, {"frozen": jnp.ones(3)}, x)[1],
        mesh=mesh_of(2),
        in_specs=P("data"),
        out_specs=P(),
    )
    np.testing.assert_array_equal(jax.jit(mapped)(X)["frozen"], 1 + X.sum(0))
