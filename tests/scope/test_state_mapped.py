"""State under `vmap`: what is one for all members is written, as if it were outside."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

from ..helpers.closeness import assert_close
from ..helpers.refusals import refusal

KEY, X = jax.random.key(0), jax.random.normal(jax.random.key(1), (4, 3))


def normed(scope, x, axis_name=None):
    """Batch normalization that trains."""
    return sj.layers.batch_norm(
        scope / "bn", x, is_training=True, axis_name=axis_name, momentum=0.5
    )


def score(scope, x):
    """A dense layer whose kernel's norm is estimated by a state."""
    getter = sj.getters.spectral_norm()
    return sj.layers.dense(scope.with_options(custom_getter=getter) / "d", x, 1).sum()


def in_scan(body):
    """Two steps of a body."""

    def run(scope, x):
        again = scope.with_options(reuse=sj.AUTO_REUSE)
        return jax.lax.scan(lambda x, _: (body(again, x), None), x, length=2)[0]

    return run


# A model, and one without `vmap` whose state is the same afterwards.
ONE_FOR_ALL = {
    "jacfwd": (lambda s, x: jax.jacfwd(lambda x: normed(s, x))(x), normed),
    "hessian": (
        lambda s, x: jax.hessian(lambda x: (normed(s, x) ** 3).sum())(x),
        normed,
    ),
    "grad of grad": (
        lambda s, x: jax.grad(
            lambda x: jax.grad(lambda x: (normed(s, x) ** 3).sum())(x).sum()
        )(x),
        normed,
    ),
    "jacfwd of jit": (
        lambda s, x: jax.jit(lambda x: jax.jacfwd(lambda x: normed(s, x))(x))(x),
        normed,
    ),
    "as an argument": (
        lambda s, x: jax.vmap(lambda s, r: normed(s, r, "b"), (None, 0), axis_name="b")(
            s, x
        ),
        normed,
    ),
    "batch_norm(axis_name)": (
        lambda s, x: jax.vmap(lambda r: normed(s, r, "b"), axis_name="b")(x),
        normed,
    ),
    "two axes": (
        lambda s, x: jax.vmap(
            lambda r: jax.vmap(lambda q: normed(s, q[None], ("a", "b")), axis_name="b")(
                r
            ),
            axis_name="a",
        )(x[..., None]),
        lambda s, x: normed(s, x[..., None]),
    ),
    "in a scan": (
        in_scan(lambda s, x: jax.vmap(lambda r: normed(s, r, "b"), axis_name="b")(x)),
        in_scan(normed),
    ),
    "in a checkpoint": (
        lambda s, x: jax.checkpoint(
            lambda s, x: jax.vmap(lambda r: normed(s, r, "b"), axis_name="b")(x)
        )(s, x),
        normed,
    ),
    "spectral_norm": (
        lambda s, x: jax.vmap(jax.grad(lambda r: score(s, r)))(x),
        lambda s, x: score(s, x[0]),
    ),
    "a counter": (
        lambda s, x: jax.vmap(lambda r: counted(s, r))(x),
        lambda s, x: counted(s, x),
    ),
}


def counted(scope, x):
    """Counts its calls, whatever it is given."""
    n = scope.get_variable("n", (), "int32", trainable=False)
    scope.assign("n", n + 1)
    return x * n.astype(x.dtype)


@pytest.mark.smoke
@pytest.mark.parametrize("way", ONE_FOR_ALL)
def test_one_value_for_all_members_is_written(way):
    """Eager, jitted and differentiated, the state is that of the model without vmap."""
    model, plain = map(sj.transform_with_state, ONE_FOR_ALL[way])
    params, state = model.init(KEY, X)
    chosen = plain.apply(params, state, X)[1]
    assert jax.tree.structure(chosen) == jax.tree.structure(state)
    assert_close(model.apply(params, state, X)[1], chosen, ulps=64)
    assert_close(jax.jit(model.apply)(params, state, X)[1], chosen, ulps=64)

    def loss(params):
        y, new = model.apply(params, state, X)
        return y.astype(jnp.float32).sum(), new

    assert_close(jax.grad(loss, has_aux=True)(params)[1], chosen, ulps=64)


def test_the_values_are_those_of_one_batch():
    """Over the members of a `vmap` batch_norm is what it is over an axis."""
    model, plain = map(sj.transform_with_state, ONE_FOR_ALL["batch_norm(axis_name)"])
    params, state = model.init(KEY, X)
    assert_close(model.apply(params, state, X), plain.apply(params, state, X), ulps=64)


def test_nothing_is_added_to_the_program_of_by_hand():
    """Where nothing but `vmap` is around, no loop and no jit, nor is there a leak."""
    model, _ = map(sj.transform_with_state, ONE_FOR_ALL["batch_norm(axis_name)"])
    params, state = model.init(KEY, X)
    assert "has_an_axis" not in str(jax.make_jaxpr(model.apply)(params, state, X))
    with jax.checking_leaks():
        jax.jit(model.apply)(params, state, X)


def of_each(scope, x):
    """Writes a value of each member."""
    scope.get_variable("mean", (3,), trainable=False)
    scope.assign("mean", x)
    return x**2


REFUSED = {
    "vmap": lambda s, x: jax.vmap(lambda r: of_each(s, r))(x),
    "jit in vmap": lambda s, x: jax.vmap(jax.jit(lambda r: of_each(s, r)))(x),
    "as an argument": lambda s, x: jax.vmap(jax.jit(of_each), (None, 0))(s, x),
    "scan in vmap": lambda s, x: jax.vmap(lambda r: in_scan(of_each)(s, r))(x),
    "checkpoint in vmap": lambda s, x: jax.vmap(
        jax.checkpoint(lambda r: of_each(s, r))
    )(x),
    "one for all, in a scan in vmap": lambda s, x: jax.vmap(
        lambda r: jax.lax.scan(lambda c, _: (of_each(s, c), None), x[0], length=2)[0]
    )(x),
}


@pytest.mark.parametrize("way", REFUSED)
def test_a_value_of_each_member_is_refused_at_init(way):
    """init and apply refuse it by name; the remedy is none of another transform's."""
    net = sj.transform_with_state(REFUSED[way])
    state = {"mean": jnp.zeros(3)}
    for call in (
        lambda: net.init(KEY, X),
        lambda: net.apply({}, state, X),
        lambda: jax.jit(net.apply)({}, state, X),
    ):
        error = refusal(
            sj.ScopeUsageError,
            call,
            match="mean cannot be assigned here: the code is mapped by vmap",
            name="mean",
        )
        assert "assign it outside" in error.remedy


OWN = {
    "vmap": lambda f: f,
    "jit": jax.jit,
    "checkpoint": jax.checkpoint,
    "scan": in_scan,
    "grad": lambda f: lambda s, r: jax.grad(lambda r: f(s, r).sum())(r),
}


@pytest.mark.parametrize("way", OWN)
def test_members_of_a_stack_have_their_own(way):
    """Whatever is within the `vmap` of a stack, each member writes its own."""
    net = sj.transform_with_state(
        lambda s, x: jax.vmap(OWN[way](of_each))((s / "layers").stack(4), x)
    )
    params, state = net.init(KEY, X)
    _, new = jax.jit(net.apply)(params, state, X)
    expected = X**2 if way == "scan" else X
    assert_close(new["layers"]["mean"], expected, ulps=2)


@pytest.mark.parametrize(
    ("outer", "inner"), [("scan", "scan"), ("scan", "vmap"), ("vmap", "vmap")]
)
def test_stacks_in_stacks_have_their_own(outer, inner):
    """Each item of each item of a stack writes what it was given."""
    over = {
        "vmap": lambda f, s, x: jax.vmap(f)(s, x),
        "scan": lambda f, s, x: jax.lax.map(lambda both: f(*both), (s, x)),
    }

    def row(scope, x):
        return over[inner](of_each, (scope / "b").stack(4), x)

    net = sj.transform_with_state(lambda s, x: over[outer](row, (s / "a").stack(2), x))
    xs = jnp.stack([X, 2 * X])
    params, state = net.init(KEY, xs)
    _, new = net.apply(params, state, xs)
    np.testing.assert_array_equal(new["a"]["b"]["mean"], xs)


def test_a_loop_over_a_stack_of_a_mapped_item():
    """JAX slices no mapped reference: reading works, writing is refused at init."""

    def over(body):
        def row(scope, x):
            layers = (scope / "b").stack(4)
            return jax.lax.map(lambda both: body(*both), (layers, x))

        return sj.transform_with_state(
            lambda s, x: jax.vmap(row)((s / "a").stack(2), x)
        )

    def read(scope, x):
        return x + scope.get_variable("mean", (3,), trainable=False)

    xs = jnp.stack([X, 2 * X])
    params, state = over(read).init(KEY, xs)
    y, _ = over(read).apply(params, state, xs)
    assert_close(y, xs + state["a"]["b"]["mean"])
    for call in (
        lambda: over(of_each).init(KEY, xs),
        lambda: over(of_each).apply(params, state, xs),
    ):
        refusal(
            sj.ScopeUsageError,
            call,
            match="came in a stack that a loop slices under vmap",
            name="a/b/mean",
        )


def test_init_takes_the_axis_where_there_is_one():
    """Under a `vmap` that names it init means over the members; alone it need not."""
    net = sj.transform_with_state(lambda s, x: normed(s, x, "b"))
    inside = jax.vmap(lambda x: net.init(KEY, x)[1], axis_name="b", out_axes=None)(X)
    assert_close(inside, net.init(KEY, X[0])[1])
